import { v5 as uuidV5 } from "uuid";
import { createSsmTokenStore } from "../mapillary/token.ssm.ts";
import { createFixedTokenSource, createStoredTokenSource, type TokenSource } from "../mapillary/token.ts";
import type { V4Account } from "../mapillary/v4-account.ts";
import { createV4Destination } from "../mapillary/v4-destination.http.ts";
import type { Account } from "./deps.ts";

/** Name space of the credentials' marks (RFC 9562, version 5): our own, fixed for good. */
const CREDENTIALS_NAMESPACE = "0c9d6f52-8e1b-5a47-b3d4-2f6a7c81e905";

/** Mark of a token that changes at run time: workers that read it minutes apart must not keep two gates. */
const STORED_MARK = "ssm";

/**
 * Sets up an account of the v4 lane.
 *
 * @param name the account's name in the fleet's rules
 * @param longestUploadMs a photo that takes longer is broken off, and goes on from there
 */
export function createV4Account(name: string, settings: V4Account, longestUploadMs: number): Account {
  const { uploadEndpoint, graphEndpoint } = settings;
  return {
    name,
    lane: "v4",
    key: { name, credentialsMark: markOf(settings) },
    // The token says who the user is; keys carry none.
    username: name,
    destination: createV4Destination({
      uploadEndpoint,
      graphEndpoint,
      tokens: tokensOf(settings),
      timeouts: { overallMs: longestUploadMs },
    }),
  };
}

function tokensOf({ credential }: V4Account): TokenSource {
  if (credential.kind === "token") return createFixedTokenSource(credential.accessToken);
  return createStoredTokenSource(createSsmTokenStore(credential.name), Date.now);
}

/** 32 bits of a hash: enough to tell new credentials from old, nothing to recover them from. */
function markOf({ credential, uploadEndpoint, graphEndpoint }: V4Account): string {
  if (credential.kind === "parameter") return STORED_MARK;
  const everything = JSON.stringify([credential.accessToken, uploadEndpoint, graphEndpoint]);
  return uuidV5(everything, CREDENTIALS_NAMESPACE).slice(0, 8);
}
