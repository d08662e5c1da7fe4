import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { LAMBDA_NODE_FLAGS } from "./start/bundle.ts";

const run = promisify(execFile);

/** One way to get a photo from where it lies to the destination. */
export interface Peer {
  readonly name: PeerName;
  /** What it is, for people. */
  readonly title: string;
  /** Flags of Node that it runs with; `undefined` for a Python script. */
  readonly nodeFlags?: readonly string[];
  /** Its file in `peers/`. */
  readonly script: string;
  /** What it needs in its environment beside the job. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Every peer, in the order in which they take turns. */
export const PEER_NAMES = ["seed", "seed-session", "obvious", "pipe", "curl", "copy", "relay"] as const;
/** One of {@link PEER_NAMES}. */
export type PeerName = (typeof PEER_NAMES)[number];

/** All of them. */
export const PEERS: Readonly<Record<PeerName, Peer>> = {
  seed: {
    name: "seed",
    title: "the way of 2017: file from disk, Python requests",
    script: "seed.py",
  },
  "seed-session": {
    name: "seed-session",
    title: "the same, connection kept",
    script: "seed.py",
    environment: { BENCH_SESSION: "yes" },
  },
  obvious: {
    name: "obvious",
    title: "the obvious Lambda: SDK into memory, FormData, fetch",
    script: "obvious-child.ts",
    nodeFlags: [],
  },
  pipe: {
    name: "pipe",
    title: "bare Node: GET piped into POST",
    script: "pipe-child.ts",
    nodeFlags: [],
  },
  curl: {
    name: "curl",
    title: "curl -F from disk, one process (no source side)",
    script: "curl.py",
  },
  copy: {
    name: "copy",
    title: "our copy path alone",
    script: "copy-child.ts",
    nodeFlags: LAMBDA_NODE_FLAGS,
  },
  relay: {
    name: "relay",
    title: "our relay as shipped: handler, EXIF, ledger and all",
    script: "relay-child.ts",
    nodeFlags: LAMBDA_NODE_FLAGS,
  },
};

/** Absolute path of a peer's script. */
export function scriptOf({ script }: Peer): string {
  return fileURLToPath(new URL(`peers/${script}`, import.meta.url));
}

/** @returns why a peer cannot run on this machine; `undefined` when it can */
export async function whyMissing(peer: Peer): Promise<string | undefined> {
  if (peer.nodeFlags !== undefined) return undefined;
  const tools: readonly (readonly [string, readonly string[], string])[] =
    peer.name === "curl"
      ? [
          ["curl", ["--version"], "curl is not installed"],
          ["python3", ["--version"], "python3, which measures it, is not installed"],
        ]
      : [["python3", ["-c", "import requests"], "python3 with the package requests is not installed"]];
  for (const [command, args, problem] of tools) {
    const isThere = await run(command, args).then(
      () => true,
      () => false,
    );
    if (!isThere) return problem;
  }
  return undefined;
}
