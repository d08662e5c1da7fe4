/**
 * The bucket lane: one browser-style POST per photo to an S3 bucket, authorized by a policy that was signed once for
 * the account, and one POST of an empty object named DONE when a sequence is complete. Nothing is left behind by an
 * attempt that fails: S3 stores an object when its body has come whole, or not at all.
 */
import {
  type Answer,
  finishOutcomeOfAnswer,
  finishOutcomeOfFault,
  outcomeOfAnswer,
  outcomeOfFault,
} from "./answer.ts";
import type { Timeouts } from "./attempt.http.ts";
import {
  type BucketAccount,
  credentialProblem,
  uploadUrlProblem,
  usernameProblem,
} from "./bucket-account.ts";
import type { Content, Destination, Never, Shipment } from "./destination.ts";
import { DONE_FILENAME, doneKey } from "./destination-key.ts";
import { type Exchange, exchange } from "./exchange.http.ts";
import { readPolicy } from "./policy.ts";
import { accountObjectionOf, photoObjectionOf, sizeObjection } from "./policy-objections.ts";
import { postForm } from "./post-form.ts";
import { type Redactor, redactorOf } from "./redact.ts";
import { readS3Error } from "./s3-error.ts";

const http = process.getBuiltinModule("node:http");
const https = process.getBuiltinModule("node:https");
const { randomBytes } = process.getBuiltinModule("node:crypto");

/** What the adapter needs. */
export interface BucketDestinationOptions extends BucketAccount {
  /** Each defaults to {@link DEFAULT_TIMEOUTS}. */
  readonly timeouts?: Partial<Timeouts>;
  /** ms since 1970; for dates in answers and the policy's expiry. Default: the system's clock. */
  readonly now?: () => number;
}

/** S3 itself gives up on a silent connection after about 20 s; 2 min carry a 20 MiB photo at 1.5 Mbit/s. */
const DEFAULT_TIMEOUTS: Timeouts = { connectMs: 5_000, idleMs: 20_000, overallMs: 120_000 };

/**
 * How long a connection is kept without use, in ms. Less than servers keep it (S3 some 5 s and more, not documented),
 * and a Lambda that was frozen drops what it held before it is used again.
 */
const KEEP_CONNECTION_MS = 4_000;

/**
 * The bucket lane for one account.
 *
 * @throws {TypeError} when the upload URL or the username is misshapen; it names the option and never repeats the
 *   value. Credentials that cannot be right are no such error but an objection: they stop the account, not the process.
 */
export function createBucketDestination(options: BucketDestinationOptions): Destination {
  assertUsable(options);
  const { username, now = Date.now } = options;
  const url = new URL(options.uploadUrl);
  const { Agent } = url.protocol === "https:" ? https : http;
  const agent = new Agent({ keepAlive: true, timeout: KEEP_CONNECTION_MS });
  const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
  const redactor = redactorOfAccount(options);
  const reading = readPolicy(options.permissionHash);

  function accountObjection(nowMs: number): Never<"account"> | undefined {
    const problem = credentialsProblem(options);
    if (problem !== undefined) return refusal("credentials-misshapen", problem);
    if ("policy" in reading) return accountObjectionOf(reading.policy, options, nowMs);
    return refusal("policy-unreadable", `the permission hash ${reading.problem}`);
  }

  function objection(shipment: Shipment, nowMs: number): Never<"photo" | "account"> | undefined {
    const ofAccount = accountObjection(nowMs);
    if (ofAccount !== undefined || !("policy" in reading)) return ofAccount;
    return photoObjectionOf(reading.policy, username, shipment);
  }

  /** A policy that allows no empty file fails every sequence at its end. */
  function markerObjection(): Never<"account"> | undefined {
    const size = "policy" in reading ? sizeObjection(reading.policy, 0) : undefined;
    return (
      size && refusal("policy-refuses-marker", `the empty object that finishes a sequence ${size.message}`)
    );
  }

  async function post(shipment: Shipment, content: Content, signal: AbortSignal): Promise<Exchange> {
    const { destinationKey, filename, sizeBytes } = shipment;
    const fields = { ...options, key: destinationKey };
    const { contentType, ...form } = postForm(newBoundary(), fields, filename, sizeBytes);
    const headers = { "Content-Type": contentType };
    return await exchange(
      { method: "POST", url, agent, timeouts, headers, ...form, content, sizeBytes },
      signal,
    );
  }

  return {
    repeatedFinish: "harmless",
    accountObjection,
    objection,

    async send(shipment, payload, signal) {
      const objected = objection(shipment, now());
      if (objected !== undefined) return objected;
      signal.throwIfAborted();
      const result = await post(shipment, await payload.open(0, signal), signal);
      if (result.kind === "fault") return outcomeOfFault(faultOf(result, redactor));
      return outcomeOfAnswer(answerOf(result, redactor), shipment.destinationKey, now());
    },

    async finish(sequence, signal) {
      const objected = accountObjection(now()) ?? markerObjection();
      if (objected !== undefined) return objected;
      const destinationKey = doneKey(username, sequence.id);
      const marker = { destinationKey, filename: DONE_FILENAME, sizeBytes: 0 };
      const result = await post(marker, { head: [], rest: nothing() }, signal);
      if (result.kind === "fault")
        return finishOutcomeOfFault(faultOf(result, redactor), result.mayHaveArrived);
      return finishOutcomeOfAnswer(answerOf(result, redactor), destinationKey, now());
    },
  };
}

function assertUsable({ uploadUrl, username }: BucketDestinationOptions): void {
  const urlProblem = uploadUrlProblem(uploadUrl);
  if (urlProblem !== undefined) throw new TypeError(`uploadUrl ${urlProblem}`);
  const nameProblem = usernameProblem(username);
  if (nameProblem !== undefined) throw new TypeError(`username ${nameProblem}`);
}

/** What is wrong with the credentials before the policy is looked into. */
function credentialsProblem({ signatureHash, accessKeyId }: BucketAccount): string | undefined {
  for (const [name, value] of Object.entries({ signatureHash, accessKeyId })) {
    const problem = credentialProblem(value);
    if (problem !== undefined) return `${name} ${problem}`;
  }
  return undefined;
}

/** The signature is looked for first and the username last, since a short name may be part of the others. */
function redactorOfAccount(account: BucketAccount): Redactor {
  const names = ["signatureHash", "permissionHash", "accessKeyId", "username"] as const;
  return redactorOf(names.map((name) => ({ name, value: account[name] })));
}

/** 16 random bytes: no file holds the boundary by chance, and none can be made to. */
function newBoundary(): string {
  return `----mapillary-relay-${randomBytes(16).toString("hex")}`;
}

function faultOf(result: Extract<Exchange, { kind: "fault" }>, redactor: Redactor) {
  return { ...result, message: redactor.line(result.message) };
}

function answerOf(result: Extract<Exchange, { kind: "answer" }>, redactor: Redactor): Answer {
  const { status, retryAfter, body, bodyWhole, sentWhole } = result;
  return {
    status,
    ...readS3Error(body, redactor),
    bodyWhole,
    ...(retryAfter === undefined ? {} : { retryAfter }),
    sentWhole,
  };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

function refusal(code: string, message: string): Never<"account"> {
  return { kind: "never", scope: "account", code, message };
}
