/**
 * A stand-in for today's Mapillary on 127.0.0.1: the upload service (rupload), the graph API and the OAuth page, all on
 * one origin.
 *
 *     GET, POST /mapillary_public_uploads/KEY   where a session stands; more bytes for it
 *     POST      /finish_upload                  a manifest becomes a sequence ("cluster")
 *     POST      /token                          authorization_code and refresh_token
 *     GET       /me, /ID                        the user, an organization
 *     GET       /connect                        consent, given at once; goes back to a redirect_uri on this machine only
 *     GET       /__sandbox/clusters             what was finished, with what is wrong with it
 *     GET       /__sandbox/images/HANDLE        the bytes of a handle
 *
 * There is no official description of the upload. Answers are those seen from the real services where somebody has seen
 * them (mapillary_tools and its issues); what nobody outside Mapillary can know is marked [?] where it is decided, and
 * listed here: a second POST to a session under way is answered 412; a key of more than 255 bytes, an `X-Entity-Name` of
 * another key, an `Offset` that is no number and bytes beyond `X-Entity-Length` are answered 400; bodies of unknown
 * length (chunked) are taken; sessions are each user's own and last for a time counted from their first byte; a handle is
 * the same for its key for as long as it is good, and good for a whole lifetime again whenever it is answered; an
 * expired one is followed by another; a second finish of a manifest makes a second sequence; a refreshed token stays good
 * until it expires; unknown ids are answered 400, as Facebook's graph does.
 */
import { type Listen, onOwnPort } from "../listen.ts";
import { type Accounts, currentToken, type IssuedToken, openAccounts, type User } from "./accounts.ts";
import { type Cluster, openClusters } from "./clusters.ts";
import type { V4Dials } from "./dials.ts";
import { createV4Faults, type V4Faults } from "./faults.ts";
import { openHandles } from "./handles.ts";
import { createMemoryStorage } from "./memory-storage.ts";
import { createRequestLog, type V4RequestEntry, type V4RequestLog } from "./request-log.ts";
import { UPLOAD_PATH } from "./routes.ts";
import { createV4Server } from "./server.ts";
import type { Organization, V4Service } from "./service.ts";
import { openSessions } from "./sessions.ts";
import { openState } from "./state.ts";
import type { V4Storage } from "./storage.ts";

/** What the stand-in shall be. */
export interface V4StandInOptions {
  /** TCP port on 127.0.0.1. Default 0: any free one. */
  readonly port?: number;
  /** Where to listen instead. Default: on a port of its own. */
  readonly listen?: Listen;
  /** Where bytes and state are kept; the stand-in closes it in the end. Default: in memory, until it stops. */
  readonly storage?: V4Storage;
  /** Who uploads; the first is who agrees on the OAuth page. Default: `sandbox` alone. */
  readonly usernames?: readonly string[];
  /** Default: none. */
  readonly organizations?: readonly Organization[];
  /** The application that logs people in. Default: one of the stand-in's own, kept in its state. */
  readonly client?: { readonly id: string; readonly secret: string };
  /** How long a file handle is good. Default 4 days, the one expiry that was seen. */
  readonly handleLifetimeMs?: number;
  /** How long a session keeps its bytes, from the first. Default 7 days; the real time is not known. */
  readonly sessionLifetimeMs?: number;
  /** How long an access token is good. Default 60 days. */
  readonly tokenLifetimeMs?: number;
  /** Epoch milliseconds. Default: the machine's clock. */
  readonly now?: () => number;
  /** How the fault dials stand at first. Default: nothing goes wrong. */
  readonly faults?: Partial<V4Dials>;
  /** Makes faults by share repeatable. Default 1. */
  readonly seed?: number;
  /** Called before each request is answered, and for one that is not, once that is certain. */
  readonly onRequest?: (entry: V4RequestEntry) => void;
}

/** A running stand-in. */
export interface V4StandIn {
  /** Scheme, host and port, without a slash at the end: the graph API's address. */
  readonly url: string;
  /** The upload service's address, without a slash at the end. */
  readonly uploadUrl: string;
  /** The OAuth page's address. */
  readonly connectUrl: string;
  readonly client: { readonly id: string; readonly secret: string };
  /** The users, each with a token that opens everything. */
  readonly users: readonly (User & IssuedToken)[];
  readonly faults: V4Faults;
  /** What came in so far. */
  readonly requests: V4RequestLog;
  /**
   * Makes another token. Default: for the first user.
   *
   * @throws {RangeError} when there is no such user.
   */
  issueToken(username?: string): IssuedToken;
  /** From now on the token opens nothing. */
  revokeToken(accessToken: string): void;
  /** From now on the handle has expired. */
  expireHandle(handle: string): void;
  /** Forgets the bytes of a session, every user's. */
  forgetSession(key: string): Promise<void>;
  /** Every finished sequence, in the order of finishing, with what is wrong with it. */
  clusters(): Promise<readonly Cluster[]>;
  /** The bytes that a handle stands for, whoever's it is; undefined when it is unknown. */
  openImage(handle: string): AsyncIterable<Uint8Array> | undefined;
  /** Cuts what is under way and frees the port. Safe to call twice. */
  stop(): Promise<void>;
}

const DAY_MS = 24 * 3_600_000;

/**
 * Starts a stand-in.
 *
 * @throws when the port is taken, the storage holds something else, or a fault dial cannot stand as it is told to.
 */
export async function startV4StandIn(options: V4StandInOptions = {}): Promise<V4StandIn> {
  const { storage = createMemoryStorage(), now = Date.now } = options;
  await using parts = new AsyncDisposableStack();
  parts.defer(() => storage.close());
  const state = await openState(storage);
  const accounts = openAccounts({
    state,
    usernames: options.usernames ?? ["sandbox"],
    client: options.client,
    tokenLifetimeMs: options.tokenLifetimeMs ?? 60 * DAY_MS,
    now,
  });
  const users = accounts.users.map((user) => ({ ...user, ...currentToken(accounts, state, user) }));
  const faults = createV4Faults(options.faults ?? {}, options.seed ?? 1, now);
  const service: V4Service = {
    accounts,
    sessions: openSessions(state, storage, options.sessionLifetimeMs ?? 7 * DAY_MS, now),
    handles: openHandles(state, options.handleLifetimeMs ?? 4 * DAY_MS, now),
    clusters: openClusters(state, storage, now),
    organizations: options.organizations ?? [],
    storage,
    faults,
    now,
  };
  const requests = createRequestLog(options.onRequest ?? (() => {}));
  const { listener, settle } = createV4Server(service, requests);
  const listen = options.listen ?? onOwnPort(options.port);
  const { url, stop } = await listen(listener);
  parts.defer(settle);
  parts.defer(stop);
  const running = parts.move();
  return {
    url,
    uploadUrl: `${url}${UPLOAD_PATH}`,
    connectUrl: `${url}/connect`,
    client: accounts.client,
    users,
    faults,
    requests,
    ...leversOf(service),
    stop: () => running.disposeAsync(),
  };
}

type Levers = Pick<
  V4StandIn,
  "issueToken" | "revokeToken" | "expireHandle" | "forgetSession" | "clusters" | "openImage"
>;

function leversOf({ accounts, sessions, handles, clusters, storage }: V4Service): Levers {
  return {
    issueToken: (username) => accounts.issue(findUser(accounts, username).id),
    revokeToken: (accessToken) => accounts.revoke(accessToken),
    expireHandle: (handle) => handles.expire(handle),
    async forgetSession(key) {
      for (const { id: userId } of accounts.users) await sessions.forget({ userId, key });
    },
    clusters: () => clusters.list(),
    openImage(handle) {
      const bytes = handles.bytesOf(handle);
      return bytes && storage.read(bytes.file, { start: 0, end: bytes.sizeBytes });
    },
  };
}

function findUser({ users }: Accounts, username: string | undefined): User {
  const user = username === undefined ? users[0] : users.find((candidate) => candidate.username === username);
  if (user === undefined) throw new RangeError(`there is no user ${username ?? "at all"}`);
  return user;
}
