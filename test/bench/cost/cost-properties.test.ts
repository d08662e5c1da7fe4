import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { costPerMillion, type Question } from "./cost-model.ts";
import { PRICES, type PriceName, priceList } from "./prices.ts";
import type { Lane } from "./quantities.ts";
import {
  ASSUMPTIONS,
  type AssumptionName,
  DESTINATIONS,
  problemsOf,
  type Workload,
  workloadOf,
} from "./workload.ts";

const ask = (workload: Partial<Workload> = {}, rest: Partial<Question> = {}): Question => ({
  workload: workloadOf(workload),
  prices: priceList(),
  destination: "same-region",
  ...rest,
});

describe("the total", () => {
  const lane = fc.constantFrom<Lane[]>("bucket", "v4", "obvious");
  const destination = fc.constantFrom(...DESTINATIONS);
  /** More of these is never cheaper. */
  const dearer = fc.constantFrom<AssumptionName[]>(
    "photoMb",
    "memoryMb",
    "relayMsPerPhoto",
    "roundsPerSequence",
    "closingMs",
    "publishingMs",
    "v4HandleBytes",
    "v4OffsetMs",
    "obviousMsPerPhoto",
    "obviousWriteUnits",
    "obviousLogBytes",
  );
  const factor = fc.double({ min: 1, max: 100, noNaN: true });

  it("never falls when an assumption becomes dearer", () => {
    fc.assert(
      fc.property(lane, destination, dearer, factor, factor, (which, place, name, before, more) => {
        const { value } = ASSUMPTIONS[name];
        const [low, high] = [value * before, value * before * more].map(
          (chosen) => costPerMillion(which, ask({ [name]: chosen }, { destination: place })).total,
        );

        expect(high).toBeGreaterThanOrEqual(low ?? Number.NaN);
      }),
    );
  });

  it("never falls when a price rises, and rises with each price that the lane pays", () => {
    fc.assert(
      fc.property(
        lane,
        fc.constantFrom(...(Object.keys(PRICES) as PriceName[])),
        factor,
        (which, name, more) => {
          const usual = costPerMillion(which, ask());
          const raised = costPerMillion(
            which,
            ask({}, { prices: priceList({ [name]: PRICES[name].usd * (1 + more) }) }),
          );

          expect(raised.total).toBeGreaterThanOrEqual(usual.total);
        },
      ),
    );
    for (const name of [
      "lambdaGbSecond",
      "lambdaInvocation",
      "s3Get",
      "sqsRequest",
      "dynamoWriteUnit",
      "logsGb",
    ] as const) {
      const raised = ask({}, { prices: priceList({ [name]: 2 * PRICES[name].usd }) });

      expect(costPerMillion("obvious", raised).total, name).toBeGreaterThan(
        costPerMillion("obvious", ask()).total,
      );
    }
  });

  it.each([
    ["photosPerBatch", [1, 2, 4, 5, 8, 10]],
    ["photosPerMonth", [1e3, 1e6, 1e7, 1e8, 1e9]],
  ] as const)("falls, or stays, with %s", (name, values) => {
    for (const which of ["bucket", "v4"] as const) {
      const totals = values.map((value) => costPerMillion(which, ask({ [name]: value })).total);

      expect(totals).toEqual(totals.toSorted((a, b) => b - a));
    }
  });

  it("rises with the tracks in a batch", () => {
    const totals = [1, 2, 5, 10].map(
      (tracksPerBatch) => costPerMillion("bucket", ask({ tracksPerBatch })).total,
    );

    expect(totals).toEqual(totals.toSorted((a, b) => a - b));
    expect(new Set(totals).size).toBe(totals.length);
  });
});

describe("a workload", () => {
  it("makes sense as it stands", () => {
    expect(problemsOf(workloadOf())).toEqual([]);
  });

  it.each<[Partial<Workload>, string]>([
    [{ photosPerBatch: 11 }, "photosPerBatch"],
    [{ photosPerBatch: 4, tracksPerBatch: 5 }, "tracksPerBatch"],
    [{ tracksPerBatch: 0 }, "tracksPerBatch"],
    [{ photosPerSequence: 1_001 }, "photosPerSequence"],
    [{ photosPerMonth: 0 }, "photosPerMonth"],
    [{ photoMb: -1 }, "photoMb"],
    [{ memoryMb: Number.NaN }, "memoryMb"],
  ])("that is %j makes none, and is told so", (chosen, name) => {
    const problems = problemsOf(workloadOf(chosen));

    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(name);
  });
});
