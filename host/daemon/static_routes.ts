/** Routing from the file: what is on the links, this node's own addresses, routes and groups. */
import { formatAddress, parsePrefix } from "../address.ts";
import type { InterfaceSettings } from "../node_settings.ts";
import { type StaticRoute, StaticRouting } from "../routing/static_routing.ts";
import type { Handles } from "./interface_plan.ts";
import type { NodeFile } from "./schema.ts";

/** All routes that follow from a file and the addresses of its interfaces. */
export function routesOf(
  file: Pick<NodeFile, "routes" | "multicastRoutes">,
  interfaces: readonly InterfaceSettings[],
  handles: Handles,
): StaticRoute[] {
  const up = interfaces.filter((one) => one.up !== false);
  const own = up.flatMap(({ addresses }) =>
    addresses.map((text): StaticRoute => {
      const { prefix, family } = parsePrefix(text);
      return { prefix: formatAddress(prefix, family), local: true };
    })
  );
  const onLink = up.flatMap((one) =>
    one.addresses.filter((text) => !/^fe80/i.test(text)).map((prefix): StaticRoute => ({
      prefix,
      interface: one.interface,
    }))
  );
  const routes = file.routes.map((one): StaticRoute => ({
    prefix: one.prefix,
    ...(one.local ? { local: true } : { interface: handles.get(one.interface!)! }),
    ...(one.gateway === undefined ? {} : { gateway: one.gateway }),
  }));
  const groups = file.multicastRoutes.map((one): StaticRoute => ({
    prefix: one.group,
    hops: one.outgoing.map((name) => ({ interface: handles.get(name)! })),
    local: one.local,
    ...(one.incoming === undefined ? {} : { incomingInterface: handles.get(one.incoming)! }),
  }));
  return [...own, ...onLink, ...routes, ...groups];
}

/** A table that is made anew, and announces only what differs. */
export class FileRouting extends StaticRouting {
  #now: readonly StaticRoute[];

  constructor(routes: readonly StaticRoute[]) {
    super(routes);
    this.#now = routes;
  }

  /** Has these routes from now on. */
  replace(routes: readonly StaticRoute[]): void {
    const before = byPrefix(this.#now), after = byPrefix(routes);
    this.#now = routes;
    for (const [prefix, list] of before) {
      if (JSON.stringify(list) !== JSON.stringify(after.get(prefix))) this.remove(prefix);
    }
    for (const [prefix, list] of after) {
      if (JSON.stringify(list) === JSON.stringify(before.get(prefix))) continue;
      for (const route of list) this.add(route);
    }
  }
}

function byPrefix(routes: readonly StaticRoute[]): Map<string, StaticRoute[]> {
  const lists = new Map<string, StaticRoute[]>();
  for (const route of routes) {
    const { prefix, prefixLength, family } = parsePrefix(route.prefix);
    // Without the bits of the host, which do not tell one route from another.
    const network = prefix.map((byte, index) => byte & (0xff00 >> Math.min(8, Math.max(0, prefixLength - 8 * index))));
    const key = `${formatAddress(network, family)}/${prefixLength}`;
    const list = lists.get(key);
    if (list) list.push(route);
    else lists.set(key, [route]);
  }
  return lists;
}
