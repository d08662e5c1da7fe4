import { createHash } from "node:crypto";
import { decode } from "jpeg-js";
import { expect, it } from "vitest";
import { inspectPhoto } from "../../lib/photo/inspect.ts";
import type { Verdict } from "../../lib/photo/photo.ts";
import { cutIntoChunks } from "../../sandbox/photo-maker.ts";
import { makeSampleDrive, type SampleFile } from "../../sandbox/sample-drive.ts";
import { followCourse } from "../../sandbox/sample-drive-course.ts";

const FILES = makeSampleDrive();

async function judge({ bytes }: SampleFile): Promise<Verdict> {
  return (await inspectPhoto(cutIntoChunks(bytes, 4_096))).verdict;
}

it("has the flaws that real buckets have, and no others", async () => {
  const flawed: Record<string, string[]> = {};

  for (const file of FILES) {
    const verdict = await judge(file);
    if (verdict.verdict === "reject") flawed[file.key] = verdict.reasons.map(({ code }) => code).sort();
  }

  const noPosition = [
    "latitude-missing",
    "latitude-ref-missing",
    "longitude-missing",
    "longitude-ref-missing",
  ];
  expect(FILES).toHaveLength(42);
  expect(flawed).toEqual({
    "van-1/2026-05-04-morning/IMG_0001.jpg": noPosition,
    "van-1/2026-05-04-morning/IMG_0009.jpg": ["null-island"],
    "bicycle-2/2026-05-04/IMG_0006.jpg": ["date-missing"],
    "bicycle-2/2026-05-04/IMG_0099_edited.jpg": ["date-missing", ...noPosition, "no-exif"],
    "bicycle-2/2026-05-04/screenshot.jpg": ["not-jpeg"],
    "van-1/2026-05-04-noon/notes.txt": ["not-jpeg"],
  });
});

it("has one photo twice, and no other", () => {
  const keysByContent = Map.groupBy(FILES, ({ bytes }) => createHash("sha256").update(bytes).digest("hex"));

  const twins = [...keysByContent.values()].filter((files) => files.length > 1);

  expect(twins.map((files) => files.map(({ key }) => key))).toEqual([
    ["van-1/2026-05-04-morning/IMG_0004.jpg", "van-1/best-of/IMG_0004 (copy).jpg"],
  ]);
});

it("holds pictures that a decoder opens", () => {
  const pictures = FILES.filter(({ key }) => /IMG_\d+\.jpg$/.test(key)).map(({ bytes }) => decode(bytes));

  expect(pictures).toHaveLength(38);
  expect(new Set(pictures.map(({ width, height }) => `${width}x${height}`))).toEqual(new Set(["240x180"]));
});

it("is the same every time", () => {
  expect(makeSampleDrive()).toEqual(FILES);
});

it("lets a camera look where it goes, at an even pace", () => {
  const poses = followCourse(
    [
      [52.5, 13.4],
      [52.51, 13.4],
      [52.51, 13.42],
    ],
    5,
    500,
  );

  // A degree of latitude is 111.195 km; at 52.51° north one of longitude is 0.6087 of that.
  const expected = [
    [52.5, 13.4, 0],
    [52.504_497, 13.4, 0],
    [52.508_993, 13.4, 0],
    [52.51, 13.405_731, 90],
    [52.51, 13.413_119, 90],
  ];
  expect(poses).toHaveLength(5);
  poses.forEach(({ latitudeDeg, longitudeDeg, headingDeg }, nth) => {
    const [latitude = 0, longitude = 0, heading = 0] = expected[nth] ?? [];
    expect(latitudeDeg).toBeCloseTo(latitude, 5);
    expect(longitudeDeg).toBeCloseTo(longitude, 5);
    expect(headingDeg).toBeCloseTo(heading, 6);
  });
});
