/**
 * The track: the part of an object key that names a sequence. By default the folder of the object; with a
 * pattern such as `{vehicle}/{trip}/`, as many leading folders as the pattern names.
 */

/** A track pattern, read and checked. */
export interface TrackPattern {
  /** One per folder; `undefined` matches any folder name, a string just that one. */
  readonly folders: readonly (string | undefined)[];
}

/**
 * Reads a track pattern: folder names and `{placeholders}`, separated by `/`.
 *
 * @throws {RangeError} naming the folder that is neither
 */
export function readTrackPattern(pattern: string): TrackPattern {
  const folders = pattern.split("/").filter((folder) => folder !== "");
  if (folders.length === 0) {
    throw new RangeError(
      `the track pattern ${JSON.stringify(pattern)} names no folder; expected {vehicle}/{trip}/`,
    );
  }
  return { folders: folders.map(readPatternFolder) };
}

function readPatternFolder(folder: string): string | undefined {
  if (/^\{\w+\}$/.test(folder)) return undefined;
  if (!/[{}]/.test(folder)) return folder;
  throw new RangeError(
    `the track pattern's folder ${JSON.stringify(folder)} mixes text and braces; expected a name or {placeholder}`,
  );
}

/**
 * The track an object belongs to: a path without a trailing slash, `""` at the root of the bucket.
 * A key that the pattern does not fit is of the track of its own folder: nothing is left out.
 */
export function trackOf(key: string, pattern?: TrackPattern): string {
  const folders = key.split("/").slice(0, -1);
  if (pattern !== undefined && fits(folders, pattern)) folders.length = pattern.folders.length;
  return folders.join("/");
}

function fits(folders: readonly string[], pattern: TrackPattern): boolean {
  return (
    folders.length >= pattern.folders.length &&
    pattern.folders.every((wanted, at) => wanted === undefined || wanted === folders[at])
  );
}
