/** How often and how patiently something is tried. */
export interface RetryPolicy {
  /** Wait after the first failed attempt; doubles with every further one. */
  readonly baseMs: number;
  /** Longest wait between two attempts. */
  readonly capMs: number;
  /** A photo that failed so often is given up. */
  readonly maxAttempts: number;
}

/**
 * In the cloud: 5 s, 10 s, … 1 h, given up after about two days. Long enough to sit out a bad day at the other end,
 * short enough that the message is still in the queue, which keeps it for 14 days.
 */
export const CLOUD_RETRIES: RetryPolicy = { baseMs: 5_000, capMs: 3_600_000, maxAttempts: 55 };

/**
 * How long to wait after the nth failed attempt: between half of it and all of it at random, so that photos that
 * failed together do not come back together.
 *
 * @param attempt from 1
 * @param random 0 ≤ random < 1
 */
export function backoffMs(policy: RetryPolicy, attempt: number, random: number): number {
  const longest = Math.min(policy.capMs, policy.baseMs * 2 ** Math.max(0, attempt - 1));
  return Math.round(longest / 2 + (longest / 2) * random);
}
