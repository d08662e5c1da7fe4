import { HEAD_BYTES, type Inspection, inspectImage } from "./inspect-image.ts";
import type { ClusterRow, HandleRow, V4State } from "./state.ts";
import type { V4Storage } from "./storage.ts";

/** A finished sequence. */
export interface Cluster {
  /** Digits. */
  readonly id: string;
  /** Name of the user whose token finished it. */
  readonly user: string;
  /** Id of the organization it was given to; null when none was named. */
  readonly organization: string | null;
  /** ISO 8601 UTC. */
  readonly finishedAt: string;
  /** In the manifest's order. */
  readonly images: readonly ClusterImage[];
}

/** One image of a sequence, as it was when the sequence was finished. */
export interface ClusterImage {
  readonly handle: string;
  readonly sessionKey: string;
  readonly sizeBytes: number;
  /** Of its bytes, hexadecimal. */
  readonly sha256: string;
  /** What Mapillary would find wrong with it later, in words; empty when all is well. */
  readonly problems: readonly string[];
}

/** A sequence to be made. */
export interface NewCluster {
  readonly username: string;
  readonly organization: string | null;
  readonly images: readonly { readonly handle: string; readonly row: HandleRow }[];
}

/** All finished sequences. */
export interface Clusters {
  /** Makes one and tells its id. */
  add(cluster: NewCluster): string;
  /** In the order of finishing, with what is wrong with their images. */
  list(): Promise<readonly Cluster[]>;
  /** Undefined when there is none. */
  get(id: string): Promise<Cluster | undefined>;
}

/** A number like Facebook's; the first cluster's is one more. */
const ID_BASE = 1_000_000_000_000_000;

/** Opens the sequences that the state holds. `now` is in epoch milliseconds. */
export function openClusters(state: V4State, storage: V4Storage, now: () => number): Clusters {
  // Looked at once, and only when somebody asks: a sequence's bytes do not change any more.
  const inspections = new Map<string, Promise<Inspection>>();
  const inspect = (file: string, sizeBytes: number): Promise<Inspection> => {
    const id = `${file} ${sizeBytes}`;
    const inspection = inspections.get(id) ?? inspectFile(storage, file, sizeBytes);
    inspections.set(id, inspection);
    return inspection;
  };

  const describe = async (id: string, row: ClusterRow): Promise<Cluster> => {
    const seen = new Set<string>();
    let last = "";
    const images: ClusterImage[] = [];
    for (const { handle, key, file, sizeBytes, sha256 } of row.images) {
      const { problems, captureTime } = await inspect(file, sizeBytes);
      const more = [
        ...(seen.has(handle) ? ["is in the sequence more than once"] : []),
        ...(captureTime !== undefined && captureTime < last
          ? ["was taken before the image in front of it"]
          : []),
      ];
      images.push({ handle, sessionKey: key, sizeBytes, sha256, problems: [...problems, ...more] });
      seen.add(handle);
      last = captureTime ?? last;
    }
    const finishedAt = new Date(row.finishedAtMs).toISOString();
    return { id, user: row.username, organization: row.organization, finishedAt, images };
  };

  return {
    add({ username, organization, images }) {
      const id = String(ID_BASE + state.clusters.size + 1);
      state.clusters.put(id, {
        username,
        organization,
        finishedAtMs: now(),
        images: images.map(({ handle, row: { key, file, sizeBytes, sha256 } }) => ({
          handle,
          key,
          file,
          sizeBytes,
          sha256,
        })),
      });
      return id;
    },
    async list() {
      const clusters: Cluster[] = [];
      for (const [id, row] of state.clusters.entries()) clusters.push(await describe(id, row));
      return clusters;
    },
    async get(id) {
      const row = state.clusters.get(id);
      return row && (await describe(id, row));
    },
  };
}

async function inspectFile(storage: V4Storage, file: string, sizeBytes: number): Promise<Inspection> {
  const chunks: Uint8Array[] = [];
  const end = Math.min(sizeBytes, HEAD_BYTES);
  try {
    for await (const chunk of storage.read(file, { start: 0, end })) chunks.push(chunk);
  } catch (error) {
    return { problems: [`cannot be read: ${String(error)}`], captureTime: undefined };
  }
  return inspectImage(Buffer.concat(chunks));
}
