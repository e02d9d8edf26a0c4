/** Whole nodes on the line of line.ts, on raw IP, with routes from configuration. */
import { defaultModule } from "../../host/default_module.ts";
import { RawTransport } from "../../host/linux/raw_transport.ts";
import { RsvpNode } from "../../host/node.ts";
import type { InterfaceSettings, NodeSettings } from "../../host/node_settings.ts";
import { type StaticRoute, StaticRouting } from "../../host/routing/static_routing.ts";
import { assert } from "../assert.ts";
import { FAMILIES, type Line } from "./line.ts";
import { inNamespace } from "./namespace.ts";

/** The nodes, and their end. */
export interface LineNodes {
  left: RsvpNode;
  router: RsvpNode;
  right: RsvpNode;
  close(): Promise<void>;
}

/** The sender may send more than the links have to give away; what is reserved counts. */
export const OFFERED = { tokenBucketRateBytesPerSecond: 200_000, tokenBucketSizeBytes: 1_500 };
/** What is asked for. */
export const TOKEN_BUCKET = { tokenBucketRateBytesPerSecond: 12_500, tokenBucketSizeBytes: 1_500 };

/** A node in a namespace. `names` are the kernel's, of the interfaces in order. */
function start(
  namespace: string,
  names: string[],
  interfaces: InterfaceSettings[],
  routes: StaticRoute[],
  settings: Partial<NodeSettings>,
): RsvpNode {
  const transport = inNamespace(namespace, () =>
    RawTransport.open({
      interfaces: interfaces.map((settings, i) => ({ ...settings, name: names[i] })),
    }));
  const routing = new StaticRouting(routes);
  const onError = (error: Error) => assert(false, error.message);
  return new RsvpNode({ ...settings, module: defaultModule(), transport, routing, interfaces, onError });
}

/** Nodes on A, R and B, who know each other's addresses of one family. Refreshes come every half second. */
export function startLine(line: Line, name: keyof typeof FAMILIES, more: Partial<NodeSettings> = {}): LineNodes {
  const settings = { refreshIntervalMs: 500, ...more };
  const { a, ra, rb, b, bits, group } = FAMILIES[name];
  const host = bits === 24 ? 32 : 128;
  const prefix = (address: string) => `${address}/${bits}`;
  const anywhere = name === "IPv4" ? "0.0.0.0/0" : "::/0";
  const toGroup = { prefix: `${group}/${host}` };
  const left = start(line.a, ["to-r"], [{ interface: 1, addresses: [prefix(a)] }], [
    { prefix: `${a}/${host}`, local: true },
    { prefix: anywhere, interface: 1, gateway: ra },
    { ...toGroup, hops: [{ interface: 1 }] },
  ], settings);
  const limits = { reservableBytesPerSecond: 100_000 };
  const router = start(line.r, ["to-a", "to-b"], [
    { interface: 21, addresses: [prefix(ra)], ...limits },
    { interface: 22, addresses: [prefix(rb)], ...limits },
  ], [
    { prefix: prefix(a), interface: 21 },
    { prefix: prefix(b), interface: 22 },
    { ...toGroup, incomingInterface: 21, hops: [{ interface: 22 }] },
  ], settings);
  const right = start(line.b, ["to-r"], [{ interface: 1, addresses: [prefix(b)] }], [
    { prefix: `${b}/${host}`, local: true },
    { ...toGroup, local: true, incomingInterface: 1, hops: [] },
    { prefix: anywhere, interface: 1, gateway: rb },
  ], settings);
  const close = async () => {
    for (const node of [left, router, right]) {
      node.close();
      await node.transport.close();
    }
  };
  return { left, router, right, close };
}
