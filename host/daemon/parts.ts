/** What a node stands on, as its file wants it. What only Linux has is imported when it is wanted. */
import { ResvError } from "../engine_errors.ts";
import type { InterfaceSettings } from "../node_settings.ts";
import type { Routing } from "../routing/routing.ts";
import { missingHere } from "./capabilities.ts";
import { type Carrier, UdpCarrier } from "./carrier.ts";
import { MemoryControl, type NodeTrafficControl } from "./controls.ts";
import type { Handles, PlannedInterface } from "./interface_plan.ts";
import type { KernelLinks } from "./kernel_links.ts";
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
  readonly trafficControl: NodeTrafficControl;
}

/** What is to be opened for whom. */
export interface PartsWanted {
  readonly file: NodeFile;
  readonly handles: Handles;
  readonly planned: readonly PlannedInterface[];
  readonly links: LinkSource;
  /** Takes what goes wrong where nobody can be told. */
  readonly onError: (error: Error) => void;
  /** Takes what traffic control would do, where it does nothing. */
  readonly onDryRun: (line: string) => void;
  readonly lifetimeMs: number;
}

/** Something cannot be had; `message` is one line that says what to do. */
export class PartError extends Error {
  override readonly name: string = "PartError";
}

/** Whether anything of the file is the kernel's. */
export function wantsKernel({ node, trafficControl }: NodeFile): boolean {
  return node.transport === "raw" || node.routing === "kernel" || trafficControl.mode !== "memory";
}

/** Where links come from. */
export async function openLinks(file: NodeFile, onError: (error: Error) => void): Promise<LinkSource> {
  if (!wantsKernel(file)) return new ListedLinks();
  if (Deno.build.os !== "linux") {
    throw new PartError(
      'raw IP, the kernel\'s routes and its traffic control need Linux; elsewhere [node] has transport = "udp" and ' +
        'routing = "static", and [trafficControl] mode = "memory"',
    );
  }
  const missing = missingHere(file);
  if (missing !== undefined) throw new PartError(missing);
  const { KernelLinks } = await import("./kernel_links.ts");
  return explained(() => new KernelLinks(onError));
}

/** What the kernel refuses, and rates that do not fit, are one line each for a person. */
async function explained<T>(open: () => T | Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    const { name, message } = error as Error;
    throw ["LinuxError", "RangeError"].includes(name) ? new PartError(message) : error;
  }
}

/** Opens everything. Rejects with one line where something cannot be had; nothing stays open then. */
export async function openParts(wanted: PartsWanted): Promise<Parts> {
  const { file, planned } = wanted;
  const open: { close(): unknown }[] = [];
  const opened = <T extends { close(): unknown }>(part: T): T => {
    open.push(part);
    return part;
  };
  try {
    const carrier = opened(await explained(() => openCarrier(file, planned)));
    const routing = opened(await explained(() => openRouting(wanted)));
    const trafficControl = await explained(() => openControl(wanted));
    return { carrier, routing, trafficControl };
  } catch (error) {
    for (const part of open) await part.close();
    throw error;
  }
}

/**
 * Makes what stands on the parts. Where it cannot be, nothing stays open nor in the kernel, and what the node says of its
 * settings is for who wrote them.
 */
export async function assembledOn<T>({ links, parts }: { links: LinkSource; parts: Parts }, make: () => T): Promise<T> {
  try {
    return make();
  } catch (error) {
    parts.trafficControl.control.close();
    parts.routing.close();
    await parts.carrier.close();
    links.close();
    if (!(error instanceof RangeError) && !(error instanceof ResvError)) throw error;
    throw new PartError(`the node refuses its settings: ${error.message}`);
  }
}

async function openCarrier(file: NodeFile, planned: readonly PlannedInterface[]): Promise<Carrier> {
  if (file.node.transport === "udp") return await UdpCarrier.open(planned);
  const { RawCarrier } = await import("./raw_carrier.ts");
  return await RawCarrier.open(planned, file.node.kind === "router");
}

async function openRouting({ file, planned, handles, links, onError }: PartsWanted): Promise<NodeRouting> {
  const settings = planned.map((one) => one.settings);
  if (file.node.routing === "static") return new FollowingRoutes(file, settings, handles);
  const { KernelRoutes } = await import("./kernel_routes.ts");
  return new KernelRoutes(file, (links as KernelLinks).watcher, onError);
}

async function openControl(wanted: PartsWanted): Promise<NodeTrafficControl> {
  if (wanted.file.trafficControl.mode === "memory") return new MemoryControl();
  const { KernelControl } = await import("./kernel_control.ts");
  return new KernelControl(wanted);
}

class FollowingRoutes extends FileRouting implements NodeRouting {
  constructor(file: NodeFile, interfaces: readonly InterfaceSettings[], handles: Handles) {
    super(routesOf(file, interfaces, handles));
  }

  follow(file: NodeFile, interfaces: readonly InterfaceSettings[], handles: Handles): void {
    this.replace(routesOf(file, interfaces, handles));
  }
}
