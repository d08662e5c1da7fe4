import { readFile, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { build, type Plugin } from "esbuild";

/** The project. */
export const ROOT = join(import.meta.dirname, "../../..");
/** Where SST keeps its own sources and what they need. */
export const PLATFORM = join(ROOT, ".sst/platform");

/** A configuration, bundled as SST's CLI does before it runs it. */
export interface Program {
  /** Module whose default export says, given a stage, what `app` of the configuration says. */
  readonly appFile: string;
  /** Module whose default export runs `run` of the configuration, and gives its outputs. */
  readonly runFile: string;
}

/**
 * Bundles a configuration as the CLI does (pkg/js/js.go, pkg/project/project.go and run.go in SST's repository). `app` is
 * evaluated alone, and without any import; for `run` SST's components and the AWS provider are globals in every file
 * of ours. What the CLI writes into the program, `$app` and `$cli`, is read from global variables instead, so that one
 * bundle does for all stages.
 *
 * @param config `sst.config.ts`
 * @param name of the files, which have to be in SST's own folder to find its packages
 */
export async function buildProgram(config: string, name: string): Promise<Program> {
  const appFile = join(PLATFORM, `${name}.app.mjs`);
  const runFile = join(PLATFORM, `${name}.run.mjs`);
  const mod = `import mod from ${JSON.stringify(config)};\n`;
  await bundle(appFile, {
    code: `${mod}export default (stage) => mod.app({ stage });`,
    banner: "function $config(input) { return input }",
    plugins: [refuseTopLevelImports],
  });
  await bundle(runFile, {
    code:
      `import { run } from ${JSON.stringify(join(PLATFORM, "src/auto/run.ts"))};\n` +
      `${mod}export default () => run(mod.run);`,
    banner: "",
    plugins: [prependToOurFiles(await globalsOf())],
    define: { $app: "globalThis.$app", $cli: "globalThis.$cli", $dev: "false" },
    inject: [join(PLATFORM, "src/shim/run.js")],
  });
  return { appFile, runFile };
}

/** Removes what was built. */
export async function removeProgram({ appFile, runFile }: Program): Promise<void> {
  for (const file of [appFile, runFile]) await rm(file, { force: true });
}

async function globalsOf(): Promise<string> {
  const lock = JSON.parse(await readFile(join(ROOT, ".sst/provider-lock.json"), "utf8")) as {
    readonly alias: string;
    readonly package: string;
  }[];
  return [
    ...lock.map(({ alias, package: name }) => `import * as ${alias} from ${JSON.stringify(name)};`),
    `import * as sst from ${JSON.stringify(join(PLATFORM, "src/components"))};`,
  ].join("\n");
}

interface Bundling {
  readonly code: string;
  readonly banner: string;
  readonly plugins: Plugin[];
  readonly define?: Record<string, string>;
  readonly inject?: string[];
}

async function bundle(outfile: string, { code, banner, plugins, define, inject }: Bundling): Promise<void> {
  await build({
    stdin: { contents: code, resolveDir: ROOT, sourcefile: "eval.ts", loader: "ts" },
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    mainFields: ["module", "main"],
    logLevel: "silent",
    nodePaths: [join(PLATFORM, "node_modules")],
    external: [
      "@pulumi/*",
      "undici",
      "@pulumiverse/*",
      "@sst-provider/*",
      "@aws-sdk/*",
      "esbuild",
      "archiver",
      "glob",
      "vite",
    ],
    banner: { js: `${CLI_BANNER}\n${banner}` },
    plugins,
    ...(define && { define }),
    ...(inject && { inject }),
  });
}

const CLI_BANNER = [
  `import { createRequire as topLevelCreateRequire } from 'module';`,
  "const require = topLevelCreateRequire(import.meta.url);",
  `import { fileURLToPath as topLevelFileUrlToPath, URL as topLevelURL } from "url"`,
  "const __filename = topLevelFileUrlToPath(import.meta.url)",
  `const __dirname = topLevelFileUrlToPath(new topLevelURL(".", import.meta.url))`,
].join("\n");

const refuseTopLevelImports: Plugin = {
  name: "refuse-top-level-imports",
  setup(build) {
    build.onResolve({ filter: /.*/ }, ({ importer, kind }) =>
      basename(importer) === "sst.config.ts" && kind === "import-statement"
        ? { errors: [{ text: "sst.config.ts must not import anything at its top level" }] }
        : undefined,
    );
  },
};

function prependToOurFiles(globals: string): Plugin {
  return {
    name: "prepend-globals",
    setup(build) {
      build.onLoad({ filter: /\.(js|ts|jsx|tsx)$/ }, async ({ path }) =>
        path.startsWith(join(ROOT, ".sst"))
          ? undefined
          : { contents: `${globals}\n${await readFile(path, "utf8")}`, loader: "default" },
      );
    },
  };
}
