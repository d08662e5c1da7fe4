import { DeleteCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import type { PhotoRef } from "../photo/photo.ts";
import { type PhotoRow, photoTagOf } from "./ledger.ts";
import { identityOf, type PhotoItem, rowOf } from "./photo-item.ts";
import { type Table, unlessConditionFails, updateOf } from "./table.dynamo.ts";
import { photoKeyOf, photoStatusDay } from "./table.ts";

/** A condition of a write: its expression, and the values that it names. */
export interface Condition {
  readonly expression: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** What must hold for a photo's item to be written, by name. */
export const CONDITION = {
  /** It is on its way. */
  relaying: { expression: "#status = :relaying", values: { ":relaying": "relaying" } },
  /** It arrived, and its sequence is not complete. */
  relayed: { expression: "#status = :relayed", values: { ":relayed": "relayed" } },
  /** It was given up. */
  failed: { expression: "#status = :failed", values: { ":failed": "failed" } },
  /** Nobody has taken it over since. */
  leaseIsMine: ({ lease }: PhotoRow) => ({
    expression: "#leaseOwner = :leaseOwnerSeen",
    values: { ":leaseOwnerSeen": lease?.owner },
  }),
  /** Its last attempt is over: the lease is as it was seen. */
  leaseIsAsSeen: ({ lease }: PhotoRow) => ({
    expression: "#leaseOwner = :leaseOwnerSeen AND #leaseUntilMs = :leaseUntilMsSeen",
    values: { ":leaseOwnerSeen": lease?.owner, ":leaseUntilMsSeen": lease?.untilMs },
  }),
} as const;

/** The names that conditions use. */
function namesIn(expression: string): Record<string, string> {
  return Object.fromEntries([...expression.matchAll(/#(\w+)/g)].map(([alias, name = ""]) => [alias, name]));
}

/** The writes that photos' items undergo, each to a single item. */
export function createPhotoWrites({ client, name: TableName }: Table, nowIso: () => string) {
  /**
   * Changes the item of a photo that was put to be sent.
   *
   * @returns its row, `undefined` when a condition did not hold
   */
  async function advance(
    row: PhotoRow,
    attributes: Partial<PhotoItem>,
    conditions: readonly Condition[],
    remove: readonly (keyof PhotoItem)[] = [],
  ): Promise<PhotoRow | undefined> {
    const update = updateOf({ ...attributes, updatedAt: nowIso() }, remove);
    const mine: Condition = { expression: "#tag = :tag", values: { ":tag": photoTagOf(row.ref) } };
    const expression = [mine, ...conditions].map((condition) => `(${condition.expression})`).join(" AND ");
    const answer = await unlessConditionFails(
      client.send(
        new UpdateCommand({
          TableName,
          Key: photoKeyOf(row.ref, row.place),
          UpdateExpression: update.expression,
          ConditionExpression: expression,
          ExpressionAttributeNames: { ...update.names, ...namesIn(expression) },
          ExpressionAttributeValues: Object.assign(
            {},
            update.values,
            ...[mine, ...conditions].map(({ values }) => values),
          ),
          ReturnValues: "ALL_NEW",
        }),
      ),
    );
    return answer?.Attributes ? rowOf(answer.Attributes as PhotoItem) : undefined;
  }

  /**
   * Writes a photo that is not on its way, unless it is settled.
   *
   * @param attempts how often it was tried, or that this was one more time
   * @returns its item, `undefined` when it is settled
   */
  async function rest(
    ref: PhotoRef,
    attributes: Partial<PhotoItem>,
    attempts: number | "one more",
  ): Promise<PhotoItem | undefined> {
    const stale: (keyof PhotoItem)[] =
      attributes.errorCode === undefined ? ["errorCode", "errorMessage"] : [];
    const update = updateOf({ ...identityOf(ref), ...attributes, updatedAt: nowIso() }, stale);
    const counted =
      attempts === "one more"
        ? "#attempts = if_not_exists(#attempts, :zero) + :one"
        : "#attempts = :attempts";
    const answer = await unlessConditionFails(
      client.send(
        new UpdateCommand({
          TableName,
          Key: photoKeyOf(ref, "resting"),
          UpdateExpression: update.expression.replace(
            "SET ",
            `SET ${counted}, #createdAt = if_not_exists(#createdAt, :updatedAt), `,
          ),
          ConditionExpression: "attribute_not_exists(pk) OR #status IN (:relaying, :failed)",
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

  /** Removes a photo's item from a place, if it is this photo's and the condition holds. */
  async function remove(row: Pick<PhotoRow, "ref" | "place">, condition?: Condition): Promise<void> {
    const expression = ["#tag = :tag", condition?.expression].filter(Boolean).join(" AND ");
    await unlessConditionFails(
      client.send(
        new DeleteCommand({
          TableName,
          Key: photoKeyOf(row.ref, row.place),
          ConditionExpression: expression,
          ExpressionAttributeNames: namesIn(expression),
          ExpressionAttributeValues: { ":tag": photoTagOf(row.ref), ...condition?.values },
        }),
      ),
    );
  }

  /**
   * Moves a photo that was given up out of the place of the sent one. Two writes; whoever meets a photo that was
   * left between them does both again.
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
    await remove(row, CONDITION.failed);
  }

  return { advance, rest, remove, clearFailed };
}
