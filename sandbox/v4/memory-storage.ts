import { ObjectUnreadableError } from "../s3/object-store.ts";
import type { V4Storage } from "./storage.ts";

/** Makes a storage that forgets everything with the process. Holds every byte in memory, so it is for small files. */
export function createMemoryStorage(): V4Storage {
  const files = new Map<string, Uint8Array[]>();
  let lines: string[] = [];
  const sizeOf = (file: string) =>
    (files.get(file) ?? []).reduce((size, chunk) => size + chunk.byteLength, 0);

  return {
    async append(file) {
      const chunks = files.get(file) ?? [];
      files.set(file, chunks);
      return {
        // Copied: what the network hands out may be a window on memory it will use again.
        write: async (bytes) => void chunks.push(Uint8Array.from(bytes)),
        close: async () => {},
      };
    },
    sizeOf: async (file) => sizeOf(file),
    async *read(file, { start, end }) {
      if (sizeOf(file) < end) throw new ObjectUnreadableError(`${file} has fewer than ${end} bytes`);
      let position = 0;
      for (const chunk of files.get(file) ?? []) {
        const wanted = chunk.subarray(Math.max(0, start - position), Math.max(0, end - position));
        if (wanted.byteLength > 0) yield wanted;
        position += chunk.byteLength;
      }
    },
    async remove(file) {
      files.delete(file);
    },
    readLog: async () => [...lines],
    async replaceLog(others) {
      lines = [...others];
    },
    log(line) {
      lines.push(line);
    },
    close: async () => {},
  };
}
