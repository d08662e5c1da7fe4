import type { Sender, SequenceStore, Slot, SlotAsk, Track } from "../sequence/sequence.ts";

/** One photo's turn at the desk. */
export interface DeskVisit {
  /** Asks for a slot. At most once. */
  claim(track: Track, sender: Sender, ask: SlotAsk): Promise<Slot>;
  /** Says that this photo will not ask (any more). Safe to call after `claim`, and twice. */
  leave(): void;
}

/** Gathers the claims of photos that are in the works together, so that they share one write per track. */
export interface SlotDesk {
  /** Announces a photo that may ask for a slot: those who asked wait for it. */
  enter(): DeskVisit;
}

/** Longest time that a photo waits for the others, so that one slow object does not hold up its batch. */
const LONGEST_WAIT_MS = 100;

interface Asked {
  readonly track: Track;
  readonly sender: Sender;
  readonly ask: SlotAsk;
  readonly resolve: (slot: Slot) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A desk that claims when every photo that entered has asked or left.
 *
 * @param delay resolves after so many ms
 */
export function createSlotDesk(
  sequences: Pick<SequenceStore, "claimSlots">,
  delay: (ms: number) => Promise<void>,
): SlotDesk {
  let undecided = 0;
  let asked: Asked[] = [];

  function serveWhenComplete(): void {
    if (undecided === 0) serve();
  }

  function serve(): void {
    const byTrack = Map.groupBy(asked, ({ track }) => JSON.stringify([track.bucket, track.path]));
    asked = [];
    for (const group of byTrack.values()) void serveTrack(group);
  }

  async function serveTrack(group: readonly Asked[]): Promise<void> {
    const [first] = group;
    if (first === undefined) return;
    try {
      const slots = await sequences.claimSlots(
        first.track,
        first.sender,
        group.map(({ ask }) => ask),
      );
      group.forEach(({ resolve, reject }, at) => {
        const slot = slots[at];
        if (slot === undefined)
          reject(new Error(`${group.length} slots were asked for, ${slots.length} given`));
        else resolve(slot);
      });
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }

  return {
    enter() {
      let isUndecided = true;
      undecided += 1;
      function decide(): void {
        if (!isUndecided) return;
        isUndecided = false;
        undecided -= 1;
      }
      return {
        claim(track, sender, ask) {
          return new Promise<Slot>((resolve, reject) => {
            asked.push({ track, sender, ask, resolve, reject });
            if (asked.length === 1) void delay(LONGEST_WAIT_MS).then(serve);
            decide();
            serveWhenComplete();
          });
        },
        leave() {
          decide();
          serveWhenComplete();
        },
      };
    },
  };
}
