/**
 * What Mapillary finds out about an image after it was finished: is it a JPEG, and does its ImageDescription say where
 * and when it was taken. Keys and types as in the official client's own schema (mapillary_tools,
 * serializer/description.py); keys it does not name are passed over.
 */
import ExifReader from "exifreader";
import { z } from "zod";

/** What an image says about itself. */
export interface Inspection {
  /** In words; empty when all is well. */
  readonly problems: readonly string[];
  /** `MAPCaptureTime`, where it has one: in this form, later is greater. */
  readonly captureTime: string | undefined;
}

/** How much of an image has to be looked at: EXIF stands before the picture, and a segment has 64 KiB at most. */
export const HEAD_BYTES = 2 ** 19;

const CAPTURE_TIME = /^(\d{4})_(\d\d)_(\d\d)_(\d\d)_(\d\d)_(\d\d)_(\d{3})$/;

const description = z.object({
  MAPLatitude: z.number().min(-90).max(90),
  MAPLongitude: z.number().min(-180).max(180),
  MAPCaptureTime: z.string().refine(isTime, { error: "expected a time as YYYY_MM_DD_HH_MM_SS_mmm" }),
  MAPAltitude: z.number().optional(),
  MAPCompassHeading: z.strictObject({ TrueHeading: z.number(), MagneticHeading: z.number() }).optional(),
  MAPDeviceMake: z.string().optional(),
  MAPDeviceModel: z.string().optional(),
  MAPCameraUUID: z.string().optional(),
  MAPFilename: z.string().optional(),
  MAPOrientation: z.int().min(1).max(8).optional(),
  MAPGPSAccuracyMeters: z.number().optional(),
  MAPSequenceUUID: z.string().optional(),
});

/** Looks at the first {@link HEAD_BYTES} of an image, or all of it when it has fewer. Never throws. */
export function inspectImage(head: Uint8Array): Inspection {
  if (head[0] !== 0xff || head[1] !== 0xd8 || head[2] !== 0xff) return withProblems("is not a JPEG");
  const text = readDescription(head);
  if (text === undefined) return withProblems("has no ImageDescription");
  const content = parse(text);
  if (content === undefined) return withProblems("has an ImageDescription that is not JSON");
  const { success, data, error } = description.safeParse(content);
  if (success) return { problems: [], captureTime: data.MAPCaptureTime };
  return withProblems(...error.issues.map(({ path, message }) => [...path, message].join(": ")));
}

function withProblems(...problems: readonly string[]): Inspection {
  return { problems, captureTime: undefined };
}

function readDescription(head: Uint8Array): string | undefined {
  try {
    const { exif } = ExifReader.load(Buffer.from(head), { expanded: true });
    const value: unknown = exif?.ImageDescription?.value;
    const [text] = Array.isArray(value) ? value : [value];
    return typeof text === "string" ? text : undefined;
  } catch {
    return undefined;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isTime(text: string): boolean {
  const iso = text.replace(CAPTURE_TIME, "$1-$2-$3T$4:$5:$6.$7Z");
  const date = new Date(iso);
  // 2024-02-30 would be taken for the 1st of March.
  return !Number.isNaN(date.getTime()) && date.toISOString() === iso;
}
