/** RSVP's own class: refreshes get through a flood, so that reservations of real nodes on raw IP outlive it. */
import type { SessionEvent } from "../../host/application.ts";
import { defaultModule } from "../../host/default_module.ts";
import { RawTransport } from "../../host/linux/raw_transport.ts";
import { RsvpNode } from "../../host/node.ts";
import type { InterfaceSettings } from "../../host/node_settings.ts";
import { type StaticRoute, StaticRouting } from "../../host/routing/static_routing.ts";
import type { TrafficControl } from "../../host/traffic_control/traffic_control.ts";
import { assert, assertEquals, assertGreater } from "../assert.ts";
import { needs } from "../require.ts";
import { type Bottleneck, ENDS, withBottleneck } from "./bottleneck.ts";
import { until } from "./line.ts";
import { inNamespace, run } from "./namespace.ts";
import { iperf, measure } from "./traffic.ts";
import { classes, OUT } from "./traffic_control_world.ts";

const REFRESH_MS = 100;
/** (K + 0.5) * 1.5 * R with K = 3 (RFC 2205 3.7). */
const LIFETIME_MS = 3.5 * 1.5 * REFRESH_MS;
const RATE = 375_000;
const IN = 2;
const PORT = 5001;

interface Place {
  namespace: string;
  names: string[];
  interfaces: InterfaceSettings[];
  routes: StaticRoute[];
  trafficControl?: TrafficControl;
}

function start({ namespace, names, interfaces, routes, trafficControl }: Place): RsvpNode {
  const transport = inNamespace(
    namespace,
    () => RawTransport.open({ interfaces: interfaces.map((settings, index) => ({ ...settings, name: names[index] })) }),
  );
  return new RsvpNode({
    module: defaultModule(),
    transport,
    routing: new StaticRouting(routes),
    interfaces,
    trafficControl,
    refreshIntervalMs: REFRESH_MS,
    onError: (error) => assert(false, error.message),
  });
}

function startNodes({ a, r, b, control }: Bottleneck) {
  const { from, to } = ENDS.IPv4;
  const limit = { reservableBytesPerSecond: 1_000_000 };
  const left = start({
    namespace: a,
    names: ["out"],
    interfaces: [{ interface: 1, addresses: [`${from}/24`] }],
    routes: [{ prefix: `${from}/32`, local: true }, { prefix: "0.0.0.0/0", interface: 1, gateway: "10.1.0.2" }],
  });
  const router = start({
    namespace: r,
    names: ["in", "out"],
    interfaces: [
      { interface: IN, addresses: ["10.1.0.2/24"], ...limit },
      { interface: OUT, addresses: ["10.2.0.1/24"], ...limit },
    ],
    routes: [{ prefix: "10.1.0.0/24", interface: IN }, { prefix: "10.2.0.0/24", interface: OUT }],
    trafficControl: control,
  });
  const right = start({
    namespace: b,
    names: ["in"],
    interfaces: [{ interface: 1, addresses: [`${to}/24`] }],
    routes: [{ prefix: `${to}/32`, local: true }, { prefix: "0.0.0.0/0", interface: 1, gateway: "10.2.0.1" }],
  });
  return { left, router, right };
}

Deno.test({
  name:
    "rsvp beside a flood: a reservation outlives ten lifetimes of it and keeps its packets, because RSVP has a class",
  ...needs("linux", "netRaw", "netAdmin", "namespaces", "iperf3", "python"),
  fn: () =>
    withBottleneck({}, async (world) => {
      const { a, r, b, control } = world;
      const { from, to } = ENDS.IPv4;
      const nodes = startNodes(world);
      const { left, router, right } = nodes;
      const bucket = {
        tokenBucketRateBytesPerSecond: RATE,
        tokenBucketSizeBytes: 10_000,
        maximumPacketSizeBytes: 1500,
      };
      const events: SessionEvent[] = [];
      const receiver = right.session({ destination: to, port: PORT }).on((event) => events.push(event));
      left.session({ destination: to, port: PORT }).sender({ ...bucket, port: 4000 });
      try {
        await until("Path at b", () => events.some(({ kind }) => kind === "PATH_EVENT"));
        receiver.reserve({ style: "FF", flowspec: bucket, senders: [{ address: from, port: 4000 }] });
        await until("the reservation in r's kernel", () => control.installed(OUT).length === 1);
        const [{ classNumber, filters }] = control.installed(OUT);
        assertEquals(filters, 1);
        assertEquals((await classes(r)).get(`5256:${classNumber.toString(16)}`)?.rate, "3Mbit");

        const seconds = Math.ceil(10 * LIFETIME_MS / 1000);
        const flood = iperf(a, b, to, { seconds: seconds + 4, port: 5300, udpMegabits: 20 });
        const startMs = performance.now();
        const flow = measure(a, b, { from, to, port: PORT, bytesPerSecond: RATE }, seconds);
        while (performance.now() - startMs < 10 * LIFETIME_MS) {
          assertEquals(router.inspect("reservations").length, 1, "at r");
          assertEquals(right.inspect("senders").length, 1, "path state at b, whose refreshes go through the flood");
          assertEquals(control.installed(OUT).length, 1, "in r's kernel");
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        const kept = await flow;
        assert(kept.received >= 0.999 * kept.sent, `${kept.received} of ${kept.sent} came`);
        assertEquals(events.filter(({ gone }) => gone).length, 0, "nothing was torn");
        assertGreater((await classes(r)).get("5256:ffff")!.packets, seconds * 1000 / REFRESH_MS / 2, "refreshes");

        // And without it: the flood is still there.
        for (const handle of ["800::800", "800::801"]) {
          const filter = `filter del dev out parent 5256: protocol ip pref 1 handle ${handle} u32`;
          await run("tc", "-n", r, ...filter.split(" "));
        }
        await until("path state at b is lost without the class", () => right.inspect("senders").length === 0);
        await flood;
      } finally {
        for (const node of Object.values(nodes)) {
          node.close();
          await node.transport.close();
        }
      }
    }),
});
