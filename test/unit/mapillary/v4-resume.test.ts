import fc from "fast-check";
import { expect, it } from "vitest";
import { destinationTo, imageOf, NEVER, payloadOf, photoOf, shipmentOf, startForTest } from "./v4-fixture.ts";

it("sends every byte once, however often and wherever the connection breaks", async () => {
  const standIn = await startForTest();
  let runs = 0;
  const cuts = fc.array(fc.nat(60_000), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 200_000 }),
      fc.integer({ min: 2_000, max: 70_000 }),
      cuts,
      async (size, blockBytes, drops) => {
        runs += 1;
        const destinationKey = `mly_tools_uuid_${String(runs).padStart(32, "0")}.jpg`;
        const photo = photoOf(size);
        const opens: number[] = [];
        const destination = destinationTo(standIn);
        const attempt = async () => {
          const payload = payloadOf(photo, { blockBytes });
          const outcome = await destination.send(shipmentOf(photo, { destinationKey }), payload, NEVER);
          opens.push(...payload.opens);
          return outcome;
        };
        for (const dropAfterBytes of drops) {
          standIn.faults.set({ dropAfterBytes });
          await attempt();
        }
        standIn.faults.set({ dropAfterBytes: null });
        const outcome = await attempt();

        expect(outcome.kind).toBe("done");
        const posts = standIn.requests
          .entries(destinationKey)
          .filter(({ operation }) => operation === "PostBytes");
        expect(posts.reduce((bytes, { bytesKept }) => bytes + bytesKept, 0)).toBe(size);
        // Each attempt begins where the last one's bytes end, and nothing is asked of the source that is there already.
        const offsets = posts.map(({ offset }) => offset);
        expect(offsets).toEqual(
          posts.map((_, nth) => posts.slice(0, nth).reduce((sum, post) => sum + post.bytesKept, 0)),
        );
        expect(opens).toEqual(offsets.filter((offset) => offset !== size));
        expect(
          (await imageOf(standIn, "destination" in outcome ? outcome.destination : "")).equals(photo),
        ).toBe(true);
      },
    ),
    { numRuns: 60 },
  );
});
