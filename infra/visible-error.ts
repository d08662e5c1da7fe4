/**
 * Something that the person who deploys can mend. The `sst` command shows errors of a class with this very name
 * without a stack trace.
 */
export class VisibleError extends Error {
  override readonly name = "VisibleError";
}
