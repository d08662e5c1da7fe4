import { describe, expect, it } from "vitest";
import { MAX_MANIFEST_BYTES } from "../../../sandbox/v4/manifest.ts";
import { call, finish, graphError, manifestOf, startForTest, upload } from "./fixture.ts";

const ORGANIZATION = { id: "7700", slug: "acme", name: "Acme", description: "Roads" };

describe("a manifest that is refused", () => {
  const handle = "3:x";
  it.each<[string, string | Uint8Array, string]>([
    ["not JSON", "{", "The manifest is not JSON"],
    ["empty", "", "The manifest is not JSON"],
    ["not UTF-8", Buffer.from(manifestOf(["é"]), "latin1"), "The manifest is not JSON"],
    ["a list", "[]", "The manifest is not a JSON object"],
    ["null", "null", "The manifest is not a JSON object"],
    [
      "of no version",
      JSON.stringify({ upload_type: "images", image_handles: [handle] }),
      'The manifest\'s version is not "1"',
    ],
    [
      "of a version that is a number",
      JSON.stringify({ version: 1, upload_type: "images", image_handles: [handle] }),
      'The manifest\'s version is not "1"',
    ],
    [
      "of another type",
      JSON.stringify({ version: "1", upload_type: "video", image_handles: [handle] }),
      'The manifest\'s upload_type is not "images"',
    ],
    [
      "without images",
      JSON.stringify({ version: "1", upload_type: "images" }),
      "The manifest's image_handles is not a list",
    ],
    ["with no images", manifestOf([]), "The manifest's image_handles is empty"],
    ["with a number", manifestOf([handle, 7]), "The manifest's image_handles[1] is not a text"],
    ["with a stranger", manifestOf([handle]), "The manifest's image_handles[0] is not a file handle"],
    [
      "with a name that every object has",
      manifestOf(["__proto__"]),
      "The manifest's image_handles[0] is not a file handle",
    ],
    [
      "too large",
      Buffer.alloc(MAX_MANIFEST_BYTES + 1, " "),
      `The manifest has more than ${MAX_MANIFEST_BYTES} bytes`,
    ],
  ])("is one that is %s", async (_, content, message) => {
    const standIn = await startForTest();
    const answer = await finish(standIn, await upload(standIn, "m.json", content));

    expect(answer).toMatchObject({ status: 400, json: graphError(100, `(#100) ${message}`) });
    expect(await standIn.clusters()).toEqual([]);
  });
});

describe("a request to finish that is refused", () => {
  const good = { file_handle: "x", file_type: "mly_bundle_manifest" };
  it.each<[string, string, number, string]>([
    ["no JSON", "file_handle=x", 400, "(#100) the body is not a JSON object"],
    ["a list", "[]", 400, "(#100) the body is not a JSON object"],
    ["no body", "", 400, "(#100) the body is not a JSON object"],
    [
      "no handle",
      JSON.stringify({ ...good, file_handle: undefined }),
      400,
      "(#100) Missing parameter: file_handle",
    ],
    [
      "a handle that is no text",
      JSON.stringify({ ...good, file_handle: 7 }),
      400,
      "(#100) Missing parameter: file_handle",
    ],
    ["no type", JSON.stringify({ file_handle: "x" }), 400, "(#100) Missing parameter: file_type"],
    [
      "another type",
      JSON.stringify({ ...good, file_type: "zip" }),
      400,
      "(#100) The stand-in takes no file_type but mly_bundle_manifest",
    ],
    ["a handle nobody has", JSON.stringify(good), 400, "(#100) file_handle is not a file handle"],
    [
      "an organization nobody knows",
      JSON.stringify({ ...good, organization_id: "1" }),
      400,
      "(#100) organization_id names no organization",
    ],
    [
      "an organization that is no id",
      JSON.stringify({ ...good, organization_id: {} }),
      400,
      "(#100) organization_id names no organization",
    ],
  ])("is one with %s", async (_, body, status, message) => {
    const standIn = await startForTest({ organizations: [ORGANIZATION] });

    const answer = await call(standIn, "/finish_upload", { method: "POST", body });

    expect(answer).toMatchObject({ status, json: graphError(100, message) });
  });

  it("is one of more than 64 KiB, to the byte", async () => {
    const standIn = await startForTest();
    const bodyOf = (sizeBytes: number) => JSON.stringify(good).padEnd(sizeBytes, " ");

    const most = await call(standIn, "/finish_upload", { method: "POST", body: bodyOf(65_536) });
    const tooMuch = await call(standIn, "/finish_upload", { method: "POST", body: bodyOf(65_537) });

    expect(most.json).toEqual(graphError(100, "(#100) file_handle is not a file handle"));
    expect(tooMuch).toMatchObject({ status: 413, json: graphError(1, "the body has more than 65536 bytes") });
  });
});
