import type { Fleet } from "../lib/config/fleet.ts";
import type { BucketAccount } from "../lib/mapillary/bucket-account.ts";
import { readPolicy } from "../lib/mapillary/policy.ts";
import { createBucketDestination } from "../lib/mapillary/post-object.http.ts";
import type { V4Account } from "../lib/mapillary/v4-account.ts";
import type { Organization, User } from "../lib/mapillary/v4-graph.http.ts";
import { printable } from "./terminal-text.ts";
import { lookAtV4Account, type Objection, organizationsOf } from "./v4-look.ts";

/** What is known of one account. Field names are a contract: other tools read them. */
export interface CheckedAccount {
  readonly account: string;
  readonly destination: Fleet["destination"];
  /** `unknown`: Mapillary could not be asked. */
  readonly verdict: "accepted" | "refused" | "unknown";
  /** v4: whose token it is. */
  readonly user: User | null;
  /** ISO 8601 UTC: when the token or the policy ends. `null` when that is not known. */
  readonly expiresAt: string | null;
  /** v4: those of the fleet's rules that the account sees. */
  readonly organizations: readonly Organization[];
  /** What stands against it. */
  readonly objections: readonly Objection[];
}

/** Asks Mapillary about an account. @throws the signal's reason */
export async function checkV4Account(
  account: string,
  settings: V4Account,
  fleet: Pick<Fleet, "rules">,
  signal: AbortSignal,
): Promise<CheckedAccount> {
  const look = await lookAtV4Account(settings, organizationsOf(fleet, account), signal);
  const { user = null, expiresAt = null, organizations, objections } = look;
  return {
    account,
    destination: "v4",
    verdict: verdictOf(objections),
    user,
    expiresAt,
    organizations,
    objections,
  };
}

/** Looks at an account's policy; nothing is sent. */
export function checkBucketAccount(account: string, settings: BucketAccount, nowMs: number): CheckedAccount {
  const objection = createBucketDestination(settings).accountObjection(nowMs);
  const reading = readPolicy(settings.permissionHash);
  const objections: Objection[] =
    objection === undefined ? [] : [{ kind: "refused", code: objection.code, message: objection.message }];
  return {
    account,
    destination: "bucket",
    verdict: verdictOf(objections),
    user: null,
    expiresAt: "policy" in reading ? new Date(reading.policy.expiresAtMs).toISOString() : null,
    organizations: [],
    objections,
  };
}

function verdictOf(objections: readonly Objection[]): CheckedAccount["verdict"] {
  if (objections.some(({ kind }) => kind === "refused")) return "refused";
  return objections.length > 0 ? "unknown" : "accepted";
}

const VERDICTS = {
  accepted: "✓",
  refused: "✗",
  unknown: "?",
} as const;

/** The same for a person, in lines. */
export function tellCheckedAccount(checked: CheckedAccount): string {
  const { account, destination, verdict, user, organizations, objections } = checked;
  const facts = [
    ...(user === null
      ? []
      : [`user ${user.username === "" ? "without a name" : user.username} (${user.id})`]),
    ...organizations.map(({ id, name, slug }) => `organization ${id}: ${name === "" ? slug : name}`),
    ...(verdict === "accepted" ? [tellEnd(checked)] : []),
    ...objections.map(({ kind, code, message }) =>
      kind === "refused" ? `${code}: ${message}` : `could not be asked: ${code}: ${message}`,
    ),
  ];
  const head = `${VERDICTS[verdict]} ${account}, ${destination === "v4" ? "v4" : "bucket lane"}: ${verdict}`;
  return [head, ...facts.map((fact) => `    ${fact}`)].map(printable).join("\n");
}

function tellEnd({ destination, expiresAt }: CheckedAccount): string {
  const what = destination === "v4" ? "token" : "policy";
  if (expiresAt !== null) return `the ${what} holds until ${expiresAt}`;
  return `until when the ${what} holds is not known (tokens live about 60 days)`;
}
