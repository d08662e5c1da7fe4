/** ExifTool, which reads maker notes and follows every pointer there is, finds each tag as it was. Needs Perl. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exiftoolPath } from "exiftool-vendored";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { makePhoto } from "../../../sandbox/photo-maker.ts";
import { splitExifSegments } from "../../../sandbox/photo-maker-jpeg.ts";
import {
  anyRichSpec,
  describePhoto,
  MAX_BLOCK_BYTES,
  makeCanonPhoto,
  makeRichPhoto,
  makeRichTiff,
  makeTwoPictures,
  type RichSpec,
  TEXT,
} from "./describe-photos.ts";

const PERL = "perl";
/** The only reason to leave these tests out, and it is told in the report. */
const lacksPerl = spawnSync(PERL, ["-v"]).status !== 0;
const WHY = "Perl is not installed, and ExifTool is written in it: apt-get install perl";

const folder = mkdtempSync(join(tmpdir(), "described-"));
afterAll(() => rmSync(folder, { recursive: true }));

type Tags = Readonly<Record<string, unknown>>;

/**
 * Everything ExifTool finds in photos, by name of photo; binary values too. What it says of the file itself, and where
 * in the file things lie, is left out: a photo that has grown lies elsewhere.
 */
async function readAll(name: string, photos: readonly Uint8Array[], options: readonly string[] = []) {
  const within = join(folder, name);
  mkdirSync(within);
  for (const [nth, photo] of photos.entries()) writeFileSync(join(within, `${nth}.jpg`), photo);
  const output = execFileSync(PERL, [await exiftoolPath(), "-q", "-j", "-u", "-b", ...options, within], {
    maxBuffer: 2 ** 30,
  });
  const files = JSON.parse(output.toString()) as ({ readonly SourceFile: string } & Tags)[];
  const byNumber = files.toSorted((one, other) => numberOf(one.SourceFile) - numberOf(other.SourceFile));
  return byNumber.map((tags) =>
    Object.fromEntries(Object.entries(tags).filter(([tag]) => !ELSEWHERE.test(tag))),
  );
}

const numberOf = (path: string) => Number(/(\d+)\.jpg$/.exec(path)?.[1]);
const ELSEWHERE = /^SourceFile$|^System:|(:|^)(ThumbnailOffset|MPImageStart)$/;

/** All of it, tags that come twice included. */
const EVERY_TAG = ["-a", "-G1:4"];
/** What a person gets: of a tag that comes twice, the one that counts. */
const MAIN_TAGS = ["-G1"];

function splitDescription(tags: Tags) {
  const { "IFD0:ImageDescription": description, ...others } = tags;
  return { description: typeof description === "string" ? description : JSON.stringify(description), others };
}

async function expectSameTags(name: string, photos: readonly Uint8Array[], options: readonly string[]) {
  const described = photos.map((photo) => describePhoto(photo));
  const before = await readAll(`${name}-before`, photos, options);
  const after = await readAll(
    `${name}-after`,
    described.map(({ bytes }) => bytes),
    options,
  );

  expect(after).toHaveLength(photos.length);
  expect(after.map((tags) => splitDescription(tags).description)).toEqual(photos.map(() => TEXT));
  expect(after.map((tags) => splitDescription(tags).others)).toEqual(
    before.map((tags) => splitDescription(tags).others),
  );
  return { before, places: described.map(({ place }) => place) };
}

/** A photo whose segment is full of zeros behind its thumbnail. */
function makePadded(spec: RichSpec): Uint8Array {
  return makeRichPhoto({ ...spec, tail: { bytes: MAX_BLOCK_BYTES - makeRichTiff(spec).length, value: 0 } });
}

describe("ExifTool", () => {
  it("finds every tag as it was, in photos of every form", async ({ skip }) => {
    if (lacksPerl) skip(WHY);
    const fitting = anyRichSpec.filter((spec) => makeRichTiff(spec).length <= MAX_BLOCK_BYTES);
    const photos = fc.sample(fitting, { numRuns: 60, seed: 4 }).map(makeRichPhoto);
    const padded = (["II", "MM"] as const).map((byteOrder) => makePadded({ byteOrder, hasThumbnail: true }));
    const whole = photos.filter((photo) => describePhoto(photo).place !== "front");

    const { before, places } = await expectSameTags("whole", [...whole, ...padded], EVERY_TAG);

    expect(places).toContain("end");
    expect(places).toContain("padding");
    expect(before.some((tags) => "IFD1:ThumbnailImage" in tags)).toBe(true);
  });

  it("finds the values of a maker note whose offsets count from the start of the block", async ({ skip }) => {
    if (lacksPerl) skip(WHY);

    const { before } = await expectSameTags("canon", [makeCanonPhoto("A. Driver")], EVERY_TAG);

    expect(before[0]).toMatchObject({ "Canon:OwnerName": "A. Driver" });
  });

  it("finds a second picture behind the first", async ({ skip }) => {
    if (lacksPerl) skip(WHY);
    const second = makePhoto({ seed: 2 });

    const { before } = await expectSameTags("two", [makeTwoPictures(second)], EVERY_TAG);

    const inBase64 = Buffer.from(second).toString("base64");
    expect(before[0]).toMatchObject({ "MPImage2:MPImage2": `base64:${inBase64}` });
  });

  it("finds every tag as it was when a block of its own went in front of one that is full or in pieces", async ({
    skip,
  }) => {
    if (lacksPerl) skip(WHY);
    const tiff = makeRichTiff({ makerNoteBytes: 100_000 });
    const photos = [
      makeRichPhoto({ makerNoteBytes: 64_900, hasThumbnail: true }),
      makeRichPhoto({ makerNoteBytes: 65_100, byteOrder: "MM", headingDeg: 12 }),
      makePhoto({ segments: () => splitExifSegments(tiff, 65_000) }),
    ];

    const { places } = await expectSameTags("front", photos, MAIN_TAGS);

    expect(places).toEqual(["front", "front", "front"]);
  });
});
