import { access } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { listenOnLoopback } from "../../../sandbox/listen.ts";
import { ACCOUNT } from "./mock-engine.ts";

/** The part of the CLI that the program talks to while it runs. */
export interface SstServer extends AsyncDisposable {
  readonly url: string;
  /** The folder of each function that would be uploaded, by the function's logical name. */
  readonly folders: ReadonlyMap<string, string>;
}

/** What the program asks for when a function's code is there already: `Runtime.Build` with a bundle. */
interface BuildRequest {
  readonly functionID: string;
  /** Module in the folder without its ending, a dot, and the export. */
  readonly handler: string;
  /** The folder. */
  readonly bundle?: string;
}

/** Starts the CLI's JSON-RPC server. */
export async function startSstServer(): Promise<SstServer> {
  const folders = new Map<string, string>();

  const methods: Readonly<Record<string, (params: unknown) => Promise<unknown>>> = {
    "Provider.Aws.Bootstrap": async (params) => {
      const { region } = params as { region: string };
      return {
        asset: `sst-asset-${region}`,
        state: `sst-state-${region}`,
        assetEcrRegistryId: ACCOUNT,
        assetEcrUrl: `${ACCOUNT}.dkr.ecr.${region}.amazonaws.com/sst-asset`,
      };
    },
    // As in pkg/runtime/runtime.go of SST's repository.
    "Runtime.Build": async (params) => {
      const { functionID, handler, bundle } = params as BuildRequest;
      if (bundle === undefined) throw new Error(`${functionID} has no bundle`);
      await access(join(bundle, `${handler.split(".")[0]}.mjs`));
      folders.set(functionID, bundle);
      return { handler, out: bundle, errors: [], sourcemaps: [] };
    },
  };

  async function answer(body: unknown): Promise<object> {
    const { method, params } = body as { method: string; params: unknown[] };
    const run = methods[method];
    if (run === undefined) return { error: `rpc: can't find method ${method}` };
    try {
      return { result: await run(params[0]) };
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) };
    }
  }

  const server = createServer(async (request, response) => {
    const body = JSON.stringify(await answer(await json(request)));
    response.setHeader("content-type", "application/json").end(body);
  });
  const listening = await listenOnLoopback(server);
  return { url: listening.url, folders, [Symbol.asyncDispose]: listening.stop };
}
