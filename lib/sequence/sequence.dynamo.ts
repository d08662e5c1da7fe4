import { DeleteCommand, GetCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import {
  queryKeys,
  queryPartition,
  readItems,
  type Table,
  unlessConditionFails,
  updateOf,
} from "../ledger/table.dynamo.ts";
import { sequenceKeyOf, trackHeadKeyOf } from "../ledger/table.ts";
import { claimMarkOf, isFilenameFree } from "./filename-claims.ts";
import {
  assertSequenceTransition,
  MAX_PHOTOS_PER_SEQUENCE,
  type Sender,
  type SequenceChange,
  type SequencePlace,
  type SequenceRow,
  type SequenceStatus,
  type SequenceStore,
  type Slot,
  type SlotAsk,
  sequenceIdOf,
  type Track,
} from "./sequence.ts";
import { isOf, type SequenceItem, sequenceRowOf, sequenceStatusDay } from "./sequence-item.ts";

/** What the store needs. */
export interface DynamoSequenceOptions {
  readonly table: Table;
  /** ms since 1970. */
  readonly now: () => number;
  /** A name that nothing else has. */
  readonly newId: () => string;
}

/** Most slots claimed in one write; above any batch that Lambda is configured for. */
const MAX_SLOTS_PER_CLAIM = 100;

/** Conditions of the writes below, by name. */
const CONDITION = {
  /** Nobody has opened it yet. */
  isNew: "attribute_not_exists(pk)",
  /** It takes photos, of this sender, and has room for all that are asked for. */
  hasRoom:
    "#status = :open AND #account = :account AND username = :username AND slotsTaken <= :mostTaken AND ",
  /** It is as it was seen: no transition, no claim and no note since. */
  isAsSeen: "#status = :seenStatus AND slotsTaken = :seenTaken AND lastClaimAt = :seenClaimAt",
  /** Nothing but claims has happened to it. */
  isUnchanged: "attribute_not_exists(changeId)",
  /** What was seen of it is its last change. */
  hasVersion: "changeId = :seenVersion",
} as const;

/**
 * Sequences on DynamoDB. A track's head item says which sequence is open; slots are claimed on the sequence's
 * own item, in one write that counts, checks the limit, checks that it is still open and notes the file names.
 * Closing is a write to the same item, so that a claim comes wholly before or not at all.
 */
export function createDynamoSequences({ table, now, newId }: DynamoSequenceOptions): SequenceStore {
  const { client, name: TableName } = table;
  const nowIso = () => new Date(now()).toISOString();

  async function readHead(track: Track): Promise<SequencePlace> {
    const Key = trackHeadKeyOf(track);
    for (;;) {
      const { Item } = await client.send(new GetCommand({ TableName, Key, ConsistentRead: true }));
      if (Item?.epoch !== undefined) return { epoch: Item.epoch, part: Item.part };
      await unlessConditionFails(
        client.send(
          new UpdateCommand({
            TableName,
            Key,
            UpdateExpression: "SET epoch = :epoch, part = :part",
            ConditionExpression: "attribute_not_exists(epoch)",
            ExpressionAttributeValues: { ":epoch": now(), ":part": 0 },
          }),
        ),
      );
    }
  }

  /** Points the track to its next sequence, unless somebody was faster. */
  async function moveHead(track: Track, from: SequencePlace, to: SequencePlace): Promise<void> {
    await unlessConditionFails(
      client.send(
        new UpdateCommand({
          TableName,
          Key: trackHeadKeyOf(track),
          UpdateExpression: "SET epoch = :toEpoch, part = :toPart",
          ConditionExpression: "epoch = :epoch AND part = :part",
          ExpressionAttributeValues: {
            ":epoch": from.epoch,
            ":part": from.part,
            ":toEpoch": to.epoch,
            ":toPart": to.part,
          },
        }),
      ),
    );
  }

  /** Claims a slot for every ask in one write. @returns `undefined` when they do not all fit, or it is closed */
  async function claimAll(track: Track, sender: Sender, place: SequencePlace, asks: readonly SlotAsk[]) {
    const at = nowIso();
    const sequenceId = sequenceIdOf(track, place);
    const { organizationId } = sender;
    const organization = organizationId === undefined ? "" : ", organizationId = :organizationId";
    const sameOrganization =
      organizationId === undefined
        ? "attribute_not_exists(organizationId)"
        : "organizationId = :organizationId";
    const answer = await unlessConditionFails(
      client.send(
        new UpdateCommand({
          TableName,
          Key: sequenceKeyOf(track, place),
          UpdateExpression:
            "SET lastClaimAt = :at, openedAt = if_not_exists(openedAt, :at), #status = :open, statusDay = :statusDay, " +
            "updatedAt = if_not_exists(updatedAt, :at), id = :id, #bucket = :bucket, trackPath = :path, " +
            `epoch = :epoch, part = :part, #account = :account, username = :username${organization} ` +
            "ADD slotsTaken :count, #names :names",
          ConditionExpression: `${CONDITION.isNew} OR (${CONDITION.hasRoom}${sameOrganization})`,
          ExpressionAttributeNames: {
            "#status": "status",
            "#bucket": "bucket",
            "#names": "names",
            "#account": "account",
          },
          ExpressionAttributeValues: {
            ":at": at,
            ":open": "open",
            ":statusDay": sequenceStatusDay("open", at),
            ":id": sequenceId,
            ":bucket": track.bucket,
            ":path": track.path,
            ":epoch": place.epoch,
            ":part": place.part,
            ":account": sender.account,
            ":username": sender.username,
            ...(organizationId !== undefined && { ":organizationId": organizationId }),
            ":count": asks.length,
            ":names": new Set(asks.map(claimMarkOf)),
            ":mostTaken": MAX_PHOTOS_PER_SEQUENCE - asks.length,
          },
          ReturnValues: "UPDATED_OLD",
        }),
      ),
    );
    if (answer === undefined) return undefined;
    const before = (answer.Attributes ?? {}) as Partial<SequenceItem>;
    const firstIndex = before.slotsTaken ?? 0;
    return asks.map(
      (ask, at): Slot => ({
        sequenceId,
        index: firstIndex + at,
        filenameIsFree: isFilenameFree(ask, before.names ?? new Set(), asks.slice(0, at)),
      }),
    );
  }

  async function readSequence(track: Track, place: SequencePlace): Promise<SequenceItem | undefined> {
    const [item] = await readItems<SequenceItem>(table, [sequenceKeyOf(track, place)]);
    return item;
  }

  async function claimSlots(track: Track, sender: Sender, asks: readonly SlotAsk[]): Promise<Slot[]> {
    const slots: Slot[] = [];
    let most = MAX_SLOTS_PER_CLAIM;
    while (slots.length < asks.length) {
      const wanted = asks.slice(slots.length, slots.length + most);
      const place = await readHead(track);
      const claimed = await claimAll(track, sender, place, wanted);
      if (claimed !== undefined) {
        slots.push(...claimed);
        most = MAX_SLOTS_PER_CLAIM;
        continue;
      }
      const item = await readSequence(track, place);
      const room = MAX_PHOTOS_PER_SEQUENCE - (item?.slotsTaken ?? 0);
      if (item?.status === "open" && isOf(item, sender) && room > 0) {
        most = room;
        continue;
      }
      await moveHead(track, place, nextPlace(place, item, sender));
      most = MAX_SLOTS_PER_CLAIM;
    }
    return slots;
  }

  /** After a full sequence the next part; after a closed one, or one of another sender, the next epoch. */
  function nextPlace(place: SequencePlace, item: SequenceItem | undefined, sender: Sender): SequencePlace {
    if (item?.status === "open" && isOf(item, sender)) return { epoch: place.epoch, part: place.part + 1 };
    return nextEpoch(place);
  }

  function nextEpoch({ epoch }: SequencePlace): SequencePlace {
    return { epoch: Math.max(now(), epoch + 1), part: 0 };
  }

  async function update(row: SequenceRow, change: Record<string, unknown>) {
    const { version } = row;
    const changeId = newId();
    const { expression, names, values } = updateOf({ ...change, changeId });
    const answer = await unlessConditionFails(
      client.send(
        new UpdateCommand({
          TableName,
          Key: sequenceKeyOf(row.track, row),
          UpdateExpression: expression,
          ConditionExpression: `${CONDITION.isAsSeen} AND ${version === undefined ? CONDITION.isUnchanged : CONDITION.hasVersion}`,
          ExpressionAttributeNames: { ...names, "#status": "status" },
          ExpressionAttributeValues: {
            ...values,
            ":seenStatus": row.status,
            ":seenTaken": row.slotsTaken,
            ":seenClaimAt": row.lastClaimAt,
            ...(version !== undefined && { ":seenVersion": version }),
          },
          ReturnValues: "ALL_NEW",
        }),
      ),
    );
    // When the answer to an earlier try of this very write was lost, the next finds it done.
    const item = (answer?.Attributes as SequenceItem | undefined) ?? (await readSequence(row.track, row));
    return item?.changeId === changeId ? sequenceRowOf(item) : undefined;
  }

  async function rowsAt(statusDay: string): Promise<SequenceRow[]> {
    const keys = await queryKeys(table, { index: "byStatus", hash: "statusDay", value: statusDay });
    const items = await readItems<SequenceItem>(table, keys);
    const still = items.filter((item) => sequenceStatusDay(item.status, item.updatedAt) === statusDay);
    return still.sort((a, b) => a.epoch - b.epoch || a.part - b.part).map(sequenceRowOf);
  }

  return {
    claimSlots,
    async markDone(track) {
      await client.send(
        new UpdateCommand({
          TableName,
          Key: trackHeadKeyOf(track),
          UpdateExpression: "SET doneAt = :at",
          ExpressionAttributeValues: { ":at": nowIso() },
        }),
      );
    },
    async doneSince(track) {
      const Key = trackHeadKeyOf(track);
      const { Item } = await client.send(new GetCommand({ TableName, Key, ConsistentRead: true }));
      return Item?.doneAt;
    },
    withStatus: (status) => rowsAt(sequenceStatusDay(status, "")),
    publishedOn: (day) => rowsAt(sequenceStatusDay("published", day)),
    async ofTrack(track) {
      const items = await queryPartition<SequenceItem>(table, trackHeadKeyOf(track).pk, "sequence#");
      return items.map(sequenceRowOf);
    },
    async move(row: SequenceRow, to: SequenceStatus, change: SequenceChange = {}) {
      assertSequenceTransition(row.status, to);
      const at = nowIso();
      return await update(row, {
        status: to,
        statusDay: sequenceStatusDay(to, at),
        updatedAt: at,
        ...(row.status === "open" && { closingAt: at }),
        ...change,
      });
    },
    noteParts: (row, parts) => update(row, { parts, updatedAt: nowIso() }),
    async dropEmpty(row) {
      // First, so that nobody claims in it again and gives out its slots anew.
      await moveHead(row.track, row, nextEpoch(row));
      const condition = {
        ConditionExpression: "#status = :closing",
        ExpressionAttributeNames: { "#status": "status" },
      };
      await unlessConditionFails(
        client.send(
          new DeleteCommand({
            TableName,
            Key: sequenceKeyOf(row.track, row),
            ...condition,
            ExpressionAttributeValues: { ":closing": "closing" },
          }),
        ),
      );
    },
  };
}
