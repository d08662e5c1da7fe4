import { readCamera } from "./camera.ts";
import type { CaptureTimeReading } from "./capture-time.ts";
import { readCaptureTime } from "./capture-time.ts";
import type { ExifBlock } from "./exif-block.ts";
import { readExifBlock } from "./exif-block.ts";
import type { CollectedExif } from "./exif-collector.ts";
import { readExifValues } from "./exif-reader.ts";
import type { ExifValues } from "./exif-value.ts";
import { NO_EXIF_VALUES } from "./exif-value.ts";
import { readAltitudeMeters, readHeadingDeg } from "./heading.ts";
import type { JpegOutline } from "./jpeg.ts";
import { MAX_HEADER_BYTES } from "./jpeg.ts";
import type { PhotoFacts, Reason, RelayableFacts, Verdict, Warning } from "./photo.ts";
import type { PositionReading } from "./position.ts";
import { readPosition } from "./position.ts";
import { quote } from "./quote.ts";

/** What the owner of the photos knows better than their cameras. */
export interface InspectionRules {
  /** IANA name of the zone the cameras' clocks are set to. Absent: the zone at each photo's position. */
  readonly timeZone?: string;
  /** How far the camera is turned against the direction it states, clockwise. Default 0. */
  readonly headingOffsetDeg?: number;
}

/** The EXIF of one photo: its values, and what is wrong with the block they came from. */
interface ExifReading {
  readonly values: ExifValues;
  readonly reasons: readonly Reason[];
  readonly warnings: readonly Warning[];
  /** Why the directory with the capture times could not be read; matters only if no other date is there. */
  readonly lostDates?: Reason;
}

/**
 * Judges a photo by the segments before its scan. A rejection lists every reason there is.
 *
 * @throws {RangeError} when `rules.timeZone` is no zone.
 */
export async function judgePhoto(outline: JpegOutline, rules: InspectionRules = {}): Promise<Verdict> {
  const alone = findSoleReason(outline);
  if (alone !== undefined) return { verdict: "reject", reasons: [alone], facts: {}, warnings: [] };
  const exif = await readExif(outline.exif);
  const position = readPosition(exif.values.GPSInfo);
  const time = readCaptureTime(exif.values, {
    timeZone: rules.timeZone,
    position: findTrustedPosition(position),
  });
  const facts = gatherFacts(outline, exif.values, position, time, rules);
  const warnings = [...exif.warnings, ...time.warnings];
  const reasons = [
    ...findPictureReasons(outline),
    ...exif.reasons,
    ...(exif.lostDates !== undefined && time.reasons.length > 0 ? [exif.lostDates] : []),
    ...position.reasons,
    ...time.reasons,
  ];
  if (reasons.length === 0 && isRelayable(facts)) return { verdict: "accept", facts, warnings };
  return { verdict: "reject", reasons, facts, warnings };
}

/** A reason beside which no other can be known. */
function findSoleReason({ end, exif }: JpegOutline): Reason | undefined {
  if (end.kind === "empty") return { code: "empty", message: "the object is empty: 0 bytes" };
  if (end.kind === "not-jpeg") {
    const start = Buffer.from(end.firstBytes).toString("latin1");
    return { code: "not-jpeg", message: `the file begins ${quote(start)}: expected a JPEG, FF D8 FF` };
  }
  return end.kind === "too-far" && exif.blocks.length === 0 ? TOO_FAR : undefined;
}

const TOO_FAR: Reason = {
  code: "exif-too-far",
  message: `no scan begins in the first ${MAX_HEADER_BYTES} bytes: EXIF is looked for no farther`,
};

function findPictureReasons({ end }: JpegOutline): Reason[] {
  if (end.kind === "too-far") return [TOO_FAR];
  if (end.kind !== "broken") return [];
  return [{ code: "no-picture", message: `the file holds no picture: ${end.because}` }];
}

/** Of several blocks the first readable one counts; without any, the first that tried to be one tells why. */
async function readExif({ blocks, cut }: CollectedExif): Promise<ExifReading> {
  const tried = blocks.map(({ bytes }) => readExifBlock(bytes));
  const block =
    tried.find(({ kind }) => kind === "readable") ??
    tried.find(({ kind }) => kind === "unreadable") ??
    (cut === undefined ? undefined : tellCut(cut));
  if (block === undefined || block.kind === "none") return withoutValues(tellNoExif(blocks[0]?.bytes));
  if (block.kind === "unreadable") return withoutValues(unreadable(block.because));
  const values = await readExifValues(block);
  if (values === undefined) return withoutValues(unreadable("its values could not be read"));
  const lostPosition = block.lost.get("GPSInfo");
  const lostDates = block.lost.get("Photo");
  return {
    values,
    reasons: lostPosition === undefined ? [] : [unreadable(lostPosition)],
    warnings: warnOfDamage(block.damage, lostDates),
    ...(lostDates === undefined ? {} : { lostDates: unreadable(lostDates) }),
  };
}

function tellCut({ presentBytes, statedBytes }: NonNullable<CollectedExif["cut"]>): ExifBlock {
  return { kind: "unreadable", because: `the file ends after ${presentBytes} of its ${statedBytes} bytes` };
}

function tellNoExif(block: Uint8Array | undefined): Reason {
  if (block === undefined)
    return { code: "no-exif", message: "the photo has no EXIF: no APP1 segment begins Exif" };
  const start = Buffer.from(block.subarray(0, 4)).toString("latin1");
  const message = `the EXIF block begins ${quote(start)}: expected II or MM, and 42`;
  return { code: "no-exif", message };
}

function unreadable(because: string): Reason {
  return { code: "exif-unreadable", message: `the EXIF block cannot be read: ${because}` };
}

function withoutValues(reason: Reason): ExifReading {
  return { values: NO_EXIF_VALUES, reasons: [reason], warnings: [] };
}

function warnOfDamage(damage: { count: number; first?: string }, lost: string | undefined): Warning[] {
  const first = damage.first ?? lost;
  if (first === undefined) return [];
  const count = damage.count + (lost === undefined ? 0 : 1);
  const more = count === 1 ? "" : ` (the first of ${count} flaws)`;
  return [{ code: "exif-damaged", message: `the EXIF block is damaged: ${first}${more}` }];
}

/** The position, unless it is amiss: the open sea's zone at 0, 0 would make a wrong time look right. */
function findTrustedPosition({ latitudeDeg, longitudeDeg, reasons }: PositionReading) {
  if (latitudeDeg === undefined || longitudeDeg === undefined || reasons.length > 0) return undefined;
  return { latitudeDeg, longitudeDeg };
}

function gatherFacts(
  { frame }: JpegOutline,
  values: ExifValues,
  { reasons: _position, ...position }: PositionReading,
  { reasons: _time, warnings: _warnings, ...time }: CaptureTimeReading,
  { headingOffsetDeg = 0 }: InspectionRules,
): PhotoFacts {
  const altitudeMeters = readAltitudeMeters(values.GPSInfo);
  const headingDeg = readHeadingDeg(values.GPSInfo, headingOffsetDeg);
  return {
    ...position,
    ...(altitudeMeters === undefined ? {} : { altitudeMeters }),
    ...(headingDeg === undefined ? {} : { headingDeg }),
    ...time,
    ...readCamera(values),
    ...(frame === undefined ? {} : { widthPx: frame.widthPx }),
    ...(frame === undefined || frame.heightPx === 0 ? {} : { heightPx: frame.heightPx }),
  };
}

function isRelayable(facts: PhotoFacts): facts is RelayableFacts {
  const { latitudeDeg, longitudeDeg, capturedAt, capturedAtSource } = facts;
  return [latitudeDeg, longitudeDeg, capturedAt, capturedAtSource].every((fact) => fact !== undefined);
}
