/** What a node stands on, as its file wants it. What only Linux has is imported when it is wanted. */
import type { InterfaceSettings } from "../node_settings.ts";
import type { Routing } from "../routing/routing.ts";
import { MemoryTrafficControl } from "../traffic_control/memory_traffic_control.ts";
import type { TrafficControl } from "../traffic_control/traffic_control.ts";
import { type Carrier, UdpCarrier } from "./carrier.ts";
import type { Handles } from "./interface_plan.ts";
import { type LinkSource, ListedLinks } from "./links.ts";
import type { NodeFile } from "./schema.ts";
import { FileRouting, routesOf } from "./static_routes.ts";

/** Routing that follows the file and the addresses of interfaces. */
export interface NodeRouting extends Routing {
  /** Called whenever the file or an address has changed. */
  follow(file: NodeFile, interfaces: readonly InterfaceSettings[], handles: Handles): void;
}

/** All of them. */
export interface Parts {
  readonly carrier: Carrier;
  readonly routing: NodeRouting;
  readonly trafficControl: TrafficControl;
}

/** Something cannot be had; `message` is one line that says what to do. */
export class PartError extends Error {
  override readonly name: string = "PartError";
}

/** Where links come from. */
export function openLinks(): LinkSource {
  return new ListedLinks();
}

/** Opens everything. Rejects with one line where something cannot be had; nothing stays open then. */
export async function openParts(
  file: NodeFile,
  interfaces: readonly InterfaceSettings[],
  handles: Handles,
): Promise<Parts> {
  const { transport, routing, trafficControl } = file.node;
  if (transport !== "udp" || routing !== "static" || trafficControl !== "memory") {
    throw new PartError(
      'this version has transport = "udp", routing = "static" and trafficControl = "memory" only; say so in [node]',
    );
  }
  const carrier = await UdpCarrier.open(interfaces);
  return {
    carrier,
    routing: new FollowingRoutes(file, interfaces, handles),
    trafficControl: new MemoryTrafficControl(),
  };
}

class FollowingRoutes extends FileRouting implements NodeRouting {
  constructor(file: NodeFile, interfaces: readonly InterfaceSettings[], handles: Handles) {
    super(routesOf(file, interfaces, handles));
  }

  follow(file: NodeFile, interfaces: readonly InterfaceSettings[], handles: Handles): void {
    this.replace(routesOf(file, interfaces, handles));
  }
}
