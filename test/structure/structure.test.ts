/** The rules by which the rooms of this project are kept apart. See docs/decisions/001-rooms.md. */
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";

const ROOMS = ["cli", "functions", "infra", "lib", "sandbox", "test", "web"];
const files = globSync(ROOMS.map((room) => `${room}/**/*.ts`)).map((path) => ({
  path: path.replaceAll("\\", "/"),
  text: readFileSync(path, "utf8"),
}));
const inRoom = (room: string) => files.filter(({ path }) => path.startsWith(`${room}/`));

/** Only these touch the world. */
const ADAPTER = /\.(dynamo|s3|sqs|ssm|http|node)\.ts$/;

/** What a file imports, type-only imports left out; relative paths resolved to the root. */
function importsOf({ path, text }: { readonly path: string; readonly text: string }): string[] {
  const statements = text.matchAll(/^(?:import|export)\s+(?!type\b)(?:[^;]*?\sfrom\s+)?"([^"]+)"/gms);
  const dynamic = text.matchAll(/\b(?:import|getBuiltinModule)\(\s*"([^"]+)"/g);
  return [...statements, ...dynamic].map(([, from = ""]) =>
    from.startsWith(".") ? normalize(join(dirname(path), from)).replaceAll("\\", "/") : from,
  );
}

/** Code without comments and texts. */
function codeOf(text: string): string {
  return text
    .replaceAll(/\/\*[\s\S]*?\*\//g, "")
    .replaceAll(/(^|\s)\/\/.*$/gm, "")
    .replaceAll(/"(?:[^"\\\n]|\\.)*"/g, '""');
}

it("finds the files it speaks of", () => {
  expect(inRoom("lib").length).toBeGreaterThan(30);
  expect(inRoom("functions").length).toBeGreaterThanOrEqual(3);
  expect(
    importsOf({
      path: "lib/a/b.ts",
      text: 'import { x } from "../c/d.ts";\nimport type { T } from "./t.ts";',
    }),
  ).toEqual(["lib/c/d.ts"]);
});

it("has no file over 300 lines", () => {
  expect(files.filter(({ text }) => text.split("\n").length > 301).map(({ path }) => path)).toEqual([]);
});

describe("functions/", () => {
  it.each(inRoom("functions").map(({ path, text }) => [path, text] as const))(
    "%s is wiring only",
    (_path, text) => {
      expect(text.trimEnd().split("\n").length).toBeLessThanOrEqual(15);
      expect(codeOf(text)).not.toMatch(/\b(if|switch|for|while)\b|\?/);
    },
  );
});

describe("lib/", () => {
  const pure = inRoom("lib").filter(({ path }) => !ADAPTER.test(path) && !path.endsWith(".d.ts"));

  it("lets only adapters import an SDK or node:", () => {
    const found = pure.flatMap((file) =>
      importsOf(file)
        .filter((from) => /^(@aws-sdk\/|@smithy\/|node:)/.test(from))
        .map((from) => `${file.path} imports ${from}`),
    );
    expect(found).toEqual([]);
  });

  it("lets only adapters read the clock, chance, timers or the environment", () => {
    const impure =
      /\bDate\.now\b|\bnew Date\(\s*\)|\bMath\.random\b|\brandomUUID\b|\bset(Timeout|Interval|Immediate)\b|\bprocess\.|\bperformance\.|\bAbortSignal\.timeout\b|\bfetch\(/;
    const found = pure.filter(({ text }) => impure.test(codeOf(text))).map(({ path }) => path);
    expect(found).toEqual([]);
  });

  it("never knows of sandbox/, cli/ or sst", () => {
    const found = inRoom("lib").flatMap((file) =>
      importsOf(file)
        .filter((from) => /^(sandbox|cli|functions|infra|test|web)\/|^sst\b/.test(from))
        .map((from) => `${file.path} imports ${from}`),
    );
    expect(found).toEqual([]);
  });

  it("keeps nouns from each other's adapters; they meet in lib/pipeline", () => {
    // The table is one for ledger and sequences: docs/ledger.md.
    const shared = new Set(["lib/ledger/table.dynamo.ts"]);
    const found = inRoom("lib")
      .filter(({ path }) => !path.startsWith("lib/pipeline/"))
      .flatMap((file) =>
        importsOf(file)
          .filter((from) => ADAPTER.test(from) && from.startsWith("lib/") && !shared.has(from))
          .filter((from) => dirname(from) !== dirname(file.path))
          .map((from) => `${file.path} imports ${from}`),
      );
    expect(found).toEqual([]);
  });

  it("has nothing called utils, helpers or common", () => {
    expect(
      files.filter(({ path }) => /(utils?|helpers?|common)\b/.test(path)).map(({ path }) => path),
    ).toEqual([]);
  });
});

it("lets only cli/ and test/ use sandbox/", () => {
  const found = ["functions", "infra", "web"].flatMap((room) =>
    inRoom(room).flatMap((file) => importsOf(file).filter((from) => from.startsWith("sandbox/"))),
  );
  expect(found).toEqual([]);
});

it("leaves no check silenced and no test skipped or alone", () => {
  const silenced =
    /@ts-(ignore|nocheck|expect-error)|biome-ignore|istanbul ignore|\b(it|describe|test)\.(only|skip|todo)\b/;
  const found = files.filter(({ path, text }) => !path.startsWith("test/structure/") && silenced.test(text));
  expect(found.map(({ path }) => path)).toEqual([]);
});
