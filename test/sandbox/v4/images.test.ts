import { describe, expect, it } from "vitest";
import { makePhoto } from "../../../sandbox/photo-maker.ts";
import { ascii } from "../../../sandbox/photo-maker-tiff.ts";
import { HEAD_BYTES, inspectImage } from "../../../sandbox/v4/inspect-image.ts";
import { call, finish, graphError, sha256, startForTest, upload, uploadManifest } from "./fixture.ts";

const IMAGE_DESCRIPTION = 0x010e;
const GOOD = { MAPCaptureTime: "2024_05_01_10_00_00_000", MAPLatitude: 52.0907, MAPLongitude: 5.1214 };
const FULL = {
  ...GOOD,
  MAPAltitude: -3.5,
  MAPCameraUUID: "123_456",
  MAPCompassHeading: { MagneticHeading: 12.345, TrueHeading: 12.345 },
  MAPDeviceMake: "Acme",
  MAPDeviceModel: "Roadrunner é",
  MAPFilename: "IMG_0001.jpg",
  MAPGPSAccuracyMeters: 3,
  MAPOrientation: 1,
};

function photoOf(description: object | string): Uint8Array {
  const text = typeof description === "string" ? description : toAscii(JSON.stringify(description));
  return makePhoto({ entries: { Image: [ascii(IMAGE_DESCRIPTION, text)] } });
}

function toAscii(text: string): string {
  return text.replaceAll(/[^ -~]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

describe("an image that Mapillary would take", () => {
  it.each<[string, object]>([
    ["the required keys", GOOD],
    ["every key", FULL],
    ["keys in another order", { MAPLongitude: 1, MAPLatitude: 2, MAPCaptureTime: GOOD.MAPCaptureTime }],
    ["keys of other clients", { ...GOOD, MAPSequenceUUID: "a-b", MAPMetaTags: {} }],
    ["numbers at their limits", { ...GOOD, MAPLatitude: -90, MAPLongitude: 180 }],
  ])("has %s", (_, description) => {
    const inspection = inspectImage(photoOf(description));

    expect(inspection).toEqual({ problems: [], captureTime: GOOD.MAPCaptureTime });
  });
});

describe("an image that it would not", () => {
  const { MAPLatitude: _, ...withoutLatitude } = GOOD;
  it.each<[Uint8Array | string, string[]]>([
    ["", ["is not a JPEG"]],
    ["GIF89a", ["is not a JPEG"]],
    [Buffer.from([0xff, 0xd8]), ["is not a JPEG"]],
    [Buffer.from([0xff, 0xd8, 0xff]), ["has no ImageDescription"]],
    [makePhoto(), ["has no ImageDescription"]],
    [photoOf("a street"), ["has an ImageDescription that is not JSON"]],
    [photoOf(""), ["has no ImageDescription"]],
    [photoOf("[]"), [expect.stringMatching(/^Invalid input: expected object/)]],
    [photoOf("null"), [expect.stringMatching(/^Invalid input: expected object/)]],
    [photoOf(withoutLatitude), [expect.stringMatching(/^MAPLatitude: Invalid input: expected number/)]],
    [photoOf({ ...GOOD, MAPLatitude: "52" }), [expect.stringMatching(/^MAPLatitude: .*number/)]],
    [photoOf({ ...GOOD, MAPLatitude: 90.1 }), [expect.stringMatching(/^MAPLatitude: Too big/)]],
    [photoOf({ ...GOOD, MAPLongitude: -180.1 }), [expect.stringMatching(/^MAPLongitude: Too small/)]],
    [photoOf({ ...GOOD, MAPCaptureTime: 7 }), [expect.stringMatching(/^MAPCaptureTime: .*string/)]],
    ...[
      "2024-05-01T10:00:00Z",
      "2024_05_01_10_00_00",
      "2024_02_30_10_00_00_000",
      "2024_05_01_24_00_00_000",
    ].map((time): [Uint8Array, string[]] => [
      photoOf({ ...GOOD, MAPCaptureTime: time }),
      ["MAPCaptureTime: expected a time as YYYY_MM_DD_HH_MM_SS_mmm"],
    ]),
    [photoOf({ ...GOOD, MAPCompassHeading: 12 }), [expect.stringMatching(/^MAPCompassHeading: /)]],
    [
      photoOf({ ...GOOD, MAPCompassHeading: { TrueHeading: 1 } }),
      [expect.stringMatching(/^MAPCompassHeading: MagneticHeading: /)],
    ],
    [photoOf({ ...GOOD, MAPOrientation: 1.5 }), [expect.stringMatching(/^MAPOrientation: /)]],
    [photoOf({ ...GOOD, MAPOrientation: 9 }), [expect.stringMatching(/^MAPOrientation: /)]],
    [photoOf({ ...GOOD, MAPAltitude: null }), [expect.stringMatching(/^MAPAltitude: /)]],
    [photoOf({}), Array.from({ length: 3 }, () => expect.stringMatching(/^MAP/))],
  ])("case %#: has these problems", (image, problems) => {
    expect(inspectImage(Buffer.from(image))).toEqual({ problems, captureTime: undefined });
  });
});

describe("a sequence's images", () => {
  const timeOf = (second: number) => `2024_05_01_10_00_0${second}_000`;

  it("are told of with their problems, and those that only a sequence can have", async () => {
    const standIn = await startForTest();
    const handles: string[] = [];
    for (const [nth, second] of [1, 3, 2, 3].entries())
      handles.push(await upload(standIn, `${nth}.jpg`, photoOf({ ...GOOD, MAPCaptureTime: timeOf(second) })));
    handles.push(await upload(standIn, "bad.jpg", "no photo"), handles[0] ?? "");

    const finished = await finish(standIn, await uploadManifest(standIn, handles));
    const answer = await call(standIn, "/__sandbox/clusters", { token: null });

    const late = "was taken before the image in front of it";
    const clusters = await standIn.clusters();
    expect(finished.status).toBe(200);
    expect(clusters[0]?.images.map(({ problems }) => problems)).toEqual([
      [],
      [],
      [late],
      [],
      ["is not a JPEG"],
      ["is in the sequence more than once", late],
    ]);
    expect(answer).toMatchObject({ status: 200, json: clusters });
  });

  it("are found behind their handles by whoever asks", async () => {
    const standIn = await startForTest();
    const photo = photoOf(FULL);
    const handle = await upload(standIn, "a.jpg", photo);
    standIn.expireHandle(handle);

    const answer = await fetch(`${standIn.url}/__sandbox/images/${encodeURIComponent(handle)}`);
    const stranger = await call(standIn, "/__sandbox/images/3%3Ax");

    expect(answer.headers.get("content-length")).toBe(String(photo.byteLength));
    expect(sha256(await answer.bytes())).toBe(sha256(photo));
    expect(stranger).toMatchObject({ status: 404, json: graphError(100, "There is no such file handle") });
  });

  it("are looked at no further than EXIF can be", async () => {
    const standIn = await startForTest();
    const photo = Buffer.concat([photoOf(GOOD), Buffer.alloc(HEAD_BYTES * 2)]);
    const handle = await upload(standIn, "large.jpg", photo);

    await finish(standIn, await uploadManifest(standIn, [handle]));

    const [cluster] = await standIn.clusters();
    expect(cluster?.images).toMatchObject([{ sizeBytes: photo.byteLength, problems: [] }]);
  });
});
