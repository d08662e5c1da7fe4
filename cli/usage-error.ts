/** The command cannot be done as it was asked for: a person has to change the command, a file it names, or the environment. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
