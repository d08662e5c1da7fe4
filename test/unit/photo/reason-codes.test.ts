import { describe, expect, it } from "vitest";
import { REASON_CODES } from "../../../lib/photo/photo.ts";

describe("the reason codes", () => {
  it("are those that other tools match on: changing one breaks them", () => {
    expect([...REASON_CODES]).toEqual([
      "empty",
      "too-large",
      "not-jpeg",
      "no-picture",
      "no-exif",
      "exif-unreadable",
      "exif-too-far",
      "latitude-missing",
      "latitude-ref-missing",
      "latitude-ref-invalid",
      "latitude-invalid",
      "latitude-out-of-range",
      "longitude-missing",
      "longitude-ref-missing",
      "longitude-ref-invalid",
      "longitude-invalid",
      "longitude-out-of-range",
      "null-island",
      "date-missing",
      "date-invalid",
      "privacy-zone",
      "skipped-by-rule",
      "duplicate-position",
      "too-fast",
      "zigzag",
    ]);
  });
});
