import { expect, it } from "vitest";
import { tellIdleRules } from "../../cli/idle-rules.ts";

const rules = [{ prefix: "" }, { prefix: "van-7/", skip: true }];

it("tells of a rule that fits no file, and from where prefixes count", () => {
  expect(tellIdleRules({ rules }, ["t1/a.jpg", "t1/b.jpg"])).toBe(
    'Note: no file begins with "van-7/", so these rules of the fleet do nothing here. ' +
      'Prefixes count from the folder that is named; the first file is "t1/a.jpg".',
  );
});

it("has nothing to tell when every rule fits some file, or there is none", () => {
  expect(tellIdleRules({ rules }, ["van-7/t1/a.jpg"])).toBeUndefined();
  expect(tellIdleRules({ rules }, [])).toBeUndefined();
});
