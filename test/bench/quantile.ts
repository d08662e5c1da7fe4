/**
 * The value that a share of all values does not exceed (nearest rank).
 *
 * @param share 0 < share ≤ 1; 0.5 is the median
 * @throws {RangeError} when there are no values
 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const found = sorted[Math.ceil(share * sorted.length) - 1];
  if (found === undefined) throw new RangeError("there are no values to take a quantile of");
  return found;
}
