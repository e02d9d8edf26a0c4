/** The demo in memory, on virtual time: raw IP between three nodes of a network, an instant for the whole story. */
import { Network } from "../network/network.ts";
import { type DemoWorld, type DemoWorldOptions, NODE_NAMES, type Sighting } from "./demo_world.ts";

/** Nothing sent for so long: quiet. Less than a refresh interval, more than a link's delay. */
const QUIET_MS = 100;

/** Builds the world; nothing can fail. */
export function openVirtual(options: DemoWorldOptions): DemoWorld {
  const network = new Network();
  const sender = network.host(NODE_NAMES[0]);
  const router = network.router(NODE_NAMES[1]);
  const receiver = network.host(NODE_NAMES[2]);
  network.link(sender, router);
  network.link(router, receiver, options);
  const file = network.capture();
  let handler: (sighting: Sighting) => void = () => {};
  network.onPacket(({ timeMs, from, to, packet, lost }) =>
    handler({ timeMs, from: from.node.index, to: to?.node.index ?? from.node.index, packet, lost })
  );
  return {
    nodes: [sender.rsvp, router.rsvp, receiver.rsvp],
    destination: receiver.address,
    description: `a virtual network, ${sender.address} to ${receiver.address}, protocol 46 with Router Alert`,
    encapsulated: false,
    nowMs: () => network.now,
    onMessage: (wanted) => void (handler = wanted),
    until(condition, limitMs) {
      const reached = network.runUntil(condition, limitMs);
      network.settle(QUIET_MS, limitMs);
      return Promise.resolve(reached && condition());
    },
    capture: () => file.bytes(),
    close() {
      for (const { rsvp } of network.nodes) rsvp.close();
      return Promise.resolve();
    },
  };
}
