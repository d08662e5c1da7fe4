import type { Fleet } from "../lib/config/fleet.ts";
import { ruleFor } from "../lib/config/rules.ts";
import type { Trouble } from "../lib/ledger/ledger.ts";
import { redactorOf } from "../lib/mapillary/redact.ts";
import { createSsmTokenStore } from "../lib/mapillary/token.ssm.ts";
import { type StoredToken, TokenUnusableError } from "../lib/mapillary/token.ts";
import type { V4Account } from "../lib/mapillary/v4-account.ts";
import { TOKEN_REFUSED } from "../lib/mapillary/v4-answer.ts";
import { ORGANIZATION_REFUSED } from "../lib/mapillary/v4-checks.ts";
import { createGraph, type Graph, type Organization, type User } from "../lib/mapillary/v4-graph.http.ts";
import type { GraphResult } from "../lib/mapillary/v4-graph-answer.ts";

/** Something that stands against an account. */
export interface Objection extends Trouble {
  /** `refused`: until a person has done something · `untold`: it could not be asked now. */
  readonly kind: "refused" | "untold";
}

/** What Mapillary says of an account before anything is sent. */
export interface V4Look {
  /** Whose token it is; absent when it is refused, or could not be asked about. */
  readonly user?: User;
  /** ISO 8601 UTC; absent when nobody has noted it. */
  readonly expiresAt?: string;
  /** Those that were looked at and are seen by the account. */
  readonly organizations: readonly Organization[];
  /** Empty when all is well. */
  readonly objections: readonly Objection[];
}

/** The organizations that an account's photos are given to by the fleet's rules. */
export function organizationsOf(fleet: Pick<Fleet, "rules">, account: string): string[] {
  // Whatever holds for a photo holds for the longest prefix that fits it.
  const effective = fleet.rules.map(({ prefix }) => ruleFor(fleet, prefix));
  const ids = effective.flatMap((rule) => (rule.account === account ? (rule.organizationId ?? []) : []));
  return [...new Set(ids)];
}

/**
 * Asks whether an account's token holds, and whether it sees the organizations.
 *
 * @throws the signal's reason
 */
export async function lookAtV4Account(
  { credential, graphEndpoint }: V4Account,
  organizationIds: readonly string[],
  signal: AbortSignal,
): Promise<V4Look> {
  const token = await readToken(credential);
  if ("kind" in token) return { organizations: [], objections: [token] };
  const { accessToken, expiresAt } = token;
  const end = expiresAt === undefined ? {} : { expiresAt };
  const graph = createGraph({ graphEndpoint: graphEndpoint.replace(/\/+$/, "") });
  const me = await graph.readMe(accessToken, signal);
  if (me.kind !== "ok") return { ...end, organizations: [], objections: [objectionOf(me)] };
  const looks = await lookAtOrganizations(graph, accessToken, organizationIds, signal);
  return {
    user: me.value,
    ...end,
    organizations: looks.filter((look) => "id" in look),
    objections: looks.filter((look) => "kind" in look),
  };
}

async function lookAtOrganizations(
  graph: Graph,
  accessToken: string,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<(Organization | Objection)[]> {
  return await Promise.all(
    ids.map(async (id) => {
      const result = await graph.readOrganization(accessToken, id, signal);
      if (result.kind === "ok") return result.value;
      const objection = objectionOf(result);
      if (objection.kind === "untold" || objection.code === TOKEN_REFUSED) return objection;
      return {
        ...objection,
        code: ORGANIZATION_REFUSED,
        message: `organization ${id}: ${objection.message}`,
      };
    }),
  );
}

async function readToken(credential: V4Account["credential"]): Promise<StoredToken | Objection> {
  if (credential.kind === "token") return { accessToken: credential.accessToken };
  try {
    return await createSsmTokenStore(credential.name).read();
  } catch (error) {
    const message = redactorOf([]).line(error instanceof Error ? error.message : String(error));
    if (error instanceof TokenUnusableError) return { kind: "refused", code: error.code, message };
    return { kind: "untold", code: "token-unreadable", message };
  }
}

function objectionOf({ kind, code, message }: Exclude<GraphResult<unknown>, { kind: "ok" }>): Objection {
  return { kind: kind === "refused" ? "refused" : "untold", code, message };
}
