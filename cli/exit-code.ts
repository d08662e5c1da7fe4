/** What commands end with. A contract: scripts act on these. */
export const EXIT = {
  /** Everything was accounted for. A photo that was found unfit is a result, not a failure. */
  ok: 0,
  /** `run`: something failed or still waits. `check`: something was rejected. */
  incomplete: 1,
  /** Asked for in a way that cannot be done; nothing was relayed. */
  usage: 2,
  /** Ended by Ctrl-C or a request to terminate: 128 and the number of SIGINT, as shells have it. */
  interrupted: 130,
} as const;
/** One of {@link EXIT}. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
