import { join } from "node:path";
import type { Account } from "../lib/pipeline/deps.ts";
import { createV4Account } from "../lib/pipeline/v4-account.node.ts";
import type { V4Dials } from "./v4/dials.ts";
import { openFolderStorage } from "./v4/folder-storage.ts";
import { startV4StandIn, type V4StandIn } from "./v4/stand-in.ts";

/** What the embedded Mapillary shall be. */
export interface CloudV4Options {
  /** What arrived is kept in a folder in it. */
  readonly directory: string;
  /** Names of the accounts; each is a user of its own. */
  readonly accountNames: readonly string[];
  /** Numbers of the organizations that the fleet's rules name; all accounts belong to all. */
  readonly organizationIds: readonly string[];
  /** Default: nothing goes wrong. */
  readonly faults?: Partial<V4Dials>;
  /** Longest that one upload may take, in ms. */
  readonly longestUploadMs: number;
}

/** Today's Mapillary on this machine. */
export interface CloudV4 {
  readonly accounts: ReadonlyMap<string, Account>;
  readonly standIn: V4StandIn;
  stop(): Promise<void>;
}

/** Starts the stand-in on a free port of 127.0.0.1. */
export async function startCloudV4(options: CloudV4Options): Promise<CloudV4> {
  const { accountNames, organizationIds, longestUploadMs } = options;
  const standIn = await startV4StandIn({
    storage: await openFolderStorage(join(options.directory, "mapillary")),
    usernames: accountNames,
    organizations: organizationIds.map((id) => ({ id, slug: `org-${id}`, name: id, description: "" })),
    ...(options.faults && { faults: options.faults }),
  });
  const accounts = standIn.users.map(({ username, accessToken }) => {
    const endpoints = { uploadEndpoint: standIn.uploadUrl, graphEndpoint: standIn.url };
    const credential = { kind: "token", accessToken } as const;
    return [username, createV4Account(username, { credential, ...endpoints }, longestUploadMs)] as const;
  });
  return { accounts: new Map(accounts), standIn, stop: standIn.stop };
}
