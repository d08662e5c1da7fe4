import { describe, expect, it } from "vitest";
import { runChild } from "./child.ts";

const SCRIPT = new URL("./process-zone.child.ts", import.meta.url);

describe("the process's time zone", () => {
  it("has no say in a verdict", async () => {
    const zones = ["UTC", "America/Sao_Paulo", "Pacific/Kiritimati"];

    const outcomes = await Promise.all(zones.map((TZ) => runChild(SCRIPT, [], { TZ })));

    const [utc, ...others] = outcomes as { verdicts: unknown[]; processZoneReading: string }[];
    expect(utc?.verdicts).toMatchObject([
      { facts: { capturedAt: "2024-05-01T10:00:00.000Z" } },
      { facts: { capturedAt: "2024-07-02T10:00:00.000Z" } },
      { facts: { capturedAt: "2024-07-01T22:00:00.000Z" } },
      { reasons: [{ code: "date-invalid" }] },
      { facts: { capturedAt: "2018-11-03T23:30:00.000Z" } },
      { facts: { capturedAt: "2024-12-31T23:00:00.000Z" } },
      { facts: { capturedAt: "2024-07-02T10:00:00.000Z" } },
      { facts: { capturedAt: "2024-07-02T15:00:00.000Z" } },
      { facts: { capturedAt: "2024-07-02T00:00:00.000Z" } },
      { facts: { capturedAt: "2024-05-01T17:00:00.000Z" } },
    ]);
    for (const other of others) {
      expect(other.verdicts).toEqual(utc?.verdicts);
      // Code that asked the process would have been found out: in this zone, Date itself reads another moment.
      expect(other.processZoneReading).not.toBe(utc?.processZoneReading);
    }
  });
});
