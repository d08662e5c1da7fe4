import { isInPrivacyZone } from "../config/privacy-zone.ts";
import type { EffectiveRule } from "../config/rules.ts";
import type { PhotoFacts, PhotoRef, Reason, Verdict } from "../photo/photo.ts";

/** What stands against a photo before it is looked at. */
export function reasonsUnseen(ref: PhotoRef, rule: EffectiveRule): Reason[] {
  const reasons: Reason[] = [];
  if (ref.sizeBytes === 0) reasons.push({ code: "empty", message: "the object has no bytes" });
  if (rule.skip) reasons.push({ code: "skipped-by-rule", message: "a rule of the fleet says to skip it" });
  return reasons;
}

/** What stands against a photo by its EXIF and the fleet's privacy zones. */
export function reasonsSeen(verdict: Verdict, rule: EffectiveRule): Reason[] {
  const reasons = verdict.verdict === "reject" ? verdict.reasons : [];
  return [...reasons, ...reasonsByRule(verdict.facts, rule)];
}

/** What stands against a photo by the fleet's privacy zones alone. */
export function reasonsByRule({ latitudeDeg, longitudeDeg }: PhotoFacts, rule: EffectiveRule): Reason[] {
  if (latitudeDeg === undefined || longitudeDeg === undefined) return [];
  const isPrivate = rule.privacyZones.some((zone) => isInPrivacyZone({ latitudeDeg, longitudeDeg }, zone));
  if (!isPrivate) return [];
  return [{ code: "privacy-zone", message: "its position lies in a privacy zone of the fleet" }];
}
