import type { KeyRange } from "./object-store.ts";

/** Values by object key, listed in S3's order. */
export interface KeyIndex<Value> {
  /** Undefined when there is none. */
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
  delete(key: string): void;
  values(): Iterable<Value>;
  /** In the order of the keys' UTF-8 bytes; shows the index as it was when the listing began. */
  keys(range: KeyRange): Iterable<string>;
}

/** Makes an empty index. Keys are sorted when they are first listed after a change, not at every change. */
export function createKeyIndex<Value>(): KeyIndex<Value> {
  const values = new Map<string, Value>();
  let sorted: readonly string[] | undefined;

  return {
    get: (key) => values.get(key),
    set(key, value) {
      if (!values.has(key)) sorted = undefined;
      values.set(key, value);
    },
    delete(key) {
      if (values.delete(key)) sorted = undefined;
    },
    values: () => values.values(),
    *keys({ prefix, after }) {
      sorted ??= [...values.keys()].sort(compareKeys);
      const snapshot = sorted;
      for (let i = firstBehind(snapshot, prefix, after); i < snapshot.length; i++) {
        const key = snapshot[i];
        if (key === undefined || !key.startsWith(prefix)) return;
        yield key;
      }
    },
  };
}

/**
 * Negative, zero or positive as `a` sorts before, with or behind `b` in UTF-8 bytes. JavaScript's own order differs:
 * it puts surrogate pairs (emoji) before U+E000 to U+FFFF.
 */
export function compareKeys(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) return byteOrder(left) - byteOrder(right);
  }
  return a.length - b.length;
}

/** Moves the surrogates (U+D800 to U+DFFF) behind the rest of the code units, where their UTF-8 bytes are. */
function byteOrder(codeUnit: number): number {
  return codeUnit >= 0xd800 && codeUnit <= 0xdfff ? codeUnit + 0x10000 : codeUnit;
}

function firstBehind(sorted: readonly string[], prefix: string, after: string | undefined): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const key = sorted[middle] ?? "";
    const tooEarly = compareKeys(key, prefix) < 0 || (after !== undefined && compareKeys(key, after) <= 0);
    if (tooEarly) low = middle + 1;
    else high = middle;
  }
  return low;
}
