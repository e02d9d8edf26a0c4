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
