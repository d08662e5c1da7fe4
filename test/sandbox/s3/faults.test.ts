import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { createFaults, type Fault } from "../../../sandbox/faults.ts";
import type { S3Operation } from "../../../sandbox/s3/service.ts";
import { clientFor, collect, listKeys, patternedBytes, pieces, send, startForTest } from "./fixture.ts";
import { postForm } from "./form.ts";

const SLOW_DOWN: Fault = { kind: "answer", when: "before", status: 503, code: "SlowDown" };
const FORM = [
  { name: "key", value: "x" },
  { name: "file", value: patternedBytes(200_000) },
];

describe("the fault dial", () => {
  it("hands out its script in order, each entry to the operation it is meant for", () => {
    const lost: Fault = { kind: "drop-response", afterBytes: 0 };
    const faults = createFaults({
      script: [
        { on: "Put", fault: SLOW_DOWN },
        { fault: "none" },
        { fault: lost },
        { on: "Put", fault: lost },
      ],
    });

    const handedOut = ["Get", "Put", "Get", "Get", "Put", "Put"].map((operation) => faults.next(operation));

    expect(handedOut).toEqual([undefined, SLOW_DOWN, lost, undefined, lost, undefined]);
    expect(faults.pending).toBe(0);
  });

  it("strikes about the share it is set to, and the same requests for the same seed", () => {
    const strikes = (seed: number) => {
      const faults = createFaults({ shares: [{ on: "Put", share: 0.2, fault: SLOW_DOWN }], seed });
      return Array.from({ length: 5_000 }, (_, i) => faults.next(i % 2 === 0 ? "Put" : "Get") !== undefined);
    };

    const first = strikes(7);

    const struck = first.flatMap((isStruck, i) => (isStruck ? [i] : []));
    expect(struck.length).toBeGreaterThan(425);
    expect(struck.length).toBeLessThan(575);
    expect(struck.every((i) => i % 2 === 0)).toBe(true);
    expect(strikes(7)).toEqual(first);
    expect(strikes(8)).not.toEqual(first);
  });

  it("never strikes at 0 and always at 1", () => {
    const never = createFaults({ shares: [{ share: 0, fault: SLOW_DOWN }] });
    const always = createFaults({ shares: [{ share: 1, fault: SLOW_DOWN }] });

    for (let i = 0; i < 1_000; i++)
      expect([never.next("Get"), always.next("Get")]).toEqual([undefined, SLOW_DOWN]);
  });

  it("can be turned while it is in use", () => {
    const faults = createFaults({ shares: [{ share: 1, fault: SLOW_DOWN }] });
    faults.clear();
    const cleared = faults.next("Get");
    faults.script({ on: "Put", fault: SLOW_DOWN }, { on: "Put", fault: "none" });

    expect([cleared, faults.pending, faults.next("Put"), faults.pending]).toEqual([
      undefined,
      2,
      SLOW_DOWN,
      1,
    ]);
  });

  it.each<[string, Fault]>([
    ["status", { kind: "answer", when: "before", status: 99, code: "X" }],
    ["afterBytes", { kind: "drop-request", afterBytes: -1 }],
    ["bytesPerSecond", { kind: "slow", bytesPerSecond: 0 }],
    ["delayMs", { kind: "slow", delayMs: Number.NaN }],
  ])("refuses an impossible %s, naming it", (name, fault) => {
    expect(() => createFaults({ script: [{ fault }] })).toThrow(`fault dial: ${name} is`);
    expect(() => createFaults({ shares: [{ share: 1, fault }] })).toThrow(`fault dial: ${name} is`);
    expect(() => createFaults().script({ fault })).toThrow(`fault dial: ${name} is`);
    expect(() => createFaults({ shares: [{ share: 1.1, fault: SLOW_DOWN }] })).toThrow(
      "fault dial: share is 1.1",
    );
  });
});

async function startWith(on: S3Operation, fault: Fault) {
  const faults = createFaults<S3Operation>({ script: [{ on, fault }] });
  const sandbox = await startForTest({ faults });
  const content = patternedBytes(200_000);
  await sandbox.store.put({ key: "old", modifiedMs: 0, headers: {}, tags: [], body: pieces([content]) });
  return { ...sandbox, content };
}

describe("what the fault dial does to a request", () => {
  it("answers instead of doing it", async () => {
    const sandbox = await startWith("PostObject", { ...SLOW_DOWN, headers: { "retry-after": "7" } });

    const first = await postForm(sandbox.url, FORM);
    const stored = await listKeys(sandbox.store);
    const second = await postForm(sandbox.url, FORM);

    expect(first).toMatchObject({ status: 503, code: "SlowDown", headers: { "retry-after": "7" } });
    expect(stored).toEqual(["old"]);
    expect(second.status).toBe(204);
    expect(sandbox.requests.count("PostObject")).toBe(2);
    expect(sandbox.requests.countAnswers("PostObject", 503)).toBe(1);
    expect(sandbox.requests.count()).toBe(2);
  });

  it("does it and then answers something else", async () => {
    const fault: Fault = {
      kind: "answer",
      when: "after",
      status: 500,
      code: "InternalError",
      body: "not even XML",
    };
    const sandbox = await startWith("PostObject", fault);

    const response = await postForm(sandbox.url, FORM);

    expect(response).toMatchObject({ status: 500, body: Buffer.from("not even XML") });
    expect(await listKeys(sandbox.store)).toEqual(["old", "x"]);
  });

  it.each([0, 1, 100_000, 10_000_000])(
    "cuts the connection after %d bytes of a request, which has no effect",
    async (afterBytes) => {
      const sandbox = await startWith("PostObject", { kind: "drop-request", afterBytes });

      await expect(postForm(sandbox.url, FORM)).rejects.toThrow(/socket hang up|ECONNRESET|EPIPE/);

      expect(await listKeys(sandbox.store)).toEqual(["old"]);
      expect(sandbox.requests.countAnswers("PostObject", 204)).toBe(0);
    },
  );

  it("cuts the connection of a request without a body before it has an effect", async () => {
    const sandbox = await startWith("DeleteObject", { kind: "drop-request", afterBytes: 5 });

    const deleting = send(`${sandbox.url}/photos/old`, { method: "DELETE" });

    await expect(deleting).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(await listKeys(sandbox.store)).toEqual(["old"]);
  });

  it.each([0, 5, 1_000_000])(
    "loses the answer to a post that was stored, dropped after %d bytes",
    async (afterBytes) => {
      const sandbox = await startWith("PostObject", { kind: "drop-response", afterBytes });

      await expect(postForm(sandbox.url, FORM)).rejects.toThrow(/socket hang up|ECONNRESET/);

      expect(await listKeys(sandbox.store)).toEqual(["old", "x"]);
    },
  );

  it.each([
    [1, 1],
    [100_000, 100_000],
    [1_000_000, 199_999],
  ])(
    "cuts the connection after %d bytes of an object, of which the client got %d",
    async (afterBytes, arrives) => {
      const sandbox = await startWith("GetObject", { kind: "drop-response", afterBytes });
      const got: Uint8Array[] = [];

      const response = await fetch(`${sandbox.url}/photos/old`);
      const reading = (async () => {
        for await (const chunk of response.body ?? []) got.push(chunk);
      })();

      await expect(reading).rejects.toThrow();
      expect(Buffer.concat(got).equals(sandbox.content.subarray(0, arrives))).toBe(true);
      expect(Buffer.concat(got)).toHaveLength(arrives);
    },
  );

  it("takes its time to answer, having done it", async () => {
    const sandbox = await startWith("PutObject", { kind: "slow", delayMs: 1_000 });
    const start = performance.now();

    const putting = send(`${sandbox.url}/photos/new`, { method: "PUT" }, "x");
    await expect.poll(() => sandbox.store.head("new"), { timeout: 900, interval: 10 }).toBeDefined();
    const response = await putting;

    expect(response.status).toBe(200);
    expect(performance.now() - start).toBeGreaterThanOrEqual(999);
  });

  it.each<[S3Operation, string]>([
    ["GetObject", "GET"],
    ["PutObject", "PUT"],
  ])("passes the bytes of %s on at a pace, unchanged", async (operation, method) => {
    const sandbox = await startWith(operation, { kind: "slow", bytesPerSecond: 1_000_000 });
    const start = performance.now();

    const response = await send(
      `${sandbox.url}/photos/old`,
      { method },
      method === "PUT" ? sandbox.content : undefined,
    );

    expect(response.status).toBe(200);
    expect(performance.now() - start).toBeGreaterThan(190);
    const stored = await sandbox.store.open("old");
    const bytes =
      method === "GET"
        ? response.body
        : await collect(stored?.read({ start: 0, end: 200_000 }) ?? pieces([]));
    expect(bytes.equals(sandbox.content)).toBe(true);
  });

  it("looks to the SDK like S3 having a bad day", async () => {
    const faults = createFaults<S3Operation>({ script: [{ on: "PutObject", fault: SLOW_DOWN }] });
    const sandbox = await startForTest({ faults });
    const client = clientFor(sandbox);

    const putting = client.send(new PutObjectCommand({ Bucket: "photos", Key: "x", Body: "x" }));

    await expect(putting).rejects.toMatchObject({ name: "SlowDown", $metadata: { httpStatusCode: 503 } });
    const getting = client.send(new GetObjectCommand({ Bucket: "photos", Key: "x" }));
    await expect(getting).rejects.toMatchObject({ name: "NoSuchKey" });
  });
});
