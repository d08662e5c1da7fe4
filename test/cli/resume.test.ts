import { describe, expect, it } from "vitest";
import { type StandIn, startStandIn } from "../../cli/stand-in.ts";
import { makePhoto } from "../../sandbox/photo-maker.ts";
import { type Ended, makeWorkplace, relay, startRelay, type Workplace } from "./program.ts";

const PHOTOS = 40;
/** Slow enough that a run of {@link PHOTOS} can be caught in the middle. */
const SLOW_MS = 150;

/** A destination that counts what arrives. */
interface Destination extends AsyncDisposable {
  /** Keys of photos, one per arrival. */
  readonly arrived: readonly string[];
  /** Resolves when so many photos have arrived. */
  arrivals(count: number): Promise<void>;
  /** Resolves when the first sequence is finished. */
  readonly firstFinish: Promise<void>;
  readonly call: { readonly args: readonly string[]; readonly env: Record<string, string> };
}

async function startDestination(): Promise<Destination> {
  const arrived: string[] = [];
  const firstFinish = Promise.withResolvers<void>();
  const waiting: { count: number; resolve: () => void }[] = [];
  const standIn = await startStandIn({
    port: 0,
    username: "jon",
    faults: { shares: [{ on: "PostObject", share: 1, fault: { kind: "slow", delayMs: SLOW_MS } }] },
    onReceived({ key }) {
      if (key.endsWith("/DONE")) firstFinish.resolve();
      else arrived.push(key);
      for (const { count, resolve } of waiting) if (arrived.length >= count) resolve();
    },
  });
  return {
    arrived,
    firstFinish: firstFinish.promise,
    arrivals: (count) => new Promise((resolve) => waiting.push({ count, resolve })),
    call: { args: ["--upload-url", standIn.account.uploadUrl], env: environmentOf(standIn) },
    [Symbol.asyncDispose]: () => standIn[Symbol.asyncDispose](),
  };
}

function environmentOf({ account }: StandIn): Record<string, string> {
  return {
    MAPILLARY_USERNAME: account.username,
    MAPILLARY_PERMISSION_HASH: account.permissionHash,
    MAPILLARY_SIGNATURE_HASH: account.signatureHash,
    MAPILLARY_AWS_ACCESS_KEY_ID: account.accessKeyId,
  };
}

async function makeDrive(nameOf = (nth: number) => `trip/${nth}.jpg`): Promise<Workplace> {
  const place = await makeWorkplace();
  const files = Array.from({ length: PHOTOS }, (_, nth) => [`d/${nameOf(nth)}`, makePhoto({ seed: nth })]);
  await place.write(Object.fromEntries(files));
  return place;
}

function photosOf({ stdout }: Ended): Record<string, number> {
  return JSON.parse(stdout).photos;
}

describe("relay run --state", () => {
  it("stops at Ctrl-C with what was done so far, and another run goes on without sending anything twice", async () => {
    await using place = await makeDrive();
    await using destination = await startDestination();
    const args = ["run", "d", "--json", "--state", "kept", ...destination.call.args];
    const call = { cwd: place.directory, env: destination.call.env };

    const first = startRelay(args, call);
    await destination.arrivals(5);
    first.child.kill("SIGINT");
    const interrupted = await first.ended;
    const resumed = await relay(args, call);

    const { relayed = 0, waiting = 0, ...others } = photosOf(interrupted);
    expect(relayed + waiting).toBe(PHOTOS);
    expect(relayed).toBeLessThan(PHOTOS);
    expect(others).toEqual({ rejected: 0, duplicate: 0, failed: 0 });
    expect(interrupted.stderr).toContain("Run the same command again to go on");
    expect(interrupted.exitCode).toBe(130);
    expect(photosOf(resumed)).toEqual({ relayed: PHOTOS, rejected: 0, duplicate: 0, failed: 0, waiting: 0 });
    expect(JSON.parse(resumed.stdout).sequences).toMatchObject([{ photos: PHOTOS, status: "published" }]);
    expect(resumed.exitCode).toBe(0);
    const settled = keysRelayedIn(interrupted);
    expect(settled.filter((key) => destination.arrived.filter((other) => other === key).length > 1)).toEqual(
      [],
    );
    expect(new Set(destination.arrived).size).toBe(PHOTOS);
  });

  it("goes on after the process was killed, each photo under one key", async () => {
    await using place = await makeDrive();
    await using destination = await startDestination();
    const args = ["run", "d", "--json", "--state", "kept", ...destination.call.args];
    const call = { cwd: place.directory, env: destination.call.env };

    const first = startRelay(args, call);
    await destination.arrivals(5);
    first.child.kill("SIGKILL");
    await first.ended;
    const resumed = await relay(args, call);

    expect(photosOf(resumed)).toEqual({ relayed: PHOTOS, rejected: 0, duplicate: 0, failed: 0, waiting: 0 });
    expect(new Set(destination.arrived).size).toBe(PHOTOS);
    expect(resumed.exitCode).toBe(0);
  });

  it("stops at Ctrl-C while it finishes sequences, and another run finishes the rest", async () => {
    await using place = await makeDrive((nth) => `trip-${nth}/1.jpg`);
    await using destination = await startDestination();
    const args = ["run", "d", "--json", "--state", "kept", ...destination.call.args];
    const call = { cwd: place.directory, env: destination.call.env };

    const first = startRelay(args, call);
    await destination.firstFinish;
    first.child.kill("SIGINT");
    const interrupted = await first.ended;
    const resumed = await relay(args, call);

    expect(photosOf(interrupted)).toMatchObject({ relayed: PHOTOS, waiting: 0 });
    expect(statusesOf(interrupted)).toContain("closing");
    expect(interrupted.stderr).toContain("Run the same command again to go on");
    expect(interrupted.exitCode).toBe(130);
    expect(statusesOf(resumed)).toEqual(Array(PHOTOS).fill("published"));
    expect(destination.arrived).toHaveLength(PHOTOS);
    expect(resumed.exitCode).toBe(0);
  });

  it("sends nothing when everything was done before", async () => {
    await using place = await makeWorkplace();
    await place.write({ "d/1.jpg": makePhoto(), "d/2.txt": "no photo" });
    await using destination = await startDestination();
    const args = ["run", "d", "--json", "--state", "kept", ...destination.call.args];
    const call = { cwd: place.directory, env: destination.call.env };

    const first = await relay(args, call);
    const second = await relay(args, call);

    expect(JSON.parse(second.stdout)).toEqual(JSON.parse(first.stdout));
    expect(destination.arrived).toHaveLength(1);
  });

  it("keeps a second run off the directory while the first is at work", async () => {
    await using place = await makeDrive();
    await using destination = await startDestination();
    const call = { cwd: place.directory, env: destination.call.env };
    const args = ["run", "d", "--state", "kept", ...destination.call.args];

    const first = startRelay(args, call);
    await destination.arrivals(1);
    const second = await relay(args, call);
    first.child.kill("SIGTERM");
    const { exitCode } = await first.ended;

    expect(second.stderr).toContain(`--state kept is in use by process ${first.child.pid}`);
    expect(second.exitCode).toBe(2);
    expect(exitCode).toBe(130);
  });

  it("says that nothing is kept when a run without it is interrupted", async () => {
    await using place = await makeDrive();
    await using destination = await startDestination();
    const call = { cwd: place.directory, env: destination.call.env };

    const { child, ended } = startRelay(["run", "d", ...destination.call.args], call);
    await destination.arrivals(1);
    child.kill("SIGINT");
    const { exitCode, stdout, stderr } = await ended;

    expect(stderr).toContain("with --state DIR another run goes on");
    expect(stdout).toMatch(/40 files: \d+ relayed, 0 rejected, 0 duplicate, 0 failed, \d+ waiting/);
    expect(exitCode).toBe(130);
  });
});

function statusesOf({ stdout }: Ended): string[] {
  const sequences: { status: string }[] = JSON.parse(stdout).sequences;
  return sequences.map(({ status }) => status);
}

function keysRelayedIn({ stdout }: Ended): string[] {
  const rows: { status: string; destinationKey: string }[] = JSON.parse(stdout).rows;
  return rows.filter(({ status }) => status === "relayed").map(({ destinationKey }) => destinationKey);
}
