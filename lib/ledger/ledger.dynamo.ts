import { PutCommand } from "@aws-sdk/lib-dynamodb";
import type { Warning } from "../photo/photo.ts";
import {
  assertPhotoTransition,
  type Binding,
  type Dismissal,
  type Lease,
  type Ledger,
  type NewRelay,
  type PhotoRow,
  type Start,
  type Trouble,
  type UnreadableMessage,
} from "./ledger.ts";
import { createLedgerQueries } from "./ledger-queries.dynamo.ts";
import { identityOf, type PhotoItem, rowOf } from "./photo-item.ts";
import { CONDITION, createPhotoWrites } from "./photo-writes.dynamo.ts";
import { readItems, type Table, unlessConditionFails } from "./table.dynamo.ts";
import { type Duplicates, dayOf, photoKeyOf, photoStatusDay, placeToSend } from "./table.ts";

/** Largest unreadable body kept in an item, in UTF-8 bytes; DynamoDB's limit is 400 KB for the whole item. */
export const MAX_UNREADABLE_BYTES = 350_000;

/** What the ledger needs. */
export interface DynamoLedgerOptions {
  readonly table: Table;
  readonly duplicates: Duplicates;
  /** ms since 1970. */
  readonly now: () => number;
}

/** The ledger on DynamoDB: single-item writes only, at most one put and one update for a photo that goes well. */
export function createDynamoLedger({ table, duplicates, now }: DynamoLedgerOptions): Ledger {
  const { client, name: TableName } = table;
  const nowIso = () => new Date(now()).toISOString();
  const { advance, rest, remove, clearFailed } = createPhotoWrites(table, nowIso);

  async function putSent(item: PhotoItem): Promise<Start> {
    for (;;) {
      const put = new PutCommand({ TableName, Item: item, ConditionExpression: "attribute_not_exists(pk)" });
      if (await unlessConditionFails(client.send(put))) return { kind: "started", row: rowOf(item) };
      const [holder] = await readItems<PhotoItem>(table, [item]);
      if (holder === undefined) continue;
      // The answer to an earlier try of this very put was lost.
      if (holder.tag === item.tag && holder.leaseOwner === item.leaseOwner)
        return { kind: "started", row: rowOf(holder) };
      if (holder.status !== "failed") return { kind: "taken", by: rowOf(holder) };
      await clearFailed(rowOf(holder));
    }
  }

  return {
    ...createLedgerQueries({ table, duplicates }),

    async dismiss({ ref, facts, ...dismissal }: Dismissal) {
      assertPhotoTransition("relaying", dismissal.status);
      const statusDay = photoStatusDay(dismissal.status, nowIso());
      return (await rest(ref, { ...dismissal, ...facts, statusDay }, "one more")) !== undefined;
    },

    async startRelay(relay: NewRelay) {
      const at = nowIso();
      const start = await putSent({
        ...photoKeyOf(relay.ref, placeToSend(duplicates)),
        ...identityOf(relay.ref),
        status: "relaying",
        ...(relay.warnings.length > 0 && { warnings: relay.warnings }),
        ...relay.facts,
        ...relay.binding,
        attempts: relay.attemptsSoFar + 1,
        leaseOwner: relay.lease.owner,
        leaseUntilMs: relay.lease.untilMs,
        createdAt: at,
        updatedAt: at,
      });
      if (start.kind === "started" && relay.attemptsSoFar > 0) {
        await remove({ ref: relay.ref, place: "resting" });
      }
      return start;
    },

    async resumeRelay(row: PhotoRow, lease: Lease, binding?: Binding) {
      const taken = { attempts: row.attempts + 1, leaseOwner: lease.owner, leaseUntilMs: lease.untilMs };
      const change = { ...taken, ...binding };
      const resumed = await advance(row, change, [CONDITION.relaying, CONDITION.leaseIsAsSeen(row)]);
      if (resumed !== undefined) return resumed;
      const [item] = await readItems<PhotoItem>(table, [photoKeyOf(row.ref, row.place)]);
      return item?.leaseOwner === lease.owner ? rowOf(item) : undefined;
    },

    async releaseRelay(row: PhotoRow, trouble: Trouble) {
      await advance(row, { leaseUntilMs: 0, errorCode: trouble.code, errorMessage: trouble.message }, [
        CONDITION.relaying,
        CONDITION.leaseIsMine(row),
      ]);
    },

    async recordRelayed(row: PhotoRow, warnings: readonly Warning[], handle?: string) {
      assertPhotoTransition(row.status, "relayed");
      const at = nowIso();
      const relayed = await advance(
        row,
        {
          status: "relayed",
          relayedAt: at,
          ...(warnings.length > 0 && { warnings }),
          ...(handle !== undefined && { handle, handledAt: at }),
        },
        [CONDITION.relaying, CONDITION.leaseIsMine(row)],
        ["leaseOwner", "leaseUntilMs", "errorCode", "errorMessage"],
      );
      return relayed !== undefined;
    },

    renewHandle: (row, handle, binding) =>
      advance(row, { ...binding, handle, handledAt: nowIso() }, [CONDITION.relayed]),

    async loseUpload(row, { code, message }) {
      assertPhotoTransition(row.status, "failed");
      const statusDay = photoStatusDay("failed", nowIso());
      const change = { status: "failed", errorCode: code, errorMessage: message, statusDay } as const;
      const failed = await advance(row, change, [CONDITION.relayed]);
      if (failed !== undefined) await clearFailed(failed);
      return failed !== undefined;
    },

    async leaveOut(row, reasons) {
      if (row.status === "rejected") return;
      assertPhotoTransition(row.status, "rejected");
      const statusDay = photoStatusDay("rejected", nowIso());
      await advance(row, { status: "rejected", reasons, statusDay }, [CONDITION.relayed]);
    },

    async noteTrouble(ref, trouble) {
      const error = { errorCode: trouble.code, errorMessage: trouble.message };
      const statusDay = photoStatusDay("troubled", "");
      const item = await rest(ref, { status: "relaying", ...error, statusDay }, "one more");
      return item?.attempts ?? 0;
    },

    async fail(ref, trouble, row) {
      if (row?.status === "failed") {
        if (row.place !== "resting") await clearFailed(row);
        return true;
      }
      const error = { errorCode: trouble.code, errorMessage: trouble.message };
      if (row === undefined || row.place === "resting") {
        const statusDay = photoStatusDay("failed", nowIso());
        const item = await rest(ref, { status: "failed", ...error, statusDay }, row?.attempts ?? "one more");
        return item !== undefined;
      }
      assertPhotoTransition(row.status, "failed");
      const failed = await advance(
        row,
        { status: "failed", ...error, statusDay: photoStatusDay("failed", nowIso()) },
        [CONDITION.relaying, CONDITION.leaseIsAsSeen(row)],
        ["leaseOwner", "leaseUntilMs"],
      );
      if (failed === undefined) return false;
      await clearFailed(failed);
      return true;
    },

    async publish(row: PhotoRow, clusterId?: string) {
      if (row.status === "published") return;
      assertPhotoTransition(row.status, "published");
      const cluster = clusterId === undefined ? {} : { clusterId };
      await advance(row, { status: "published", publishedAt: nowIso(), ...cluster }, [CONDITION.relayed]);
    },

    async keepUnreadable({ messageId, body, why }: UnreadableMessage) {
      const bodyBytes = Buffer.byteLength(body);
      if (bodyBytes > MAX_UNREADABLE_BYTES) {
        throw new RangeError(
          `message ${messageId} has ${bodyBytes} bytes; the ledger keeps ${MAX_UNREADABLE_BYTES}`,
        );
      }
      const at = nowIso();
      const item = { why, body, statusDay: `unreadable#${dayOf(at)}`, updatedAt: at };
      const put = { pk: `unreadable#${messageId}`, sk: "message", ...item };
      await client.send(new PutCommand({ TableName, Item: put }));
    },
  };
}
