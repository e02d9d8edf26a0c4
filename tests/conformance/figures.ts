/** The topologies of RFC 2205's figures. */
import { Router, type RouterOptions } from "./router.ts";

/**
 * Figure 4: S1 comes through (a), S2 and S3 through (b); R1 is behind (c), R2 and R3 are on the LAN (d). Data of every
 * sender go to (c) and (d). One Path of each has come, and what followed from it is forgotten.
 */
export function figure4(options: RouterOptions = {}, tspecs: readonly number[] = [9, 9, 9]): Router {
  const router = new Router(options);
  router.neighbour("P1", "a");
  router.neighbour("P2", "b");
  router.neighbour("R1", "c");
  router.neighbour("R2", "d");
  router.neighbour("R3", "d");
  router.sender("S1", { in: "a", out: ["c", "d"] });
  router.sender("S2", { in: "b", out: ["c", "d"] });
  router.sender("S3", { in: "b", out: ["c", "d"] });
  router.path("S1", "P1", { tspec: tspecs[0] });
  router.path("S2", "P2", { tspec: tspecs[1] });
  router.path("S3", "P2", { tspec: tspecs[2] });
  router.clear();
  return router;
}

/** Every order of a list. */
export function permutations<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, index) =>
    permutations([...items.slice(0, index), ...items.slice(index + 1)]).map((rest) => [item, ...rest])
  );
}

/**
 * A unicast session: S1 comes through (a), S2 and S3 through (b), the data go to next hop R1 on (c). On the LAN (c) there
 * may be a second router R2 that believes it is the next hop too.
 */
export function unicast(options: RouterOptions = {}): Router {
  const family = options.family ?? 4;
  const destination = family === 4 ? "192.0.2.20" : "2001:db8:ff::20";
  const router = new Router({ session: { destination, protocol: 17, port: 5004 }, ...options });
  router.neighbour("P1", "a");
  router.neighbour("P2", "b");
  router.neighbour("R1", "c");
  router.neighbour("R2", "c");
  router.route("*", { out: [{ interface: "c", gateway: "R1" }] });
  for (const [sender, hop] of [["S1", "P1"], ["S2", "P2"], ["S3", "P2"]]) {
    router.sender(sender);
    router.path(sender, hop, { tspec: 9 });
  }
  router.clear();
  return router;
}
