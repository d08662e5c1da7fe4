import type { IncomingHttpHeaders } from "node:http";
import type { Accounts, User } from "./accounts.ts";
import { GraphError, INVALID_TOKEN, UploadError } from "./answer.ts";
import type { Clusters } from "./clusters.ts";
import type { FaultDesk } from "./faults.ts";
import type { Handles } from "./handles.ts";
import type { Route } from "./routes.ts";
import type { Sessions } from "./sessions.ts";
import type { V4Storage } from "./storage.ts";

/** An organization that photos can be given to. */
export interface Organization {
  /** Digits. */
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly description: string;
}

/** What the operations work on. */
export interface V4Service {
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly handles: Handles;
  readonly clusters: Clusters;
  readonly organizations: readonly Organization[];
  readonly storage: V4Storage;
  readonly faults: FaultDesk;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** A request, taken apart. */
export interface V4Request {
  readonly route: Route;
  readonly headers: IncomingHttpHeaders;
  /** Ends well only when all of the body came. */
  readonly body: AsyncIterable<Uint8Array>;
  /** To be told of bytes that went into a session. */
  readonly onKept: (bytes: number) => void;
}

/**
 * Whose request it is.
 *
 * @throws {UploadError | GraphError} 401 when it carries no token that opens anything.
 */
export function authorize({ accounts, faults }: V4Service, { route, headers }: V4Request): User {
  const accessToken = oauthValue(headers.authorization);
  if (accessToken === undefined) throw unauthorized(route, "An access token is required");
  if (accounts.userOf(accessToken) !== undefined && faults.revokesToken()) accounts.revoke(accessToken);
  const user = accounts.userOf(accessToken);
  if (user === undefined) throw unauthorized(route, "The access token is invalid or has expired");
  return user;
}

/** What stands behind `OAuth` in an Authorization header; undefined when there is nothing. */
export function oauthValue(authorization: string | undefined): string | undefined {
  return /^OAuth +(\S+)$/i.exec(authorization ?? "")?.[1];
}

function unauthorized({ service }: Route, message: string): UploadError | GraphError {
  return service === "upload"
    ? new UploadError(401, "NotAuthorizedError", message)
    : new GraphError(401, INVALID_TOKEN, message);
}
