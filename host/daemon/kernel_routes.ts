/** The kernel's routes, with the groups of the file where the kernel has none. */
import { KernelRouting, type MulticastRoute } from "../linux/kernel_routing.ts";
import type { LinkWatcher } from "../linux/links.ts";
import type { NodeRouting } from "./parts.ts";
import type { NodeFile } from "./schema.ts";

/** Routing by the kernel that follows the file. */
export class KernelRoutes extends KernelRouting implements NodeRouting {
  #multicast: string;

  /** @throws {LinuxError} if the kernel refuses. */
  constructor(file: NodeFile, links: LinkWatcher, onError: (error: Error) => void) {
    super({ links, multicast: groupsOf(file), onError });
    this.#multicast = JSON.stringify(groupsOf(file));
  }

  follow(file: NodeFile): void {
    const groups = groupsOf(file), now = JSON.stringify(groups);
    if (now === this.#multicast) return;
    this.#multicast = now;
    this.setMulticast(groups);
  }
}

function groupsOf(file: NodeFile): MulticastRoute[] {
  return file.multicastRoutes.map(({ group, source, incoming, outgoing, local }) => ({
    group,
    outgoing,
    local,
    ...(source === undefined ? {} : { source }),
    ...(incoming === undefined ? {} : { incoming }),
  }));
}
