import { GetCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import type { AccountKey, Gate, Gates } from "./gate.ts";
import { type Table, unlessConditionFails } from "./table.dynamo.ts";

/** How long a stopped account rests before it is tried again. */
export const PROBE_EVERY_MS = 3_600_000;

/** What the gates need. */
export interface DynamoGateOptions {
  readonly table: Table;
  /** ms since 1970. */
  readonly now: () => number;
}

/** One item per account; see docs/ledger.md. */
export function createDynamoGates({ table, now }: DynamoGateOptions): Gates {
  const { client, name: TableName } = table;
  const keyOf = (account: AccountKey) => ({ pk: `gate#${account.name}`, sk: "gate" });

  return {
    async read(account, nowMs): Promise<Gate> {
      const Key = keyOf(account);
      const { Item } = await client.send(new GetCommand({ TableName, Key, ConsistentRead: true }));
      if (Item?.stoppedMark === account.credentialsMark) {
        const why = { code: Item.stoppedCode, message: Item.stoppedMessage };
        return { kind: "stopped", why, since: Item.stoppedAt };
      }
      const untilMs = Number(Item?.pausedUntilMs ?? 0);
      return untilMs > nowMs ? { kind: "paused", untilMs } : { kind: "open" };
    },

    async stop(account, why) {
      const stopped = await unlessConditionFails(
        client.send(
          new UpdateCommand({
            TableName,
            Key: keyOf(account),
            UpdateExpression:
              "SET stoppedMark = :mark, stoppedCode = :code, stoppedMessage = :message, " +
              "stoppedAt = :at, triedAtMs = :now",
            ConditionExpression: "attribute_not_exists(stoppedMark) OR stoppedMark <> :mark",
            ExpressionAttributeValues: {
              ":mark": account.credentialsMark,
              ":code": why.code,
              ":message": why.message,
              ":at": new Date(now()).toISOString(),
              ":now": now(),
            },
          }),
        ),
      );
      return stopped !== undefined;
    },

    async mayProbe(account, nowMs) {
      const probed = await unlessConditionFails(
        client.send(
          new UpdateCommand({
            TableName,
            Key: keyOf(account),
            UpdateExpression: "SET triedAtMs = :now",
            ConditionExpression: "stoppedMark = :mark AND triedAtMs <= :longAgo",
            ExpressionAttributeValues: {
              ":now": nowMs,
              ":mark": account.credentialsMark,
              ":longAgo": nowMs - PROBE_EVERY_MS,
            },
          }),
        ),
      );
      return probed !== undefined;
    },

    async pause(account, untilMs) {
      await unlessConditionFails(
        client.send(
          new UpdateCommand({
            TableName,
            Key: keyOf(account),
            UpdateExpression: "SET pausedUntilMs = :until",
            ConditionExpression: "attribute_not_exists(pausedUntilMs) OR pausedUntilMs < :until",
            ExpressionAttributeValues: { ":until": untilMs },
          }),
        ),
      );
    },

    async open(account) {
      await client.send(
        new UpdateCommand({
          TableName,
          Key: keyOf(account),
          UpdateExpression:
            "REMOVE stoppedMark, stoppedCode, stoppedMessage, stoppedAt, triedAtMs, pausedUntilMs",
        }),
      );
    },
  };
}
