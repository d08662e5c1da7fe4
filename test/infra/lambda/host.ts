import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** A function in a process of its own, with the environment that Lambda gives it. */
export interface LambdaHost extends AsyncDisposable {
  readonly nodeVersion: string;
  /** How long the code took to load, in ms. */
  readonly importMs: number;
  /** After that. */
  readonly rssBytes: number;
  readonly heapBytes: number;
  /** What V8 may grow its heap to. */
  readonly heapLimitBytes: number;
  /** What it wrote to standard output and standard error, by line. */
  readonly lines: readonly string[];
  /**
   * @param clockAheadMs how far the function's clock is ahead, from this call on. Default 0
   * @throws what the function throws
   */
  invoke(event: object, clockAheadMs?: number): Promise<unknown>;
}

/** What to run, and how. */
export interface LambdaOptions {
  /** The folder that is uploaded. */
  readonly folder: string;
  /** `handler` of the function: a module in the folder, a dot, and its export. */
  readonly handler: string;
  /** As configured; what Lambda adds is added here. */
  readonly environment: Readonly<Record<string, string>>;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
}

/** What the child is asked to load. */
export interface HostStart {
  readonly kind: "start";
  readonly file: string;
}

/** What the child is asked to do. */
export interface HostCall {
  readonly kind: "call";
  readonly event: object;
  readonly timeoutMs: number;
  readonly clockAheadMs: number;
}

/** What the child answers. */
export type HostReply =
  | {
      readonly kind: "started";
      readonly nodeVersion: string;
      readonly importMs: number;
      readonly rssBytes: number;
      readonly heapBytes: number;
      readonly heapLimitBytes: number;
    }
  | { readonly kind: "returned"; readonly value: unknown }
  | { readonly kind: "failed"; readonly error: string };

/** Starts a function. @throws what it throws while it loads */
export async function startLambda(options: LambdaOptions): Promise<LambdaHost> {
  const child = fork(join(import.meta.dirname, "host-child.ts"), {
    cwd: options.folder,
    execArgv: [],
    env: { ...reservedVariables(options), ...options.environment },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => lines.push(...text.trimEnd().split("\n")));
  }
  const [module = ""] = options.handler.split(".");
  const file = join(options.folder, `${module}.mjs`);
  const started = await ask(child, { kind: "start", file });
  if (started.kind !== "started") throw new Error(`${file} started with ${started.kind}`);
  return {
    ...started,
    lines,
    async invoke(event, clockAheadMs = 0) {
      const timeoutMs = options.timeoutSeconds * 1000;
      const reply = await ask(child, { kind: "call", event, timeoutMs, clockAheadMs });
      return reply.kind === "returned" ? reply.value : undefined;
    },
    async [Symbol.asyncDispose]() {
      const exited = once(child, "exit");
      child.kill();
      await exited;
    },
  };
}

async function ask(child: ChildProcess, message: HostStart | HostCall): Promise<HostReply> {
  const reply = new Promise<HostReply>((resolve, reject) => {
    child.once("message", (answer) => resolve(answer as HostReply));
    child.once("exit", (code) => reject(new Error(`the function's process ended with ${code}`)));
  });
  child.send(message);
  const answer = await reply;
  if (answer.kind === "failed") throw new Error(answer.error);
  return answer;
}

/** "Defined runtime environment variables" in the AWS Lambda developer guide. */
function reservedVariables({ folder, handler, memoryMb }: LambdaOptions): Record<string, string> {
  return {
    _HANDLER: handler,
    _X_AMZN_TRACE_ID: "Root=1-5e1b4151-43a0913a12345678901234567;Sampled=0",
    AWS_ACCESS_KEY_ID: "ASIAEXAMPLE",
    AWS_SECRET_ACCESS_KEY: "not-a-secret",
    AWS_SESSION_TOKEN: "not-a-token",
    AWS_DEFAULT_REGION: "eu-central-1",
    AWS_REGION: "eu-central-1",
    AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
    AWS_LAMBDA_FUNCTION_NAME: "mapillary-relay-function",
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_LAMBDA_LOG_GROUP_NAME: "/mapillary-relay/alice",
    AWS_LAMBDA_LOG_STREAM_NAME: "2026/05/01/mapillary-relay-function[$LATEST]0123456789abcdef",
    LAMBDA_RUNTIME_DIR: "/var/runtime",
    LAMBDA_TASK_ROOT: folder,
    LANG: "en_US.UTF-8",
    NODE_PATH: "/opt/nodejs/node24/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules",
    PATH: "/var/lang/bin:/usr/local/bin:/usr/bin:/bin",
    TZ: ":UTC",
  };
}
