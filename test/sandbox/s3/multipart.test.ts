import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import busboy from "busboy";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { multipartBoundary, readParts } from "../../../sandbox/s3/multipart.ts";
import { collect } from "./fixture.ts";
import { encodeForm, type FormPart, formType } from "./form.ts";

const BOUNDARY = "xYz";

interface ReadPart {
  readonly name: string;
  readonly filename: string | undefined;
  readonly content: Buffer;
}

/** Cuts bytes into chunks of these sizes, over and over. */
async function* cut(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let start = 0, i = 0; start < bytes.byteLength; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    yield bytes.subarray(start, start + size);
    start += size;
  }
}

async function readAll(source: AsyncIterable<Uint8Array>, boundary = BOUNDARY): Promise<ReadPart[]> {
  const parts: ReadPart[] = [];
  for await (const { name, filename, body } of readParts(source, boundary)) {
    parts.push({ name, filename, content: await collect(body) });
  }
  return parts;
}

/** What an independent reader makes of it. */
async function readWithBusboy(body: Buffer): Promise<ReadPart[]> {
  const reader = busboy({ headers: { "content-type": formType(BOUNDARY) }, defParamCharset: "utf8" });
  const parts: Promise<ReadPart>[] = [];
  reader.on("file", (name, file, { filename }) => {
    parts.push(buffer(file).then((content) => ({ name, filename, content })));
  });
  await new Promise((resolve, reject) => {
    Readable.from([body]).pipe(reader).on("close", resolve).on("error", reject);
  });
  return await Promise.all(parts);
}

/** Contents full of beginnings of the boundary. */
const content = fc
  .array(fc.constantFrom("\r", "\n", "-", "\r\n--", "\r\n--xY", "xYz", "--xYz", "x", "\0", "\xff"), {
    maxLength: 12,
  })
  .map((pieces) => Buffer.from(pieces.join(""), "latin1"));
const form = fc.array(
  fc.record({
    name: fc.constantFrom("key", "file", "näme", "a b;c=d"),
    // A sender picks a boundary that no line of its contents begins with.
    value: content.filter((value) => !`\r\n${value}`.includes("\r\n--xYz")),
    filename: fc.constantFrom("1.jpg", "a/b/2.jpg", "C:\\x\\3.jpg", "日本.jpg", "a;b=c.jpg"),
  }),
  { maxLength: 5 },
);

describe("reading a form", () => {
  it("gives the parts that an independent reader finds, however the bytes are cut", async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(form, sizes, async (parts, chunkSizes) => {
        const body = encodeForm(parts, BOUNDARY);

        const read = await readAll(cut(body, chunkSizes));

        expect(read).toEqual(await readWithBusboy(body));
        expect(read.map((part) => part.content)).toEqual(parts.map((part) => part.value));
      }),
      { numRuns: 300 },
    );
  });

  it("refuses every body that is cut off", async () => {
    const body = encodeForm([{ name: "file", value: "bytes\r\n--xY", filename: "1.jpg" }], BOUNDARY);
    const whole = body.byteLength - "\r\n".length;

    for (let length = 0; length < whole; length++) {
      const reading = readAll(cut(body.subarray(0, length), [7]));
      await expect(reading, `cut off at ${length}`).rejects.toMatchObject({ code: "MalformedPOSTRequest" });
    }
    expect(await readAll(cut(body.subarray(0, whole), [7]))).toHaveLength(1);
  });

  it("passes over a preamble, padding behind boundaries, and an epilogue", async () => {
    const part =
      "Content-Type: text/plain\r\nCONTENT-DISPOSITION:form-data; filename=plain.jpg; NAME=file\r\n\r\nbytes";
    const body = Buffer.from(`preamble\r\n--xYz \t\r\n${part}\r\n--xYz--\r\nepilogue\r\n--xYz\r\n`);

    const read = await readAll(cut(body, [3]));

    expect(read).toEqual([{ name: "file", filename: "plain.jpg", content: Buffer.from("bytes") }]);
  });

  it("takes a file's name as RFC 5987 writes it, and quotes in names as RFC 9110 escapes them", async () => {
    const encoded = 'form-data; name="a\\"b"; filename="x"; filename*=utf-8\'\'n%C3%A4me%2Fb.jpg';
    const body = Buffer.from(`--xYz\r\nContent-Disposition: ${encoded}\r\n\r\n\r\n--xYz--`);

    const read = await readAll(cut(body, [100]));

    expect(read).toEqual([{ name: 'a"b', filename: "b.jpg", content: Buffer.alloc(0) }]);
  });

  it.each([
    ["a part without a name", "Content-Disposition: form-data; filename=x"],
    ["a part that is no form-data", "Content-Disposition: attachment; name=file"],
    ["a part without a disposition", "Content-Type: image/jpeg"],
    ["a file name in broken percents", "Content-Disposition: form-data; name=file; filename*=utf-8''%zz"],
    ["headers without an end", `X: ${"x".repeat(30_000)}`],
  ])("refuses %s", async (_, headers) => {
    const body = Buffer.from(`--xYz\r\n${headers}\r\n\r\nbytes\r\n--xYz--`);

    await expect(readAll(cut(body, [1_000]))).rejects.toMatchObject({ code: "MalformedPOSTRequest" });
  });

  it("skips parts that nobody reads", async () => {
    const parts: FormPart[] = ["a", "b", "c"].map((name) => ({ name, value: `bytes of ${name}` }));
    const names: string[] = [];

    for await (const { name } of readParts(cut(encodeForm(parts, BOUNDARY), [5]), BOUNDARY)) names.push(name);

    expect(names).toEqual(["a", "b", "c"]);
  });
});

describe("the boundary", () => {
  it("comes from the content type, quoted or not", () => {
    expect(multipartBoundary("multipart/form-data; boundary=abc")).toBe("abc");
    expect(multipartBoundary('Multipart/Form-Data; charset=utf-8; BOUNDARY="a b:c"')).toBe("a b:c");
    expect(multipartBoundary("multipart/mixed; boundary=abc")).toBeUndefined();
    expect(multipartBoundary("multipart/form-database; boundary=abc")).toBeUndefined();
    expect(multipartBoundary(undefined)).toBeUndefined();
  });

  it.each([
    "multipart/form-data",
    "multipart/form-data; boundary=",
    `multipart/form-data; boundary=${"x".repeat(71)}`,
  ])("is refused when missing or impossible: %s", (contentType) => {
    expect(() => multipartBoundary(contentType)).toThrow("not well-formed multipart/form-data");
  });
});
