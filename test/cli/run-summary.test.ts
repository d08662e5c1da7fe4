import { describe, expect, it } from "vitest";
import { makeReport, type ReportedRow, reportUnreadable, reportWaiting } from "../../cli/run-report.ts";
import { describeReport, type SummaryOptions, tellReasons } from "../../cli/run-summary.ts";
import { MOST_TABLE_ROWS } from "../../cli/text-table.ts";
import type { Reason } from "../../lib/photo/photo.ts";

const WIDE: SummaryOptions = {
  lane: "bucket",
  bytesRelayed: 0,
  durationMs: 1_000,
  columns: 200,
  refusals: [],
};

function row(over: Partial<ReportedRow>): ReportedRow {
  return { ...reportWaiting("a.jpg"), ...over };
}

describe("the summary of a run", () => {
  it("tells totals, bytes and rate", () => {
    const report = makeReport([row({ status: "published" }), row({ status: "relayed" }), row({})], []);

    const text = describeReport(report, {
      ...WIDE,
      bytesRelayed: 5_000_000,
      durationMs: 2_000,
      columns: 80,
    });

    expect(text).toBe(
      "3 files: 2 relayed, 0 rejected, 0 duplicate, 0 failed, 1 waiting\n5.0 MB sent in 2.0 s, 2.5 MB/s",
    );
  });

  it("names rejected, duplicate, failed and troubled files, each with its reason, and no others", () => {
    const trouble = { code: "SlowDown", message: "busy" };
    const report = makeReport(
      [
        row({ key: "sent.jpg", status: "published" }),
        row({ key: "bad.jpg", status: "rejected", reasons: [{ code: "null-island", message: "at 0, 0" }] }),
        row({ key: "copy.jpg", status: "duplicate", duplicateOf: "first.jpg" }),
        reportUnreadable("locked.jpg", { code: "unreadable", message: "no permission" }),
        row({ key: "slow.jpg", status: "relaying", error: trouble }),
        row({ key: "untouched.jpg" }),
        row({ key: "broken-off.jpg", status: "relaying", error: { code: "interrupted", message: "" } }),
      ],
      [],
    );

    const text = describeReport(report, WIDE);

    expect(text).toMatch(/│ bad\.jpg +│ rejected +│ null-island: at 0, 0 +│/);
    expect(text).toMatch(/│ copy\.jpg +│ duplicate +│ the same bytes as first\.jpg +│/);
    expect(text).toMatch(/│ locked\.jpg +│ failed +│ unreadable: no permission +│/);
    expect(text).toMatch(/│ slow\.jpg +│ waiting +│ SlowDown: busy +│/);
    expect(text).not.toContain("sent.jpg");
    expect(text).not.toContain("untouched.jpg");
    expect(text).not.toContain("broken-off.jpg");
  });

  it("names a relayed file that has a warning", () => {
    const warnings = [{ code: "end-mark-missing", message: "cut short" }] as const;
    const report = makeReport([row({ key: "cut.jpg", status: "published", warnings })], []);

    expect(describeReport(report, WIDE)).toMatch(/│ cut\.jpg +│ end-mark-missing: cut short +│/);
  });

  it("says why a sequence is not published", () => {
    const report = makeReport([], [{ id: "s1", track: "", status: "held", clusters: [], note: "by hand" }]);

    expect(describeReport(report, WIDE)).toMatch(/│ \(top folder\) │ 0 +│ held: by hand │ s1 +│/);
  });

  it("names what sequences became at Mapillary, where they became something", () => {
    const sequence = {
      id: "s1",
      track: "a",
      status: "published",
      clusters: ["11", "12"],
      note: null,
    } as const;

    const text = describeReport(makeReport([], [sequence]), { ...WIDE, lane: "v4" });

    expect(text).toMatch(/│ Cluster │\n.*\n│ a +│ 0 +│ published │ s1 +│ 11 +│\n│ +│ +│ +│ +│ 12 +│/);
    expect(describeReport(makeReport([], [{ ...sequence, clusters: [] }]), WIDE)).not.toContain("Cluster");
  });

  it("names photos that arrived and are in no sequence apart from those that were not sent", () => {
    const reasons = [{ code: "zigzag", message: "30.1 m away" }] as const;
    const report = makeReport(
      [
        row({ key: "stray.jpg", status: "rejected", reasons, sequenceId: "s1" }),
        row({ key: "bad.jpg", status: "rejected", reasons: [{ code: "empty", message: "no bytes" }] }),
      ],
      [],
    );

    const [before = "", behind = ""] = describeReport(report, WIDE).split("Sent, and left out");

    expect(before).toContain("bad.jpg");
    expect(before).not.toContain("stray.jpg");
    expect(behind).toMatch(/│ stray\.jpg │ zigzag: 30\.1 m away │/);
  });

  it("says how what waits for a person goes on, where the run is kept and where it is not", () => {
    const waiting = [
      { id: "s1", track: "a", status: "unknown", clusters: [], note: "lost" },
      { id: "s2", track: "b", status: "held", clusters: [], note: "by hand" },
    ] as const;
    const report = makeReport([], waiting);

    const kept = describeReport(report, { ...WIDE, stateDirectory: "it's here" });
    const unkept = describeReport(report, WIDE);

    expect(kept).toContain(`sequence resolve s1 --state 'it'\\''s here' --happened CLUSTER_ID\n`);
    expect(kept).toContain(`sequence resolve s1 --state 'it'\\''s here' --again\n`);
    expect(kept).toContain(`sequence release s2 --state 'it'\\''s here'`);
    expect(unkept).not.toContain("npm run");
    expect(unkept).toContain("--state DIR");
  });

  it.each([
    ["bucket", "default", "MAPILLARY_SIGNATURE_HASH,"],
    ["bucket", "north", "MAPILLARY_SIGNATURE_HASH_NORTH,"],
    ["v4", "default", "(MAPILLARY_ACCESS_TOKEN)"],
    ["v4", "north", "(MAPILLARY_ACCESS_TOKEN_NORTH)"],
  ] as const)(
    "says why over %s the account %s was refused, and which variables to mend",
    (lane, account, variable) => {
      const trouble = { code: "SignatureDoesNotMatch", message: "not the\u001b[2J signature" };

      const text = describeReport(makeReport([row({})], []), {
        ...WIDE,
        lane,
        columns: 70,
        refusals: [{ account, trouble }],
      });

      expect(text.replaceAll("\n", " ")).toContain(`The account ${account} was refused`);
      expect(text).toContain("Why: SignatureDoesNotMatch: not the\\x1b[2J signature");
      expect(text).toContain(variable);
      expect(text.replaceAll("\n", " ")).toContain("run the same command again");
      expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(70);
    },
  );

  it("fits its tables to the terminal and loses nothing of a long name", () => {
    const key = `${"long-folder-name-".repeat(12)}end.jpg`;
    const reasons = [{ code: "null-island", message: "a reason of many words ".repeat(9).trim() }] as const;
    const report = makeReport([row({ key, status: "rejected", reasons })], []);

    const text = describeReport(report, { ...WIDE, columns: 80 });

    const cells = text.split("\n").filter((line) => line.startsWith("│"));
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(cells.map((line) => line.split("│")[1]?.trim()).join("")).toBe(`File${key}`);
  });

  it("shows as many rows as a person reads, and says where the rest is", () => {
    const rows = Array.from({ length: MOST_TABLE_ROWS + 2 }, () => row({ status: "duplicate" }));

    const text = describeReport(makeReport(rows, []), WIDE);

    expect(text).toContain("and 2 more: --json names them all");
    expect(text.match(/duplicate {1}/g)).toHaveLength(MOST_TABLE_ROWS);
  });
});

describe("reasons for a person", () => {
  const tell = (...codes: readonly Reason["code"][]) =>
    tellReasons(codes.map((code) => ({ code, message: "why" })));

  it("leave out what is missing where there is no EXIF", () => {
    expect(tell("no-picture", "no-exif", "latitude-missing", "date-missing")).toEqual([
      "no-picture: why",
      "no-exif: why",
    ]);
  });

  it("name tags that are missing in one line", () => {
    expect(tell("longitude-invalid", "latitude-missing", "latitude-ref-missing")).toEqual([
      "longitude-invalid: why",
      "latitude-missing, latitude-ref-missing: not in its EXIF",
    ]);
  });

  it("say what was expected of a single one", () => {
    expect(tell("date-missing")).toEqual(["date-missing: why"]);
  });
});
