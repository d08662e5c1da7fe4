/**
 * Longest wait we grant, in ms. SQS cannot hide a message for more than 12 h and our gate stops a whole account, so
 * a mistyped date must not park a fleet for years; asking again once an hour costs the server nothing.
 */
export const MAX_RETRY_AFTER_MS = 3_600_000;

// RFC 9110, 5.6.7: the date that senders write, and two obsolete ones that a recipient must take.
const HTTP_DATES: readonly RegExp[] = [
  /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/u,
  /^[A-Z][a-z]+day, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/u,
];
const ASCTIME_DATE = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/u;
const SECONDS = /^[+-]?\d{1,12}(?:\.\d{1,9})?$/u;

/**
 * How long a `Retry-After` header asks to wait: seconds or an HTTP date.
 *
 * @returns 0 to {@link MAX_RETRY_AFTER_MS}; `undefined` without a header and for nonsense; 0 for a negative number
 *   and a date that has passed
 */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  const waitMs = header === undefined ? Number.NaN : askedMs(header.trim(), nowMs);
  if (Number.isNaN(waitMs)) return undefined;
  return Math.min(Math.max(0, Math.ceil(waitMs)), MAX_RETRY_AFTER_MS);
}

/** The forms are checked before parsing, since `Date.parse` makes a date of nearly anything ("1.5", "-5"). */
function askedMs(value: string, nowMs: number): number {
  if (SECONDS.test(value)) return Number(value) * 1_000;
  if (HTTP_DATES.some((form) => form.test(value))) return Date.parse(value) - nowMs;
  return ASCTIME_DATE.test(value) ? Date.parse(`${value} GMT`) - nowMs : Number.NaN;
}
