import { DeleteCommand, PutCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import type { PhotoRef, Warning } from "../photo/photo.ts";
import {
  assertPhotoTransition,
  type Dismissal,
  type Lease,
  type Ledger,
  type NewRelay,
  type PhotoRow,
  photoTagOf,
  type Start,
  type Trouble,
  type UnreadableMessage,
} from "./ledger.ts";
import { createLedgerQueries } from "./ledger-queries.dynamo.ts";
import { identityOf, type PhotoItem, rowOf } from "./photo-item.ts";
import { readItems, type Table, unlessConditionFails, updateOf } from "./table.dynamo.ts";
import { type Duplicates, dayOf, type ItemKey, photoStatusDay, restingKeyOf, sentKeyOf } from "./table.ts";

/** Largest unreadable body kept in an item, in UTF-8 bytes; DynamoDB's limit is 400 KB for the whole item. */
export const MAX_UNREADABLE_BYTES = 350_000;

/** What the ledger needs. */
export interface DynamoLedgerOptions {
  readonly table: Table;
  readonly duplicates: Duplicates;
  /** ms since 1970. */
  readonly now: () => number;
}

/** Conditions of the writes below, by name. */
const CONDITION = {
  /** The item is this photo's, and it is on its way. */
  relaying: "#tag = :tag AND #status = :relaying",
  /** Nobody has taken it over since. */
  leaseIsMine: "#leaseOwner = :mine",
  /** Its last attempt is over: the lease is as it was seen. */
  leaseIsAsSeen: "#leaseOwner = :seenOwner AND #leaseUntilMs = :seenUntilMs",
  /** It may still become something else. */
  unsettled: "attribute_not_exists(pk) OR #status IN (:relaying, :failed)",
} as const;

/** The ledger on DynamoDB: single-item writes only, at most one put and one update for a photo that goes well. */
export function createDynamoLedger({ table, duplicates, now }: DynamoLedgerOptions): Ledger {
  const { client, name: TableName } = table;
  const nowIso = () => new Date(now()).toISOString();
  const queries = createLedgerQueries({ table, duplicates });

  /** Writes a photo that is not on its way, unless it is settled. @returns its item, `undefined` when settled */
  async function rest(ref: PhotoRef, attributes: Partial<PhotoItem>, attempts: number | "one more") {
    const at = nowIso();
    const { bucket, key, etag, sizeBytes, versionId, tag, keyPath } = identityOf(ref);
    const update = updateOf(
      { bucket, key, etag, sizeBytes, versionId, tag, keyPath, ...attributes, updatedAt: at },
      attributes.errorCode === undefined ? ["errorCode", "errorMessage"] : [],
    );
    const counted =
      attempts === "one more"
        ? "#attempts = if_not_exists(#attempts, :zero) + :one"
        : "#attempts = :attempts";
    const answer = await unlessConditionFails(
      client.send(
        new UpdateCommand({
          TableName,
          Key: restingKeyOf(ref),
          UpdateExpression: update.expression.replace(
            "SET ",
            `SET ${counted}, #createdAt = if_not_exists(#createdAt, :updatedAt), `,
          ),
          ConditionExpression: CONDITION.unsettled,
          ExpressionAttributeNames: { ...update.names, "#attempts": "attempts", "#createdAt": "createdAt" },
          ExpressionAttributeValues: {
            ...update.values,
            ...(attempts === "one more" ? { ":zero": 0, ":one": 1 } : { ":attempts": attempts }),
            ":relaying": "relaying",
            ":failed": "failed",
          },
          ReturnValues: "ALL_NEW",
        }),
      ),
    );
    return answer?.Attributes as PhotoItem | undefined;
  }

  /** Updates the item of a photo that is on its way. @returns its row, `undefined` when a condition did not hold */
  async function advance(
    row: PhotoRow,
    attributes: Partial<PhotoItem>,
    conditions: readonly string[],
    values: Record<string, unknown>,
    remove: readonly (keyof PhotoItem)[] = [],
  ): Promise<PhotoRow | undefined> {
    const update = updateOf({ ...attributes, updatedAt: nowIso() }, remove);
    const answer = await unlessConditionFails(
      client.send(
        new UpdateCommand({
          TableName,
          Key: sentKeyOf(row.ref, duplicates),
          UpdateExpression: update.expression,
          ConditionExpression: conditions.map((condition) => `(${condition})`).join(" AND "),
          ExpressionAttributeNames: {
            ...update.names,
            "#tag": "tag",
            "#status": "status",
            ...(conditions.some((condition) => condition.includes("#leaseOwner")) && {
              "#leaseOwner": "leaseOwner",
            }),
            ...(conditions.some((condition) => condition.includes("#leaseUntilMs")) && {
              "#leaseUntilMs": "leaseUntilMs",
            }),
          },
          ExpressionAttributeValues: { ...update.values, ":tag": photoTagOf(row.ref), ...values },
          ReturnValues: "ALL_NEW",
        }),
      ),
    );
    return answer?.Attributes ? rowOf(answer.Attributes as PhotoItem) : undefined;
  }

  async function remove(Key: ItemKey, tag: string, status: "failed" | "resting"): Promise<void> {
    await unlessConditionFails(
      client.send(
        new DeleteCommand({
          TableName,
          Key,
          ConditionExpression: status === "failed" ? "#tag = :tag AND #status = :failed" : "#tag = :tag",
          ExpressionAttributeNames: { "#tag": "tag", ...(status === "failed" && { "#status": "status" }) },
          ExpressionAttributeValues: { ":tag": tag, ...(status === "failed" && { ":failed": "failed" }) },
        }),
      ),
    );
  }

  /**
   * Moves a photo that was given up out of the place of the sent one. Two writes; whoever meets a photo that
   * was left between them does both again.
   */
  async function clearFailed(row: PhotoRow): Promise<void> {
    await rest(
      row.ref,
      {
        status: "failed",
        ...row.facts,
        ...row.binding,
        warnings: row.warnings,
        errorCode: row.error?.code ?? "unknown",
        errorMessage: row.error?.message ?? "",
        statusDay: photoStatusDay("failed", row.updatedAt),
      },
      row.attempts,
    );
    await remove(sentKeyOf(row.ref, duplicates), photoTagOf(row.ref), "failed");
  }

  async function putSent(item: PhotoItem): Promise<Start> {
    for (;;) {
      const put = new PutCommand({
        TableName,
        Item: item,
        ConditionExpression: "attribute_not_exists(pk)",
      });
      if (await unlessConditionFails(client.send(put))) return { kind: "started", row: rowOf(item) };
      const [holder] = await readItems<PhotoItem>(table, [item]);
      if (holder === undefined) continue;
      if (holder.status !== "failed") return { kind: "taken", by: rowOf(holder) };
      await clearFailed(rowOf(holder));
    }
  }

  return {
    ...queries,

    async dismiss(dismissal: Dismissal) {
      assertPhotoTransition("relaying", dismissal.status);
      const { ref, facts, ...rest_ } = dismissal;
      const statusDay = photoStatusDay(dismissal.status, nowIso());
      await rest(ref, { ...rest_, ...facts, statusDay }, "one more");
    },

    async startRelay(relay: NewRelay) {
      const at = nowIso();
      const start = await putSent({
        ...sentKeyOf(relay.ref, duplicates),
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
        await remove(restingKeyOf(relay.ref), photoTagOf(relay.ref), "resting");
      }
      return start;
    },

    async resumeRelay(row: PhotoRow, lease: Lease) {
      return await advance(
        row,
        { attempts: row.attempts + 1, leaseOwner: lease.owner, leaseUntilMs: lease.untilMs },
        [CONDITION.relaying, CONDITION.leaseIsAsSeen],
        { ":relaying": "relaying", ":seenOwner": row.lease?.owner, ":seenUntilMs": row.lease?.untilMs },
      );
    },

    async releaseRelay(row: PhotoRow, trouble: Trouble) {
      await advance(
        row,
        { leaseUntilMs: 0, errorCode: trouble.code, errorMessage: trouble.message },
        [CONDITION.relaying, CONDITION.leaseIsMine],
        { ":relaying": "relaying", ":mine": row.lease?.owner },
      );
    },

    async recordRelayed(row: PhotoRow, warnings: readonly Warning[]) {
      assertPhotoTransition(row.status, "relayed");
      const relayed = await advance(
        row,
        { status: "relayed", relayedAt: nowIso(), ...(warnings.length > 0 && { warnings }) },
        [CONDITION.relaying, CONDITION.leaseIsMine],
        { ":relaying": "relaying", ":mine": row.lease?.owner },
        ["leaseOwner", "leaseUntilMs", "errorCode", "errorMessage"],
      );
      return relayed !== undefined;
    },

    async noteTrouble(ref: PhotoRef, trouble: Trouble) {
      const item = await rest(
        ref,
        {
          status: "relaying",
          errorCode: trouble.code,
          errorMessage: trouble.message,
          statusDay: photoStatusDay("troubled", ""),
        },
        "one more",
      );
      return item?.attempts ?? 0;
    },

    async fail(ref: PhotoRef, trouble: Trouble, row?: PhotoRow) {
      const error = { errorCode: trouble.code, errorMessage: trouble.message };
      if (row?.binding === undefined) {
        const statusDay = photoStatusDay("failed", nowIso());
        const item = await rest(ref, { status: "failed", ...error, statusDay }, row?.attempts ?? "one more");
        return item !== undefined;
      }
      assertPhotoTransition(row.status, "failed");
      const failed = await advance(
        row,
        { status: "failed", ...error },
        [CONDITION.relaying, CONDITION.leaseIsAsSeen],
        { ":relaying": "relaying", ":seenOwner": row.lease?.owner, ":seenUntilMs": row.lease?.untilMs },
        ["leaseOwner", "leaseUntilMs"],
      );
      if (failed === undefined) return false;
      await clearFailed(failed);
      return true;
    },

    async publish(row: PhotoRow) {
      if (row.status === "published") return;
      assertPhotoTransition(row.status, "published");
      await advance(
        row,
        { status: "published", publishedAt: nowIso() },
        ["#tag = :tag AND #status = :relayed"],
        {
          ":relayed": "relayed",
        },
      );
    },

    async keepUnreadable({ messageId, body, why }: UnreadableMessage) {
      const bodyBytes = Buffer.byteLength(body);
      if (bodyBytes > MAX_UNREADABLE_BYTES) {
        throw new RangeError(
          `message ${messageId} has ${bodyBytes} bytes; the ledger keeps ${MAX_UNREADABLE_BYTES}`,
        );
      }
      const at = nowIso();
      await client.send(
        new PutCommand({
          TableName,
          Item: {
            pk: `unreadable#${messageId}`,
            sk: "message",
            why,
            body,
            statusDay: `unreadable#${dayOf(at)}`,
            updatedAt: at,
          },
        }),
      );
    },
  };
}
