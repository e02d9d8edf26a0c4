/** Random networks: lines, stars, trees, rings, meshes and LANs of routers, with hosts at them. */
import type { Random } from "../host/random.ts";
import type { LinkPlan, NodePlan } from "./plan.ts";

type Edges = number[][];
type Shape = (random: Random, routers: number) => Edges;

/** Each takes routers 0 to n - 1 and says which are joined. */
const SHAPES: Readonly<Record<string, Shape>> = {
  line: (_random, n) => range(1, n).map((i) => [i - 1, i]),
  star: (_random, n) => range(1, n).map((i) => [0, i]),
  tree: (random, n) => range(1, n).map((i) => [random.below(i), i]),
  ring: (_random, n) => n < 3 ? SHAPES.line(_random, n) : range(0, n).map((i) => [i, (i + 1) % n]),
  mesh: meshOf,
  lans: lansOf,
};

/** A network of about `size` nodes. */
export function planTopology(random: Random, size: number): { shape: string; nodes: NodePlan[]; links: LinkPlan[] } {
  const names = Object.keys(SHAPES);
  const shape = names[random.below(names.length)];
  const routers = Math.max(1, Math.ceil(size * (0.3 + 0.4 * random.fraction())));
  const nodes: NodePlan[] = range(0, routers).map((i) => ({ name: `r${i + 1}`, router: true }));
  const edges = SHAPES[shape](random, routers);
  for (let left = Math.max(1, size - routers); left > 0;) left -= addHosts(random, routers, left, nodes, edges);
  const links = edges.map((joined) => ({
    nodes: joined,
    delayMs: 1 + random.below(random.chance(0.2) ? 80 : 5),
    metric: random.chance(0.7) ? 1 : 1 + random.below(4),
  }));
  return { shape, nodes, links };
}

/** One host on a link of its own, or several on a LAN with a router. Returns how many. */
function addHosts(random: Random, routers: number, left: number, nodes: NodePlan[], edges: Edges): number {
  const router = random.below(routers);
  const together = random.chance(0.3) ? 1 + random.below(Math.min(4, left)) : 1;
  const joined = [router];
  for (let i = 0; i < together; i++) {
    joined.push(nodes.length);
    nodes.push({ name: `h${nodes.length - routers + 1}`, router: false });
  }
  // A second router on a LAN of hosts makes it a way through.
  if (together > 1 && routers > 1 && random.chance(0.3)) {
    joined.push((router + 1 + random.below(routers - 1)) % routers);
  }
  edges.push(joined);
  // A host on two links; it passes nothing on.
  if (together === 1 && routers > 1 && random.chance(0.1)) edges.push([random.below(routers), nodes.length - 1]);
  return together;
}

/** A tree with extra edges, so that there is more than one way. */
function meshOf(random: Random, n: number): Edges {
  const edges = SHAPES.tree(random, n);
  const known = new Set(edges.map(([a, b]) => `${a} ${b}`));
  for (let i = 0; i < n; i++) {
    const a = random.below(n), b = random.below(n);
    const key = `${Math.min(a, b)} ${Math.max(a, b)}`;
    if (a === b || known.has(key)) continue;
    known.add(key);
    edges.push([Math.min(a, b), Math.max(a, b)]);
  }
  return edges;
}

/** LANs of routers, each LAN joined to one before it. */
function lansOf(random: Random, n: number): Edges {
  if (n < 3) return SHAPES.line(random, n);
  const edges: Edges = [];
  for (let at = 0; at < n - 1;) {
    const size = Math.min(n - at, 2 + random.below(4));
    const members = range(at, at + size);
    // Two ways between LANs now and then.
    if (at > 1 && random.chance(0.4)) members.push(random.below(at));
    edges.push(members);
    at += size - 1;
  }
  return edges;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}
