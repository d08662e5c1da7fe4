/**
 * How a function is made into what Lambda runs. One place: what is deployed, what the tests start and what the
 * benchmarks measure are the same files.
 */
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, type Metafile, type Plugin } from "esbuild";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/**
 * Where credentials come from on other machines than a Lambda. The SDK loads each when it gets to it, and in a Lambda
 * it never does: the environment, which it asks first, has them.
 */
const OTHER_CREDENTIALS = ["ini", "login", "process", "sso", "web-identity"].map(
  (name) => `@aws-sdk/credential-provider-${name}`,
);

/**
 * `import … from "node:http"` fills a module's exports and thereby loads undici for the one that nobody reads
 * (`WebSocket` and its kin): a fifth of a cold start. Asking for the module itself does not.
 */
const builtInHttp: Plugin = {
  name: "built-in-http",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(?:node:)?https?$/ }, ({ path }) => ({
      path: path.replace(/^node:/, ""),
      namespace: "built-in-http",
    }));
    onLoad({ filter: /./, namespace: "built-in-http" }, ({ path }) => ({
      contents: `const module = process.getBuiltinModule("node:${path}");
export default module;
export const { Agent, ClientRequest, IncomingMessage, createServer, get, globalAgent, request } = module;`,
    }));
  },
};

/** Tells browsers apart, in the form of the SDK that browsers load. */
const BROWSERS_ONLY = ["bowser"];

/** As esbuild takes it. */
export const BUNDLE_OPTIONS = {
  bundle: true,
  minify: true,
  platform: "node",
  target: "node24",
  format: "esm",
  // What is imported later is a file of its own, which a cold start does not read.
  splitting: true,
  outExtension: { ".js": ".mjs" },
  // In esbuild's own order for Node (`main` first) the SDK comes in its CommonJS form, which is half as large again.
  mainFields: ["module", "main"],
  external: [...OTHER_CREDENTIALS, ...BROWSERS_ONLY],
  plugins: [builtInHttp],
  // CommonJS packages in an ES module call `require` for what Node itself brings.
  banner: {
    js: 'import { createRequire as createBundleRequire } from "node:module"; const require = createBundleRequire(import.meta.url);',
  },
  legalComments: "none",
  logLevel: "silent",
} as const satisfies BuildOptions;

/** A folder ready for Lambda. */
export interface Bundle {
  /** Absolute path of the module that exports what the entry does. */
  readonly file: string;
  /** Every file's bytes together. */
  readonly bytes: number;
  /** Those of the files that are read before the first event: the entry, and what it imports at once. */
  readonly bytesAtStart: number;
  readonly metafile: Metafile;
}

/**
 * Bundles a module into a folder.
 *
 * @param entry from the project's root, such as `functions/relay.ts`
 * @param outDir absolute; one for each bundle
 * @throws esbuild's errors, when the file is not there or does not resolve
 */
export async function bundle(entry: string, outDir: string): Promise<Bundle> {
  const { metafile } = await build({
    ...BUNDLE_OPTIONS,
    plugins: [...BUNDLE_OPTIONS.plugins],
    external: [...BUNDLE_OPTIONS.external],
    mainFields: [...BUNDLE_OPTIONS.mainFields],
    absWorkingDir: ROOT,
    entryPoints: [entry],
    outdir: outDir,
    metafile: true,
  });
  const file = join(outDir, `${basename(entry, ".ts")}.mjs`);
  const entryOutput = Object.entries(metafile.outputs).find(
    ([, { entryPoint }]) => entryPoint === entry,
  )?.[0];
  if (entryOutput === undefined) throw new Error(`esbuild made nothing of ${entry}`);
  const atStart = filesAtStart(metafile, entryOutput);
  return {
    file,
    bytes: bytesOf(metafile, Object.keys(metafile.outputs)),
    bytesAtStart: bytesOf(metafile, atStart),
    metafile,
  };
}

/** An output and what it imports by statements, to the end. */
function filesAtStart({ outputs }: Metafile, first: string): Set<string> {
  const found = new Set([first]);
  for (const path of found) {
    for (const { path: next, kind, external } of outputs[path]?.imports ?? []) {
      if (kind === "import-statement" && external !== true) found.add(next);
    }
  }
  return found;
}

function bytesOf({ outputs }: Metafile, paths: Iterable<string>): number {
  return Array.from(paths, (path) => outputs[path]?.bytes ?? 0).reduce((sum, bytes) => sum + bytes, 0);
}
