/** a - r - b, with a bottleneck of 10 Mbit/s from r to b, which our root on r's interface "out" makes. */
import { KernelTrafficControl, type KernelTrafficControlOptions } from "../../host/linux/kernel_traffic_control.ts";
import { inNamespace, run, withNamespaces } from "./namespace.ts";
import { type FlowResult, ipBytesReceived, iperf, measure, type MeasuredFlow } from "./traffic.ts";
import { joinNamespaces, LINK, OUT } from "./traffic_control_world.ts";

/** Addresses of the ends. */
export const ENDS = {
  IPv4: { from: "10.1.0.1", to: "10.2.0.2" },
  IPv6: { from: "fd00:1::1", to: "fd00:2::2" },
} as const;

/** The namespaces, and what enforces on r. */
export interface Bottleneck {
  a: string;
  r: string;
  b: string;
  control: KernelTrafficControl;
}

/** Builds it, and takes it away afterwards. What traffic control reports fails the test. */
export function withBottleneck(
  options: KernelTrafficControlOptions,
  body: (world: Bottleneck) => Promise<void>,
): Promise<void> {
  return withNamespaces(["a", "r", "b"], async ({ a, r, b }) => {
    await joinNamespaces(a, r, { a: "out", b: "in" }, 1);
    await joinNamespaces(r, b, { a: "out", b: "in" }, 2);
    await run("ip", "netns", "exec", r, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
    for (const [namespace, via] of [[a, ["10.1.0.2", "fd00:1::2"]], [b, ["10.2.0.1", "fd00:2::1"]]] as const) {
      for (const address of via) await run("ip", "-n", namespace, "route", "add", "default", "via", address);
    }
    const errors: Error[] = [];
    const control = inNamespace(r, () =>
      new KernelTrafficControl({
        interfaces: [{ interface: OUT, name: "out", linkBytesPerSecond: LINK }],
        nft: ["ip", "netns", "exec", r, "nft"],
        onError: (error) => errors.push(error),
        ...options,
      }));
    try {
      await body({ a, r, b, control });
    } finally {
      control.close();
    }
    if (errors.length > 0) throw errors[0];
  });
}

/** How long the flood has had the queue before the flows begin: what is best effort waits then. */
const FLOOD_AHEAD_MS = 500;
/** What makes the difference between a flood and what says that it is to begin. */
const FLOOD_BYTES = 50_000;

/** What came of flows beside a flood. */
export interface FloodResult {
  flows: FlowResult[];
  /** Of IP, through the bottleneck, while the flows were running. */
  bytesPerSecond: number;
}

/** A busy machine may not come to making a flood; what flows beside none shows nothing. */
const ATTEMPTS = 4;
const FULL = 0.95 * LINK;

/**
 * Flows for some seconds beside 20 Mbit/s of UDP; `during` goes on at the same time. All of it is done again where the
 * flood has not filled the bottleneck.
 */
export async function besideFlood(
  world: Bottleneck,
  destination: string,
  flows: readonly MeasuredFlow[],
  seconds: number,
  during?: () => Promise<void>,
): Promise<FloodResult> {
  const seen: number[] = [];
  while (seen.length < ATTEMPTS) {
    const result = await floodOnce(world, destination, flows, seconds, during);
    if (result.bytesPerSecond > FULL) return result;
    seen.push(Math.round(result.bytesPerSecond));
  }
  throw new Error(`this machine is too busy to fill a bottleneck of ${LINK} bytes/s: ${seen.join(", ")}`);
}

async function floodOnce(
  { a, b }: Bottleneck,
  destination: string,
  flows: readonly MeasuredFlow[],
  seconds: number,
  during?: () => Promise<void>,
): Promise<FloodResult> {
  const flood = iperf(a, b, destination, { seconds: Math.ceil(seconds + 1), port: 5300, udpMegabits: 20 });
  const idle = await ipBytesReceived(b, "in");
  while (await ipBytesReceived(b, "in") < idle + FLOOD_BYTES) await pause(20);
  await pause(FLOOD_AHEAD_MS);
  const acting = during?.();
  acting?.catch(() => {}); // Told when it is waited for.
  const [before, startMs] = [await ipBytesReceived(b, "in"), performance.now()];
  const running = flows.map((flow) => measure(a, b, flow, seconds));
  await pause(seconds * 1000);
  const [after, endMs] = [await ipBytesReceived(b, "in"), performance.now()];
  const results = await Promise.all(running);
  await acting;
  await flood;
  return { flows: results, bytesPerSecond: (after - before) * 1000 / (endMs - startMs) };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
