/** Junk on a link of `resv node`: reservations stay, memory stays what it was, and every message is accounted for. */
import { addressOf } from "../../scripts/lab/plan.ts";
import { assertEquals, assertGreater, assertLess } from "../assert.ts";
import { needs } from "../require.ts";
import { Listener, packetOf } from "./line.ts";
import { flow, METRICS_LISTEN, metricsIn, REFRESH_MS, withLine } from "./node_lab.ts";

const ROUNDS = 500;
const EACH = 60;

const sumOf = (metrics: Map<string, number>, prefix: string) =>
  [...metrics].reduce((sum, [name, value]) => name.startsWith(prefix) ? sum + value : sum, 0);

/** Bytes of no meaning; every second message has a header that is right. The seed is told if a test fails. */
function junk(random: () => number, withHeader: boolean): Uint8Array {
  const bytes = Uint8Array.from({ length: 200 }, () => random() & 255);
  if (withHeader) bytes.set([0x10, 1 + random() % 7, 0, 0, 64, 0, 0, 200]);
  return bytes;
}

Deno.test({
  name: "resv node: 30,000 messages of junk change nothing but counters",
  ...needs("linux", "netAdmin", "netRaw", "namespaces"),
  fn: () =>
    withLine(async ({ lab, start }) => {
      const { sender, reservation } = flow(lab, 4);
      const r1 = await start("R1", `[metrics]\nlisten = "${METRICS_LISTEN}"\n`);
      await start("R2");
      await start("A", sender);
      const b = await start("B", reservation);
      await b.said(/RESV_CONFIRM$/);
      const before = await metricsIn(lab.namespace("R1"));

      const seed = Date.now() >>> 0;
      let state = seed | 1;
      const random = () => (state = Math.imul(state, 1664525) + 1013904223 >>> 0) >>> 8;
      const here = {
        interface: 1,
        name: lab.node("A").interfaces[0].name,
        addresses: [lab.node("A").interfaces[0].ipv4],
      };
      await using from = Listener.raw(lab.namespace("A"), { interfaces: [here] });
      const destination = addressOf(lab.node("R1"), 4);
      for (let round = 0; round < ROUNDS; round++) {
        for (let i = 0; i < EACH; i++) {
          const payload = junk(random, i % 2 === 0);
          const plain = { interface: 1, source: "", destination, ttl: 64, routerAlert: 0, encapsulation: 0, payload };
          from.transport.send(packetOf(plain));
        }
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      // A lifetime and more of R1's, in which nothing may have been lost.
      await new Promise((resolve) => setTimeout(resolve, 3.5 * 1.5 * REFRESH_MS + 500));

      const { counters } = from.transport;
      const after = await metricsIn(lab.namespace("R1"));
      const grown = (prefix: string) => sumOf(after, prefix) - sumOf(before, prefix);
      const context = `seed ${seed}`;
      const kernelDrops = grown('rsvp_socket_events_total{event="kernelDrops"}');
      assertEquals(grown("rsvp_drops_total"), counters.sent - kernelDrops, context);
      assertGreater(counters.sent, 0.9 * ROUNDS * EACH, context);
      for (const still of ["rsvp_sessions", "rsvp_path_states", "rsvp_reservation_states", "rsvp_memory_bytes"]) {
        assertEquals(after.get(still), before.get(still), `${still}, ${context}`);
      }
      assertEquals([grown("rsvp_path_expired_total"), grown("rsvp_reservation_expired_total")], [0, 0], context);
      // The log tells of each reason once, and then sums up every ten seconds.
      assertLess(r1.lines.filter(({ level }) => level === "warning").length, 60, context);
    }),
});
