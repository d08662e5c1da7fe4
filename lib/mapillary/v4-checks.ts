/** What is looked into before the first byte: whether the token holds, and whether it sees the organization. */
import type { Later, Never } from "./destination.ts";
import { redactorOfToken } from "./token.ts";
import { TOKEN_REFUSED } from "./v4-answer.ts";
import type { Graph } from "./v4-graph.http.ts";
import type { GraphResult } from "./v4-graph-answer.ts";
import { untilAborted } from "./v4-until-aborted.ts";

/** Code of an organization that the token does not see. */
export const ORGANIZATION_REFUSED = "organization-refused";

/** What stands against an account, or against asking now. */
type Objection = Later | Never<"account">;

/** The checks of one account. */
export interface Checks {
  /**
   * Looks into what was not looked into before, once per token and organization in the life of the process. Callers
   * that come meanwhile share the answer; what stands against them is not remembered.
   *
   * @returns what stands against it; `undefined`: nothing
   * @throws the signal's reason
   */
  pass(
    accessToken: string,
    organizationId: string | undefined,
    signal: AbortSignal,
  ): Promise<Objection | undefined>;
}

interface Check {
  readonly result: Promise<Objection | undefined>;
  readonly stop: AbortController;
  waiting: number;
}

/** Makes the checks of one account, none passed yet. */
export function createChecks(graph: Pick<Graph, "readMe" | "readOrganization">): Checks {
  let knownToken: string | undefined;
  let passed = new Set<string>();
  let underWay = new Map<string, Check>();

  /** What is known of another token is worth nothing. */
  function turnTo(accessToken: string): void {
    if (accessToken === knownToken) return;
    knownToken = accessToken;
    passed = new Set();
    underWay = new Map();
  }

  async function passOne(
    name: string,
    look: (signal: AbortSignal) => Promise<Objection | undefined>,
    signal: AbortSignal,
  ): Promise<Objection | undefined> {
    // Those of this token, also when another one's turn comes meanwhile.
    const [mine, checks] = [passed, underWay];
    if (mine.has(name)) return undefined;
    const check = checks.get(name) ?? begin(look);
    checks.set(name, check);
    check.waiting += 1;
    try {
      const objection = await untilAborted(check.result, signal);
      if (objection === undefined) mine.add(name);
      return objection;
    } finally {
      check.waiting -= 1;
      // The answer is there, or nobody waits for it any more.
      const isOver = !signal.aborted || check.waiting === 0;
      if (isOver && checks.get(name) === check) checks.delete(name);
      if (check.waiting === 0) check.stop.abort(new Error("nobody waits for the check"));
    }
  }

  return {
    async pass(accessToken, organizationId, signal) {
      signal.throwIfAborted();
      turnTo(accessToken);
      const me = async (stop: AbortSignal) => objectionTo(await graph.readMe(accessToken, stop));
      const ofUser = await passOne("me", me, signal);
      if (ofUser !== undefined || organizationId === undefined) return ofUser;
      turnTo(accessToken);
      const organization = async (stop: AbortSignal) => {
        const result = await graph.readOrganization(accessToken, organizationId, stop);
        return organizationObjection(accessToken, organizationId, result);
      };
      return await passOne(`organization ${organizationId}`, organization, signal);
    },
  };
}

function begin(look: (signal: AbortSignal) => Promise<Objection | undefined>): Check {
  const stop = new AbortController();
  return { result: look(stop.signal), stop, waiting: 0 };
}

function objectionTo(result: GraphResult<unknown>): Objection | undefined {
  if (result.kind === "refused")
    return { kind: "never", scope: "account", code: result.code, message: result.message };
  return result.kind === "later" ? result : undefined;
}

function organizationObjection(
  accessToken: string,
  organizationId: string,
  result: GraphResult<unknown>,
): Objection | undefined {
  const objection = objectionTo(result);
  const isOrganization = objection?.kind === "never" && objection.code !== TOKEN_REFUSED;
  if (!isOrganization) return objection;
  const message = redactorOfToken(accessToken).line(`organization ${organizationId}: ${objection.message}`);
  return { ...objection, code: ORGANIZATION_REFUSED, message };
}
