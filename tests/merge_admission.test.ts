import fc from "fast-check";
import { assert, assertEquals } from "./assert.ts";
import {
  ask,
  type Bucket,
  bytes,
  controlledLoad,
  engine,
  guaranteed,
  nullService,
  nullTspec,
  put,
  seed,
  tspec,
} from "./merge_fixture.ts";

const ADMITTED = 0, BANDWIDTH = 2, MTU = 3;
const flow = (r: number, M = 1500): Bucket => [r, 3000, Infinity, 64, M];

interface Limits {
  reservable?: number;
  perFlow?: number;
  inUse?: number;
  old?: number;
  mtu?: number;
}

function admit(flowspec: string, limits: Limits, path?: string, oldFlowspec?: string): number {
  const at = engine.region(4);
  const view = new DataView(bytes().buffer, at, 40);
  view.setFloat64(0, limits.reservable ?? -1, true);
  view.setFloat64(8, limits.perFlow ?? -1, true);
  view.setFloat64(16, limits.inUse ?? 0, true);
  view.setFloat64(24, limits.old ?? 0, true);
  view.setUint32(32, limits.mtu ?? 1500, true);
  return engine.admit(put(0, flowspec), path ? put(1, path) : 0, oldFlowspec ? put(2, oldFlowspec) : 0, at);
}

Deno.test("controlled load counts for r, but no more than the senders send; guaranteed service for R", () => {
  assertEquals(ask("effectiveRate", controlledLoad(flow(20000)), 0), 20000);
  assertEquals(ask("effectiveRate", controlledLoad(flow(20000)), tspec(flow(12500))), 12500);
  assertEquals(ask("effectiveRate", controlledLoad(flow(20000)), nullTspec(1500)), 20000);
  assertEquals(ask("effectiveRate", guaranteed(flow(20000), 30000, 0), tspec(flow(12500))), 30000);
  assertEquals(ask("effectiveRate", nullService(1500), 0), 0);
});

Deno.test("a reservation fits up to the limit and not beyond it, and without a limit always", () => {
  assertEquals(admit(controlledLoad(flow(400)), { reservable: 1000, inUse: 600 }), ADMITTED);
  assertEquals(admit(controlledLoad(flow(401)), { reservable: 1000, inUse: 600 }), BANDWIDTH);
  assertEquals(admit(controlledLoad(flow(400)), { reservable: 1000, inUse: 600.5 }), BANDWIDTH);
  assertEquals(admit(controlledLoad(flow(1e9)), { inUse: 1e12 }), ADMITTED);
  assertEquals(admit(controlledLoad(flow(1)), { reservable: 0 }), BANDWIDTH);
});

Deno.test("the maximum of one reservation is a limit of its own", () => {
  assertEquals(admit(controlledLoad(flow(500)), { reservable: 1000, perFlow: 500 }), ADMITTED);
  assertEquals(admit(controlledLoad(flow(501)), { reservable: 1000, perFlow: 500 }), BANDWIDTH);
});

Deno.test("a change counts only for what it adds", () => {
  const limits = { reservable: 1000, inUse: 900, old: 300 };
  assertEquals(admit(controlledLoad(flow(400)), limits, undefined, controlledLoad(flow(300))), ADMITTED);
  assertEquals(admit(controlledLoad(flow(401)), limits, undefined, controlledLoad(flow(300))), BANDWIDTH);
});

Deno.test("a strictly smaller request is never refused, even where limits have sunk (RFC 2211 section 5, RFC 2212)", () => {
  const sunk = { reservable: 100, perFlow: 50, inUse: 900, old: 300, mtu: 576 };
  assertEquals(admit(controlledLoad(flow(299)), sunk, undefined, controlledLoad(flow(300))), ADMITTED);
  assertEquals(admit(controlledLoad(flow(300)), sunk, undefined, controlledLoad(flow(300))), ADMITTED);
  assertEquals(admit(guaranteed(flow(100), 300, 9), sunk, undefined, guaranteed(flow(100), 300, 5)), ADMITTED);
  assertEquals(
    admit(controlledLoad(flow(301)), { ...sunk, mtu: 1500 }, undefined, controlledLoad(flow(300))),
    BANDWIDTH,
  );
  // Smaller in r and larger in M is not smaller.
  assertEquals(admit(controlledLoad(flow(299)), sunk, undefined, controlledLoad(flow(300, 576))), MTU);
});

Deno.test("M above the link's MTU is refused with value 3, for either service", () => {
  const limits = { reservable: 1e6, mtu: 1500 };
  assertEquals(admit(controlledLoad(flow(100, 9000)), limits), MTU);
  assertEquals(admit(guaranteed(flow(100, 9000), 100, 0), limits), MTU);
  assertEquals(admit(nullService(9000), limits), MTU);
  assertEquals(admit(controlledLoad(flow(100, 1500)), limits), ADMITTED);
  assertEquals(admit(controlledLoad(flow(100, 9000)), { ...limits, mtu: 0 }), ADMITTED);
});

Deno.test("rates are counted so that sums are exact: a thousand tenths come and go and leave nothing", () => {
  const tenth = ask("effectiveRate", controlledLoad(flow(10.1)), 0);
  assert(tenth >= Math.fround(10.1) && tenth - 10.1 < 1 / 64 + 1e-5);
  let inUse = 0;
  for (let round = 0; round < 1000; round++) inUse += tenth;
  assertEquals(inUse, tenth * 1000);
  for (let round = 0; round < 1000; round++) inUse -= tenth;
  assertEquals(inUse, 0);
});

Deno.test("whatever comes, changes and goes, what is granted never passes the limit, and what is in use is its sum", () => {
  const step = fc.record({ slot: fc.nat(7), rate: fc.float({ min: 1, max: 1000, noNaN: true }) });
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 200 }),
      fc.double({ min: 0, max: 4000, noNaN: true }),
      (steps, reservable) => {
        const held = new Array<number>(8).fill(0);
        let inUse = 0;
        for (const { slot, rate } of steps) {
          const counted = engine.countedRate(rate);
          assert(counted >= rate);
          if (engine.admitRate(counted, held[slot], inUse, reservable, -1) !== ADMITTED) {
            assert(inUse - held[slot] + counted > reservable, "refused though it fits");
            continue;
          }
          inUse += counted - held[slot];
          held[slot] = counted;
          assertEquals(inUse, held.reduceRight((sum, one) => sum + one, 0));
          assert(inUse <= reservable);
        }
      },
    ),
    { seed: seed(), numRuns: 300 },
  );
});
