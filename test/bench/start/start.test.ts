import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Metafile } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";
import { bundleFile, OWN_CODE, partsOf } from "./bundle.ts";
import { functionNames, type StartMeasurement } from "./measure-starts.ts";
import { spreadOf } from "./spread.ts";
import { createStart } from "./start-process.ts";
import { judgeStarts, MAX_RELAY_BYTES, renderStarts, type Target } from "./start-report.ts";

type Output = Metafile["outputs"][string];

const run = promisify(execFile);
const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));

describe("the start bench, one run", () => {
  let report: StartMeasurement & { readonly targets: readonly Target[] };

  beforeAll(async () => {
    const { stdout } = await run(process.execPath, [MAIN, "--runs", "1", "--json"]);
    report = JSON.parse(stdout);
  });

  it("starts every function of functions/ in a process of its own, from one file", () => {
    expect(report.functions.map(({ name }) => name)).toEqual(functionNames());
    expect(report.functions.map(({ name }) => name)).toContain("relay");
    for (const fn of report.functions) {
      expect(fn, fn.name).toMatchObject({ exportsHandler: true, importMs: { count: 1 } });
    }
  });

  it("finds the relay's bundle no larger than 700 KB, but for what the v4 lane alone loads later", () => {
    const relay = report.functions.find(({ name }) => name === "relay");
    const ssm = relay?.contents.find(({ name }) => name === "@aws-sdk/client-ssm");

    expect(ssm?.bytesAtStart).toBe(0);
    expect(relay?.bytes).toBeGreaterThan(100_000);
    expect((relay?.bytes ?? 0) - (ssm?.bytes ?? 0)).toBeLessThanOrEqual(MAX_RELAY_BYTES);
  });

  it("tells what is in a bundle, largest at the start first, and accounts for nearly all of it", () => {
    for (const { bytes, bytesAtStart, gzipBytes, contents } of report.functions) {
      const atStart = contents.map((part) => part.bytesAtStart);
      const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

      expect(atStart).toEqual(atStart.toSorted((a, b) => b - a));
      expect(contents.map(({ name }) => name)).toContain(OWN_CODE);
      for (const [whole, parts] of [
        [bytes, sum(contents.map((part) => part.bytes))],
        [bytesAtStart, sum(atStart)],
      ] as const) {
        expect(parts).toBeGreaterThan(0.95 * whole);
        expect(parts).toBeLessThanOrEqual(whole);
      }
      expect(bytesAtStart).toBeLessThanOrEqual(bytes);
      expect(gzipBytes).toBeLessThan(bytes);
    }
  });

  it("calls the relay twice, and finds the start and the first call dearer than nothing", () => {
    const relay = report.functions.find(({ name }) => name === "relay");

    expect(relay?.firstCall?.extraMs.count).toBe(1);
    expect(relay?.importMs.median).toBeGreaterThan(report.baseline.importMs.median);
    expect(relay?.importCpuMs.median).toBeGreaterThan(report.baseline.importCpuMs.median);
    expect(relay?.rssBytes.median).toBeGreaterThan(report.baseline.rssBytes.median);
  });

  it("shows a person each function and each target", () => {
    const text = renderStarts(report);

    for (const name of functionNames()) expect(text).toContain(`In ${name}, KB`);
    expect(text.match(/^(met|not met) {2,}/gm)).toHaveLength(report.targets.length);
    expect(report.targets).toHaveLength(2);
  });
});

it("tells a module without a handler from a function", async () => {
  const directory = await mkdtemp(join(tmpdir(), "start-bench-"));
  try {
    const source = join(directory, "no-handler.ts");
    await writeFile(source, 'export const handlers: string = "none";\n');
    const start = await createStart(directory);
    const { file } = await bundleFile(source, directory);

    expect(await start({ file, environment: {}, events: [{}] })).toMatchObject({
      exportsHandler: false,
      invocationsMs: [],
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

it("tells a person what is wrong with --runs", async () => {
  await expect(run(process.execPath, [MAIN, "--runs", "0"])).rejects.toMatchObject({
    stderr: expect.stringContaining("Expected a whole number from 1"),
  });
});

describe("targets", () => {
  const spread = (median: number) => ({ count: 1, median, min: median, max: median });
  const judged = (bytes: number, importMs: number) =>
    judgeStarts({
      runs: 1,
      baseline: { importMs: spread(1), importCpuMs: spread(1), rssBytes: spread(1) },
      functions: [
        {
          name: "relay",
          bytes,
          bytesAtStart: 1,
          gzipBytes: 1,
          contents: [],
          exportsHandler: true,
          importMs: spread(importMs),
          importCpuMs: spread(1),
          rssBytes: spread(1),
        },
      ],
    }).map(({ isMet }) => isMet);

  it.each([
    [716_800, 75, [true, true]],
    [716_801, 75, [false, true]],
    [716_800, 75.01, [true, false]],
  ])("for %i bytes and %f ms are met: %j", (bytes, importMs, expected) => {
    expect(judged(bytes, importMs)).toEqual(expected);
  });
});

describe("a bundle's contents", () => {
  const output = (inputs: Readonly<Record<string, number>>, rest: Partial<Output> = {}): Output => ({
    bytes: 0,
    imports: [],
    exports: [],
    inputs: Object.fromEntries(
      Object.entries(inputs).map(([path, bytesInOutput]) => [path, { bytesInOutput }]),
    ),
    ...rest,
  });

  it("are added up by package, the innermost where packages bring their own", () => {
    const inputs = {
      "lib/a.ts": 10,
      "functions/b.ts": 5,
      "node_modules/zod/mini.js": 7,
      "node_modules/@aws-sdk/core/x.js": 20,
      "node_modules/@aws-sdk/core/node_modules/zod/y.js": 4,
    };

    expect(partsOf({ outputs: { "out.mjs": output(inputs, { entryPoint: "b.ts" }) } }, "b.ts")).toEqual([
      { name: "@aws-sdk/core", bytes: 20, bytesAtStart: 20 },
      { name: OWN_CODE, bytes: 15, bytesAtStart: 15 },
      { name: "zod", bytes: 11, bytesAtStart: 11 },
    ]);
  });

  it("count for the start when they are imported by statements, over however many files", () => {
    const outputs = {
      "out.mjs": output(
        { "a.ts": 1 },
        {
          entryPoint: "a.ts",
          imports: [
            { path: "chunk.mjs", kind: "import-statement" },
            { path: "later.mjs", kind: "dynamic-import" },
            { path: "node:fs", kind: "import-statement", external: true },
          ],
        },
      ),
      "chunk.mjs": output({ "b.ts": 10 }, { imports: [{ path: "deep.mjs", kind: "import-statement" }] }),
      "deep.mjs": output({ "c.ts": 100 }),
      "later.mjs": output({ "d.ts": 1_000 }),
    };

    expect(partsOf({ outputs }, "a.ts")).toEqual([{ name: OWN_CODE, bytes: 1_111, bytesAtStart: 111 }]);
  });
});

describe("the spread of measurements", () => {
  it.each([
    [[3], { count: 1, median: 3, min: 3, max: 3 }],
    [[10, 9, 2], { count: 3, median: 9, min: 2, max: 10 }],
    [[4, 1, 100, 3], { count: 4, median: 3.5, min: 1, max: 100 }],
  ])("of %j is %j", (values, expected) => {
    expect(spreadOf(values)).toEqual(expected);
  });

  it("of nothing is an error", () => {
    expect(() => spreadOf([])).toThrow(RangeError);
  });
});
