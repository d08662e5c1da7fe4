declare module "dynalite" {
  import type { Server } from "node:http";

  /** The part of dynalite's options that is used here; it ships no types of its own. */
  interface DynaliteOptions {
    readonly createTableMs?: number;
    /** Folder of the LevelDB store; in memory when absent. */
    readonly path?: string;
  }

  export default function dynalite(options?: DynaliteOptions): Server;
}
