import { describe, expect, it } from "vitest";
import {
  besideIt,
  costPerMillion,
  fixedPerMonth,
  natGatewayPerMonth,
  type Question,
  transferUsd,
} from "./cost-model.ts";
import { INTERNET_TIERS, priceList, tieredUsd } from "./prices.ts";
import { claimUnits, quantitiesOf } from "./quantities.ts";
import { type Workload, workloadOf } from "./workload.ts";

const ask = (workload: Partial<Workload> = {}, rest: Partial<Question> = {}): Question => ({
  workload: workloadOf(workload),
  prices: priceList(),
  destination: "same-region",
  ...rest,
});

/** Short sequences in round numbers, so that everything can be counted on paper. */
const ON_PAPER = {
  photosPerSequence: 10,
  roundsPerSequence: 20,
  relayMsPerPhoto: 50,
  memoryMb: 1024,
  closingMs: 90,
};

describe("a million photos in the bucket lane", () => {
  it("cost what is worked out on paper", () => {
    const { terms, total } = costPerMillion("bucket", ask(ON_PAPER));

    // 50 ms, and a tenth of the 90 + 10 ms that close ten photos, at 1 GB: 0.06 GB-seconds.
    expect(terms["Lambda time"]).toBeCloseTo(0.06 * 13.3334, 9);
    expect(terms["Lambda invocations"]).toBeCloseTo(0.02, 9);
    expect(terms["S3 GET"]).toBeCloseTo(0.4, 9);
    // Sent; received and deleted with nine others.
    expect(terms["SQS requests"]).toBeCloseTo(1.2 * 0.4, 9);
    // Row made, relayed, published: 3. Two entries: 2. Ten photos share a claim: 1, four moves: 4, seven units of
    // indexes: 7, the track's head: 1.
    expect(terms["DynamoDB writes"]).toBeCloseTo((5 + 13 / 10) * 0.625, 9);
    // Three keys looked at: 3. Ten photos share the gate: 1, the head twice: 2, twenty rounds: 20, their entries: 0.5.
    // Their rows read in the end: 1.
    expect(terms["DynamoDB reads"]).toBeCloseTo((4 + 23.5 / 10) * 0.125, 9);
    // 436 + 26; a tenth of 345 for the invocation, and of 300 + 2 · 26 for the sequence.
    expect(terms.Logs).toBeCloseTo(((462 + 34.5 + 35.2) * 0.5 * 1e6) / 2 ** 30, 9);
    expect(terms["Transfer out"]).toBe(0);
    expect(total).toBeCloseTo(
      Object.values(terms).reduce((sum, usd) => sum + usd, 0),
      9,
    );
  });

  it("send 3,725.29 GB when the destination is elsewhere", () => {
    const transfer = (destination: Question["destination"]) =>
      costPerMillion("bucket", ask({}, { destination })).terms["Transfer out"];

    expect(transfer("other-region")).toBeCloseTo(3_725.290298 * 0.02, 5);
    expect(transfer("internet")).toBeCloseTo(3_725.290298 * 0.09, 5);
  });
});

describe("a million photos in the v4 lane", () => {
  it("go over the internet, wait once more for each batch, and have a handle in their rows", () => {
    const bucket = costPerMillion("bucket", ask()).quantities;
    const v4 = costPerMillion("v4", ask());

    expect(v4.terms["Transfer out"]).toBeCloseTo(3_725.290298 * 0.09, 5);
    expect(v4.quantities.lambdaGbSeconds - bucket.lambdaGbSeconds).toBeCloseTo((150 / 10 / 1000) * 0.5, 9);
    // Its row, 961 - 90 + 65 bytes and 306 of the handle, is over 1,024 from the second write on.
    expect(v4.quantities.writeUnits - bucket.writeUnits).toBeCloseTo(2, 9);
    expect(quantitiesOf("v4", workloadOf({ v4HandleBytes: 80 })).writeUnits).toBeCloseTo(
      bucket.writeUnits,
      9,
    );
  });
});

describe("a million photos of the obvious Lambda", () => {
  it("cost what is worked out on paper", () => {
    const { terms } = costPerMillion("obvious", ask());

    expect(terms["Lambda time"]).toBeCloseTo(0.5 * 0.406 * 13.3334, 9);
    expect(terms["Lambda invocations"]).toBeCloseTo(0.2, 9);
    expect(terms["S3 GET"]).toBeCloseTo(0.8, 9);
    expect(terms["SQS requests"]).toBeCloseTo(1.2, 9);
    expect(terms["DynamoDB writes"]).toBeCloseTo(2.5, 9);
    expect(terms["DynamoDB reads"]).toBe(0);
    expect(terms.Logs).toBeCloseTo(((1_650 + 26 + 345) * 0.5 * 1e6) / 2 ** 30, 9);
  });
});

describe("claims of slots", () => {
  it.each([
    // One claim writes 396 + 120 bytes.
    [10, 10, 1],
    // Ten claims write 408 to 516 bytes.
    [10, 1, 10],
    // 396 + 12 · 52 is 1,020 bytes, 396 + 12 · 53 is 1,032.
    [53, 1, 54],
    // 516, 636, 756, 876, 996 bytes, then 1,116.
    [60, 10, 7],
  ])("of %i photos, %i at once, are %i units", (photos, atOnce, units) => {
    expect(claimUnits(photos, atOnce)).toBe(units);
  });
});

describe("tiers", () => {
  it.each([
    [0, 0],
    [1, 0.09],
    [10_240, 921.6],
    [10_241, 921.685],
    [51_200, 921.6 + 3_481.6],
    [153_600, 921.6 + 3_481.6 + 7_168],
    [163_840, 921.6 + 3_481.6 + 7_168 + 512],
  ])("make %i GB to the internet %f dollars", (gb, usd) => {
    expect(tieredUsd(gb, INTERNET_TIERS)).toBeCloseTo(usd, 6);
  });

  it("make a large fleet's photos cheaper to send than a small one's", () => {
    const sending = (photosPerMonth: number) =>
      transferUsd("internet", 0.004, { photosPerMonth }, priceList());

    expect(sending(1_000)).toBeCloseTo(360, 6);
    expect(sending(2_000_000)).toBeCloseTo(360, 6);
    expect(sending(10_000_000)).toBeCloseTo((921.6 + 29_760 * 0.085) / 10, 6);
    expect(sending(1e9)).toBeCloseTo((11_571.2 + 3_846_400 * 0.05) / 1_000, 6);
  });
});

describe("a month without photos", () => {
  it("costs what is worked out on paper", () => {
    const [polling, closing, ...watching] = fixedPerMonth(ask()).map(({ usd }) => usd);

    // Two queues, five pollers, three polls a minute, 43,800 minutes.
    expect(polling).toBeCloseTo(2 * 5 * 3 * 43_800 * 0.4e-6, 9);
    // 15 ms at 1 GB, an invocation, a schedule, three read units, 345 bytes.
    const round = 0.015 * 13.3334e-6 + 0.2e-6 + 1e-6 + 3 * 0.125e-6 + (345 / 2 ** 30) * 0.5;
    expect(closing).toBeCloseTo(43_800 * round, 9);
    // 14 metrics watched by alarms, 14 made from the log, a dashboard.
    expect(watching).toEqual([expect.closeTo(1.4, 9), expect.closeTo(4.2, 9), 3]);
    expect(natGatewayPerMonth(priceList())).toBeCloseTo(32.85, 9);
  });
});

describe("what stands beside it", () => {
  it("costs what is worked out on paper", () => {
    const beside = besideIt(ask());
    const gb = 3_725.290298;

    expect(beside.otherRegion).toBeCloseTo(gb * 0.02, 5);
    expect(beside.outsideAws).toBeCloseTo(gb * 0.09, 5);
    expect(beside.natOneWay).toBeCloseTo(gb * 0.045, 5);
    expect(beside.natBothWays).toBeCloseTo(gb * 0.09, 5);
    expect(beside.dayKept).toBeCloseTo((gb * 0.023 * 24) / 730, 5);
    expect(beside.cameraPuts).toBeCloseTo(5, 9);
    // A row of 961 bytes and two entries of 330, each of the three with 100 more.
    expect(beside.ledgerMonth).toBeCloseTo(((961 + 330 + 300) * 1e6 * 0.45) / 2 ** 30, 9);
  });

  it("is what the model says when it is asked for that", () => {
    const total = (workload: Partial<Workload>) => costPerMillion("bucket", ask(workload)).total;
    const beside = besideIt(ask({ photosPerBatch: 5 }));
    const usual = total({ photosPerBatch: 5 });

    expect(beside.batchesOfOne).toBeCloseTo(total({ photosPerBatch: 1 }) - usual, 9);
    expect(beside.mixedTracks).toBeCloseTo(total({ photosPerBatch: 5, tracksPerBatch: 5 }) - usual, 9);
  });
});
