/** What the functions and queues are given. Plain numbers, so that tests hold them against each other. */

/**
 * Longest that one batch of photos may take, in seconds. A photo's lease lasts as long, and so does the wait between
 * a sequence's closing and its finish: longer is not safer.
 */
export const RELAY_TIMEOUT_SECONDS = 300;

/**
 * Longest that a round of closing may take, in seconds. At most the relay's: a sequence that has been in the works
 * for as long as that is taken for one whose worker died.
 */
export const CLOSE_TIMEOUT_SECONDS = 300;

/** Longest that a batch of dead letters may take: ten messages, some writes each. */
export const DEAD_LETTER_TIMEOUT_SECONDS = 60;

/**
 * Longest that the look at all accounts' credentials may take: a token that is refreshed takes five questions, of up to
 * 30 s each where Mapillary is slow, and a fresh one is not to be lost for want of time.
 */
export const CREDENTIALS_TIMEOUT_SECONDS = 300;

/** Of the relay; Lambda gives processor time by it. */
export const RELAY_MEMORY_MB = 512;

/** Of the functions that move rows, not photos. */
export const SMALL_MEMORY_MB = 256;

/**
 * Of the closing of sequences. In the v4 lane it does a relay's work where uploads have expired: eight photos of 40 MiB at
 * once took it to 100 MB, but a whole sequence of them wants the relay's processor time as well.
 */
export const CLOSE_MEMORY_MB = { bucket: SMALL_MEMORY_MB, v4: RELAY_MEMORY_MB } as const;

/** Most of V8's old generation; what photos need lies outside of it (docs/decisions/009-own-blocks.md). */
export const OLD_SPACE_MB = 128;

/**
 * A small young generation: the SDKs' garbage is collected while it is little (docs/decisions/009-own-blocks.md).
 * Lambda sets sizes of its own only where neither flag is given.
 */
export const NODE_OPTIONS = `--max-semi-space-size=1 --max-old-space-size=${OLD_SPACE_MB}`;

/** Messages in one call: the most that need no waiting for a batch to fill (SQS quota). */
export const BATCH_SIZE = 10;

/** Calls at once that bury dead letters: the fewest Lambda takes. */
export const DEAD_LETTER_WORKERS = 2;

/** AWS asks for six times the function's time-out, so that a throttled batch does not become visible too early. */
export const VISIBILITY_PER_TIMEOUT = 6;

/** The most SQS keeps a message, in seconds. The relay gives photos up a day earlier, with a row that says so. */
export const RETENTION_SECONDS = 14 * 24 * 3600;

/** The most SQS takes. The relay counts attempts itself; this catches what never reached our code. */
export const MAX_RECEIVES = 1_000;

/** Days that logs are kept. */
export const LOG_RETENTION_DAYS = 30;

/** Largest environment a function may have: names and values together, in bytes (Lambda quota). */
export const MAX_ENVIRONMENT_BYTES = 4_096;
