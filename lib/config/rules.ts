import type { Fleet, PrivacyZone, Rule } from "./fleet.ts";

/** What holds for one photo, every rule that fits it taken together. */
export interface EffectiveRule {
  readonly account: string;
  readonly organizationId?: string;
  readonly timeZone?: string;
  readonly headingOffsetDeg?: number;
  readonly hold: boolean;
  readonly skip: boolean;
  readonly privacyZones: readonly PrivacyZone[];
}

/** Name of the account that sends photos no rule gives to another. */
export const DEFAULT_ACCOUNT = "default";

/**
 * What holds for a photo, or for a track when given its path and a slash: of several rules that fit, the longer
 * prefix wins field by field; privacy zones add up.
 */
export function ruleFor(fleet: Pick<Fleet, "rules">, key: string): EffectiveRule {
  const fitting = fleet.rules
    .filter(({ prefix }) => key.startsWith(prefix))
    .sort((a, b) => a.prefix.length - b.prefix.length);
  const merged: Rule = Object.assign({ prefix: "" }, ...fitting);
  const { account = DEFAULT_ACCOUNT, organizationId, timeZone, headingOffsetDeg } = merged;
  const { hold = false, skip = false } = merged;
  return {
    account,
    hold,
    skip,
    ...(organizationId !== undefined && { organizationId }),
    ...(timeZone !== undefined && { timeZone }),
    ...(headingOffsetDeg !== undefined && { headingOffsetDeg }),
    privacyZones: fitting.flatMap((rule) => rule.privacyZones ?? []),
  };
}

/** Every account a fleet's photos may be sent by, the default one first. */
export function accountNamesOf(fleet: Pick<Fleet, "rules">): string[] {
  const named = fleet.rules.flatMap(({ account }) => (account === undefined ? [] : [account]));
  return [...new Set([DEFAULT_ACCOUNT, ...named])];
}
