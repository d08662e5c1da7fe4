/**
 * A folder that a stand-in can be started on again, also after it was killed: `bytes/` with one file per session, and
 * `state.jsonl` with what they are. One process at a time may have it open.
 */
import { appendFileSync, closeSync, openSync } from "node:fs";
import { mkdir, open, readFile, rename, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readFileRange } from "../s3/file-range.ts";
import { FILE_NAME, type V4Storage } from "./storage.ts";

const NEWLINE = 0x0a;

/** Opens a folder, making it when it is not there. Files that are not the stand-in's own are left alone. */
export async function openFolderStorage(directory: string): Promise<V4Storage> {
  const bytesDirectory = join(directory, "bytes");
  await mkdir(bytesDirectory, { recursive: true });
  const logPath = join(directory, "state.jsonl");
  let logFile = openSync(logPath, "a");

  const pathOf = (file: string): string => {
    if (!FILE_NAME.test(file)) throw new Error(`${JSON.stringify(file)} is not the name of a file of ours`);
    return join(bytesDirectory, file);
  };

  return {
    async append(file) {
      const handle = await open(pathOf(file), "a");
      return { write: (bytes) => handle.appendFile(bytes), close: () => handle.close() };
    },
    async sizeOf(file) {
      const stats = await stat(pathOf(file)).catch(unlessMissing);
      return stats?.size ?? 0;
    },
    async *read(file, range) {
      await using handle = await open(pathOf(file), "r");
      yield* readFileRange(handle, range, file);
    },
    remove: (file) => rm(pathOf(file), { force: true }),
    async readLog() {
      const bytes = await readFile(logPath);
      // A line without its end is one that the process died in; the next would be written behind it.
      const whole = bytes.lastIndexOf(NEWLINE) + 1;
      if (whole < bytes.byteLength) await truncate(logPath, whole);
      return bytes.toString("utf8", 0, whole).split("\n").slice(0, -1);
    },
    async replaceLog(lines) {
      await writeFile(`${logPath}.tmp`, lines.map((line) => `${line}\n`).join(""));
      await rename(`${logPath}.tmp`, logPath);
      closeSync(logFile);
      logFile = openSync(logPath, "a");
    },
    log: (line) => appendFileSync(logFile, `${line}\n`),
    close: async () => closeSync(logFile),
  };
}

function unlessMissing(error: unknown): undefined {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
  throw error;
}
