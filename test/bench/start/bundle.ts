/** What is deployed, made by the same module, with what a bench wants to know of it. */
import { readFile } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import type { Metafile } from "esbuild";
import { bundle } from "../../../infra/bundle.ts";

/** The project's root, with a slash at its end. */
export const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** What a Lambda has in `NODE_OPTIONS`: docs/decisions/009-own-blocks.md. */
export const LAMBDA_NODE_FLAGS = ["--max-semi-space-size=1", "--max-old-space-size=128"] as const;

/** A package, or our own code, and what it takes up. */
export interface BundledPart {
  /** Name of the package; {@link OWN_CODE} for ours. */
  readonly name: string;
  /** Its bytes in all files, minified. */
  readonly bytes: number;
  /** Its bytes in the files that are read before the first event. */
  readonly bytesAtStart: number;
}

/** A folder that `node` runs without anything beside it. */
export interface Bundle {
  /** Absolute path of the ES module that exports what the entry does. */
  readonly file: string;
  /** Of all files. */
  readonly bytes: number;
  /** Of the files that are read before the first event. */
  readonly bytesAtStart: number;
  /** Of all files, each compressed by itself as in a ZIP archive. */
  readonly gzipBytes: number;
  /** What it is made of; what takes up most at the start comes first. */
  readonly contents: readonly BundledPart[];
}

/** How our own code is called in {@link Bundle.contents}. */
export const OWN_CODE = "(own code)";

/**
 * Bundles `functions/<name>.ts` into a folder in `outDir`.
 *
 * @throws esbuild's errors, when the file is not there or does not resolve
 */
export async function bundleFunction(name: string, outDir: string): Promise<Bundle> {
  return await bundleFile(join("functions", `${name}.ts`), outDir);
}

/**
 * Bundles any module in the same way.
 *
 * @param entry absolute, or from the project's root
 * @param outDir absolute; the bundle's folder in it has the module's name
 * @throws esbuild's errors, when the file is not there or does not resolve
 */
export async function bundleFile(entry: string, outDir: string): Promise<Bundle> {
  const path = relative(ROOT, resolve(ROOT, entry));
  const made = await bundle(path, join(outDir, basename(path, ".ts")));
  const files = Object.keys(made.metafile.outputs);
  const gzipped = await Promise.all(
    files.map(async (file) => gzipSync(await readFile(resolve(ROOT, file))).length),
  );
  return {
    file: made.file,
    bytes: made.bytes,
    bytesAtStart: made.bytesAtStart,
    gzipBytes: gzipped.reduce((sum, bytes) => sum + bytes, 0),
    contents: partsOf(made.metafile, path),
  };
}

/** Adds up what came from each package. @param entry as the metafile names it */
export function partsOf({ outputs }: Pick<Metafile, "outputs">, entry: string): BundledPart[] {
  const atStart = filesAtStart({ outputs }, entry);
  const parts = new Map<string, BundledPart>();
  for (const [file, { inputs }] of Object.entries(outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const name = packageOf(path);
      const { bytes, bytesAtStart } = parts.get(name) ?? { bytes: 0, bytesAtStart: 0 };
      const startBytes = atStart.has(file) ? bytesInOutput : 0;
      parts.set(name, { name, bytes: bytes + bytesInOutput, bytesAtStart: bytesAtStart + startBytes });
    }
  }
  return [...parts.values()].sort((a, b) => b.bytesAtStart - a.bytesAtStart || b.bytes - a.bytes);
}

/** The file made of the entry, and all that it imports at once. */
function filesAtStart({ outputs }: Pick<Metafile, "outputs">, entry: string): Set<string> {
  const found = new Set(Object.keys(outputs).filter((file) => outputs[file]?.entryPoint === entry));
  // A set that grows while it is gone through is gone through to its new end.
  for (const file of found) {
    for (const { path, kind } of outputs[file]?.imports ?? []) {
      if (kind === "import-statement" && path in outputs) found.add(path);
    }
  }
  return found;
}

/** The package that a path is in: the innermost, where packages bring their own. */
function packageOf(path: string): string {
  const inside = path.split("node_modules/").at(-1);
  if (inside === undefined || inside === path) return OWN_CODE;
  return inside
    .split("/")
    .slice(0, inside.startsWith("@") ? 2 : 1)
    .join("/");
}
