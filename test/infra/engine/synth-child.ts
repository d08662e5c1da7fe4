/** Runs the program for one stage in a process of its own, and tells its parent everything it asked for. */
import { createRequire, register } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  answerCall,
  answerResource,
  type CallRequest,
  REGION,
  type ResourceRequest,
  unwrap,
} from "./mock-engine.ts";
import { PLATFORM } from "./program.ts";
import type { ChildInput, ChildReport, Resource } from "./synth.ts";

/** The parts of Pulumi that a mocked run takes. */
interface Pulumi {
  readonly runtime: {
    setMocks(
      mocks: object,
      project: string,
      stack: string,
      preview: boolean,
      organization: string,
    ): Promise<void>;
    runInPulumiStack(program: () => Promise<unknown>): Promise<unknown>;
    registerStackTransformation(transform: (resource: Registration) => undefined): void;
    waitForRPCs(): Promise<void>;
  };
}

interface Registration {
  readonly type: string;
  readonly name: string;
  readonly opts: {
    readonly retainOnDelete?: boolean;
    readonly dependsOn?: unknown;
  };
}

const resources: Resource[] = [];
let hasReported = false;

/** Errors inside of Pulumi's outputs come as rejections that nobody handles. */
process.on("unhandledRejection", reportError);
process.on("uncaughtException", reportError);

process.once("message", (input: ChildInput) => {
  synthesize(input).then(report, reportError);
});

async function synthesize(input: ChildInput): Promise<Omit<ChildReport, "resources">> {
  const { program, stage, root, work, manner } = input;
  if (manner === "faithful") loadLikePulumi();
  process.env.SST_AWS_REGION ??= REGION;
  const app = {
    removal: "retain",
    protect: false,
    ...((await load(program.appFile)(stage)) as object),
    stage,
  };
  const { runtime }: Pulumi = createRequire(join(PLATFORM, "package.json"))("@pulumi/pulumi");
  const options = new Map<string, Registration["opts"]>();
  await runtime.setMocks(mocksThatRemember(options), "mapillary-relay", stage, false, "organization");
  const paths = { home: join(work, "home"), root, work, platform: PLATFORM };
  const cli = { command: "deploy", dev: false, paths, state: { version: {} } };
  Object.assign(globalThis, { $app: app, $cli: cli });
  const outputs = await runtime.runInPulumiStack(async () => {
    runtime.registerStackTransformation(({ type, name, opts }) => {
      options.set(`${type} ${name}`, opts);
      return undefined;
    });
    return await load(program.runFile)();
  });
  await settle(runtime);
  return { app, outputs: unwrap(outputs) as Record<string, unknown> };
}

/**
 * What Pulumi does before it loads a program in a folder with `"type": "module"` (cmd/run/run.js in its package): a
 * loader for TypeScript that is not ours, and not Node's.
 */
function loadLikePulumi(): void {
  process.chdir(PLATFORM);
  const run = createRequire(join(PLATFORM, "package.json")).resolve("@pulumi/pulumi/cmd/run/run.js");
  register("./hooks.js", pathToFileURL(run));
}

/** A module's default export. */
function load(file: string) {
  return async (...args: readonly unknown[]): Promise<unknown> => {
    const { default: run } = (await import(pathToFileURL(file).href)) as {
      default: (...args: readonly unknown[]) => unknown;
    };
    return await run(...args);
  };
}

function mocksThatRemember(options: ReadonlyMap<string, Registration["opts"]>) {
  return {
    newResource(request: ResourceRequest) {
      const { type, name, id } = request;
      const { retainOnDelete, dependsOn } = options.get(`${type} ${name}`) ?? {};
      resources.push({
        type,
        name,
        inputs: unwrap(request.inputs) as Record<string, unknown>,
        ...(id && { id }),
        retainOnDelete: retainOnDelete ?? false,
        dependsOn: [dependsOn].flat().flatMap((other) => (isNamed(other) ? [other.__name] : [])),
      });
      return answerResource(request);
    },
    call: (request: CallRequest) => answerCall(request),
  };
}

/** Where Pulumi keeps a resource's logical name. */
function isNamed(value: unknown): value is { readonly __name: string } {
  return typeof value === "object" && value !== null && "__name" in value;
}

/** Outputs go on being resolved after the program's end, and each may register more. */
async function settle(runtime: Pulumi["runtime"]): Promise<void> {
  await runtime.waitForRPCs();
  await turns();
  await runtime.waitForRPCs();
}

/** Lets everything run that waits for nothing but its turn. */
async function turns(): Promise<void> {
  for (let round = 0; round < 50; round += 1) await new Promise(setImmediate);
}

/** What was asked for before the error is on its way still, and is to be told of. */
async function reportError(error: unknown): Promise<void> {
  await turns();
  report({ error: tell(error) });
}

function report(found: Omit<ChildReport, "resources">): void {
  if (hasReported) return;
  hasReported = true;
  process.send?.({ ...found, resources } satisfies ChildReport, () => process.exit());
}

function tell(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
