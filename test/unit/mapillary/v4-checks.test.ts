import { describe, expect, it } from "vitest";
import { createChecks } from "../../../lib/mapillary/v4-checks.ts";
import type { Graph } from "../../../lib/mapillary/v4-graph.http.ts";
import {
  destinationTo,
  NEVER,
  OTHER_TOKEN,
  payloadOf,
  photoOf,
  shipmentOf,
  startForTest,
  TOKEN,
} from "./v4-fixture.ts";

type Me = Awaited<ReturnType<Graph["readMe"]>>;
type Named = Awaited<ReturnType<Graph["readOrganization"]>>;

const ME: Me = { kind: "ok", value: { id: "1", username: "alice" } };
const ORGANIZATION: Named = { kind: "ok", value: { id: "9", slug: "", name: "", description: "" } };

/** A graph that answers in turn, and well when it runs out; it waits for `go`. */
function graphOf(
  { me = [], organization = [] }: { readonly me?: Me[]; readonly organization?: Named[] } = {},
  go: Promise<void> = Promise.resolve(),
) {
  const asked: string[] = [];
  const broken: unknown[] = [];
  const wait = async (what: string, signal: AbortSignal): Promise<void> => {
    asked.push(what);
    const aborted = new Promise<never>((_, fail) => {
      signal.addEventListener("abort", () => {
        broken.push(signal.reason);
        fail(signal.reason);
      });
    });
    await Promise.race([go, aborted]);
  };
  const graph: Pick<Graph, "readMe" | "readOrganization"> = {
    async readMe(token, signal) {
      await wait(`me ${token === TOKEN ? 1 : 2}`, signal);
      return me.shift() ?? ME;
    },
    async readOrganization(_token, id, signal) {
      await wait(`organization ${id}`, signal);
      return organization.shift() ?? ORGANIZATION;
    },
  };
  return { ...graph, asked, broken };
}

const refused = (code: string) => ({ kind: "refused", code, message: "no" }) as const;
const later = { kind: "later", code: "http-503", message: "busy", afterMs: 7 } as const;

describe("the checks", () => {
  it("are made once for each token and organization", async () => {
    const graph = graphOf();
    const checks = createChecks(graph);

    const results = [
      await checks.pass(TOKEN, undefined, NEVER),
      await checks.pass(TOKEN, "9", NEVER),
      await checks.pass(TOKEN, "9", NEVER),
      await checks.pass(TOKEN, "8", NEVER),
      await checks.pass(TOKEN, undefined, NEVER),
    ];

    expect(results).toEqual(Array.from({ length: 5 }, () => undefined));
    expect(graph.asked).toEqual(["me 1", "organization 9", "organization 8"]);
  });

  it("are made again when the token is another one", async () => {
    const graph = graphOf();
    const checks = createChecks(graph);

    await checks.pass(TOKEN, "9", NEVER);
    await checks.pass(OTHER_TOKEN, "9", NEVER);
    await checks.pass(OTHER_TOKEN, "9", NEVER);

    expect(graph.asked).toEqual(["me 1", "organization 9", "me 2", "organization 9"]);
  });

  it("are shared by all that come meanwhile", async () => {
    const graph = graphOf();
    const checks = createChecks(graph);

    await Promise.all(Array.from({ length: 16 }, () => checks.pass(TOKEN, "9", NEVER)));

    expect(graph.asked).toEqual(["me 1", "organization 9"]);
  });

  it.each([
    [
      "a token that is refused",
      { me: [refused("token-refused")] },
      { kind: "never", scope: "account", code: "token-refused" },
    ],
    [
      "a graph that is not there",
      { me: [refused("http-404")] },
      { kind: "never", scope: "account", code: "http-404" },
    ],
    ["a world that fails", { me: [later] }, later],
    [
      "an organization that is not seen",
      { organization: [refused("graph-100")] },
      { kind: "never", scope: "account", code: "organization-refused", message: "organization 9: no" },
    ],
    [
      "an organization that is forbidden",
      { organization: [refused("forbidden")] },
      { code: "organization-refused" },
    ],
    [
      "a token that ended in between",
      { organization: [refused("token-refused")] },
      { code: "token-refused" },
    ],
    ["a world that fails in between", { organization: [later] }, later],
  ])("object to %s, and ask again the next time", async (_what, results, expected) => {
    const checks = createChecks(graphOf(results));

    expect(await checks.pass(TOKEN, "9", NEVER)).toMatchObject(expected);
    expect(await checks.pass(TOKEN, "9", NEVER)).toBeUndefined();
  });

  it("go on for the others when one stops waiting, and are broken off when all do", async () => {
    const go = Promise.withResolvers<void>();
    const graph = graphOf({}, go.promise);
    const checks = createChecks(graph);
    const [first, second] = [new AbortController(), new AbortController()];

    const waiting = [
      checks.pass(TOKEN, undefined, first.signal),
      checks.pass(TOKEN, undefined, second.signal),
    ];
    const third = new AbortController();
    first.abort(new Error("first"));
    await expect(waiting[0]).rejects.toThrow("first");
    waiting.push(checks.pass(TOKEN, undefined, third.signal));
    expect(graph.broken).toEqual([]);
    second.abort(new Error("second"));
    third.abort(new Error("third"));
    const fourth = checks.pass(TOKEN, undefined, NEVER);
    go.resolve();

    await expect(waiting[1]).rejects.toThrow("second");
    await expect(waiting[2]).rejects.toThrow("third");
    expect(await fourth).toBeUndefined();
    expect(graph.asked.length).toBeLessThanOrEqual(2);
  });

  it("do not begin for a caller whose time is up", async () => {
    const stop = AbortSignal.abort(new Error("too late"));
    const graph = graphOf();

    await expect(createChecks(graph).pass(TOKEN, undefined, stop)).rejects.toThrow("too late");
    expect(graph.asked).toEqual([]);
  });
});

describe("before the first byte", () => {
  const photo = photoOf(100);

  it("a destination asks about the token once, for photos sent together", async () => {
    const standIn = await startForTest();
    const destination = destinationTo(standIn);

    await Promise.all(
      ["a", "b", "c"].map((destinationKey) =>
        destination.send(shipmentOf(photo, { destinationKey }), payloadOf(photo), NEVER),
      ),
    );

    expect(standIn.requests.count("Me")).toBe(1);
    expect(standIn.requests.count("PostBytes")).toBe(3);
  });

  it("an organization that is not there stops the account, without a byte sent", async () => {
    const standIn = await startForTest();
    const payload = payloadOf(photo);
    const destination = destinationTo(standIn);

    const outcomes = [
      await destination.send(shipmentOf(photo, { organizationId: "5" }), payload, NEVER),
      await destination.finish({ id: "s", handles: ["h"], organizationId: "5" }, NEVER),
      await destination.send(shipmentOf(photo, { organizationId: "../me" }), payload, NEVER),
    ];

    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ kind: "never", scope: "account", code: "organization-refused" });
    expect(payload.opens).toEqual([]);
    expect(standIn.requests.count("PostBytes") + standIn.requests.count("GetOffset")).toBe(0);
    expect(standIn.requests.count("Me") + standIn.requests.count("Node")).toBe(3);
  });

  it.each([500, 503])("a graph that answers %i is asked later", async (status) => {
    const standIn = await startForTest();
    standIn.faults.script({ on: "Me", fault: { kind: "answer", when: "before", status, code: "X" } });

    const outcome = await destinationTo(standIn).send(shipmentOf(photo), payloadOf(photo), NEVER);

    expect(outcome).toMatchObject({ kind: "later" });
    expect(standIn.requests.count("PostBytes")).toBe(0);
  });
});
