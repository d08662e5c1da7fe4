import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { MarkerError, renderCostTable, renderShortCostTable, replaceMarked } from "./cost-markdown.ts";

const run = promisify(execFile);
const ROOT = new URL("../../../", import.meta.url);
const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
const bench = (...flags: string[]) => run(process.execPath, [MAIN, ...flags]);

describe("what the documents say of cost", () => {
  it("is what the model says in docs/cost.md; npm run bench:cost -- --write mends it", async () => {
    const document = await readFile(new URL("docs/cost.md", ROOT), "utf8");

    expect(replaceMarked(document, renderCostTable())).toBe(document);
  });

  it("is what the model says in the README, when it says anything", async () => {
    const document = await readFile(new URL("README.md", ROOT), "utf8");

    expect(replaceMarked(document, renderShortCostTable()) ?? document).toBe(document);
  });

  it("adds up: the README's total is that of docs/cost.md", () => {
    const totalIn = (text: string) =>
      /^\| total \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$/m.exec(text)?.slice(1);

    expect(totalIn(renderShortCostTable())).toHaveLength(3);
    expect(totalIn(renderShortCostTable())).toEqual(totalIn(renderCostTable()));
  });
});

describe("a document's marked part", () => {
  const [begin, end] = ["<!-- cost:begin -->", "<!-- cost:end -->"];

  it("is replaced, and nothing else", () => {
    expect(replaceMarked(`a\n${begin}\nold\nold\n${end}\nb\n`, "new")).toBe(`a\n${begin}\nnew\n${end}\nb\n`);
  });

  it("stays as it is when it is replaced by itself", () => {
    const once = replaceMarked(`${begin}${end}`, "| $& | $1 |") ?? "";

    expect(once).toContain("| $& | $1 |");
    expect(replaceMarked(once, "| $& | $1 |")).toBe(once);
  });

  it("is undefined where there are no markers", () => {
    expect(replaceMarked("# Nothing marked", "new")).toBeUndefined();
  });

  it.each([begin, end, `${end}${begin}`, `${begin}${begin}${end}`, `${begin}${end}${begin}${end}`])(
    "is an error in %j",
    (document) => {
      expect(() => replaceMarked(document, "new")).toThrow(MarkerError);
    },
  );
});

describe("npm run bench:cost", () => {
  it("answers for other sizes, prices and places as JSON", async () => {
    const flags = ["--json", "--photo-mb", "8", "--price", "s3Get=1e-6", "--destination", "other-region"];
    const { stdout } = await bench(...flags);
    const answer = JSON.parse(stdout);

    expect(answer.usdPerMillionPhotos.bucket.terms).toMatchObject({ "S3 GET": 1, "SQS requests": 0.48 });
    expect(answer.usdPerMillionPhotos.bucket.terms["Transfer out"]).toBeCloseTo((8e12 / 2 ** 30) * 0.02, 6);
    expect(answer).toMatchObject({ region: "us-east-1", workload: { photoMb: 8 } });
  });

  it("tells a person the same as docs/cost.md, with prices and assumptions where they are asked for", async () => {
    const [plain, whole] = await Promise.all([bench(), bench("--grounds")]);

    for (const cell of ["335.28", "Transfer out", "A NAT gateway costs"])
      expect(plain.stdout).toContain(cell);
    expect(plain.stdout).not.toContain("lambdaGbSecond");
    for (const cell of ["lambdaGbSecond", "relayMsPerPhoto", "rowBytes"])
      expect(whole.stdout).toContain(cell);
  });

  it.each([
    [["--price", "s3get=1"], "Expected one of lambdaGbSecond"],
    [["--photos-per-batch", "11"], "photosPerBatch goes from 1 to 10"],
    [["--write", "--photo-mb", "8"], "--write takes the values as they stand"],
  ])("refuses %j and says why", async (flags, message) => {
    await expect(bench(...flags)).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining(message),
    });
  });
});
