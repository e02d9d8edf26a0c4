/**
 * Addresses and routes of a topology. Node k (in the order of the data, from 1) is .k and ::k everywhere: on link n it is
 * 10.0.n.k/24, fd00:n::k/64 and fe80::k/64.
 *
 * Every node knows the shortest way to every link, and behind it, with a larger metric, those by other neighbours that
 * do not lead back: taking the first route away leaves the next.
 */
import type { LabLink, Topology } from "./topology.ts";

/** One interface of a node. */
export interface PlannedInterface {
  /** `to-r2`, or `lan2` on link 2. */
  readonly name: string;
  /** Number of its link, from 1. */
  readonly link: number;
  readonly ipv4: string;
  readonly ipv6: string;
  readonly linkLocal: string;
  readonly mtuBytes: number;
  readonly rate?: string;
}

/** One route of a node. */
export interface PlannedRoute {
  readonly prefix: string;
  readonly gateway: string;
  readonly interface: string;
  /** 10 for the shortest, 20 for the next. */
  readonly metric: number;
}

/** Where a group comes in and goes out. */
export interface PlannedMulticastRoute {
  readonly group: string;
  readonly source: string;
  readonly incoming?: string;
  readonly outgoing: readonly string[];
}

/** One node. */
export interface PlannedNode {
  readonly name: string;
  readonly router: boolean;
  readonly interfaces: readonly PlannedInterface[];
  readonly routes: readonly PlannedRoute[];
  readonly multicast: readonly PlannedMulticastRoute[];
}

/** A step to a neighbour over a link. */
interface Step {
  readonly link: number;
  readonly neighbour: string;
  readonly cost: number;
}

/** The whole plan. @throws {Error} naming what does not fit in the data. */
export function planLab(topology: Topology): PlannedNode[] {
  const graph = new Graph(topology);
  return Object.entries(topology.nodes).map(([name, kind]) => ({
    name,
    router: kind === "router",
    interfaces: graph.interfacesOf(name),
    routes: graph.routesOf(name),
    multicast: graph.multicastOf(name),
  }));
}

class Graph {
  #topology: Topology;
  #names: string[];

  constructor(topology: Topology) {
    this.#topology = topology;
    this.#names = Object.keys(topology.nodes);
    for (const [index, { ends }] of topology.links.entries()) {
      const unknown = ends.find((end) => !this.#names.includes(end));
      if (unknown !== undefined) throw new Error(`link ${index + 1} ends at "${unknown}", which is no node`);
      if (ends.length < 2) throw new Error(`link ${index + 1} has one end`);
    }
  }

  interfacesOf(node: string): PlannedInterface[] {
    return this.#topology.links.flatMap((link, index) => {
      if (!link.ends.includes(node)) return [];
      const number = index + 1, { ipv4, ipv6 } = this.#addresses(node, number);
      return [{
        name: interfaceName(link, number, node),
        link: number,
        ipv4: `${ipv4}/24`,
        ipv6: `${ipv6}/64`,
        linkLocal: `fe80::${this.#number(node)}/64`,
        mtuBytes: link.mtuBytes ?? 1500,
        rate: link.rate,
      }];
    });
  }

  routesOf(node: string): PlannedRoute[] {
    return this.#topology.links.flatMap((link, index) => {
      if (link.ends.includes(node)) return [];
      return this.#ways(node, index + 1).flatMap((step, rank) => {
        const { ipv4, ipv6 } = this.#addresses(step.neighbour, step.link);
        const way = { interface: this.#interface(step.link, node), metric: 10 * (rank + 1) };
        return [
          { prefix: `10.0.${index + 1}.0/24`, gateway: ipv4, ...way },
          { prefix: `fd00:${index + 1}::/64`, gateway: ipv6, ...way },
        ];
      });
    });
  }

  /** The tree of the shortest ways back from each receiver to the sender. */
  multicastOf(node: string): PlannedMulticastRoute[] {
    return (this.#topology.groups ?? []).flatMap(({ group, source, receivers }) => {
      const home = this.#topology.links.findIndex(({ ends }) => ends.includes(source)) + 1;
      const outgoing = new Set<string>();
      let incoming: string | undefined;
      for (const receiver of receivers) {
        for (let at = receiver; at !== source;) {
          const step = this.#adjacent(at, home, source) ?? this.#ways(at, home)[0];
          if (at === node) incoming = this.#interface(step.link, node);
          if (step.neighbour === node) outgoing.add(this.#interface(step.link, node));
          at = step.neighbour;
        }
      }
      if (incoming === undefined && outgoing.size === 0) return [];
      const { ipv4, ipv6 } = this.#addresses(source, home);
      return [{ group, source: group.includes(":") ? ipv6 : ipv4, incoming, outgoing: [...outgoing] }];
    });
  }

  #adjacent(node: string, link: number, neighbour: string): Step | undefined {
    return this.#topology.links[link - 1].ends.includes(node) ? { link, neighbour, cost: 0 } : undefined;
  }

  /** Steps towards a link that the node is not on: the shortest first, then others whose neighbour does not come back. */
  #ways(node: string, target: number): Step[] {
    const own = this.#distance(node, target);
    return this.#steps(node)
      .map((step) => ({ step, beyond: this.#distance(step.neighbour, target) }))
      .filter(({ step, beyond }) => beyond < step.cost + own)
      .sort((a, b) => a.step.cost + a.beyond - (b.step.cost + b.beyond))
      .map(({ step }) => step);
  }

  /** Neighbours that data can pass through. */
  #steps(node: string): Step[] {
    return this.#topology.links.flatMap(({ ends, cost = 1 }, index) =>
      !ends.includes(node) ? [] : ends
        .filter((end) => end !== node && this.#topology.nodes[end] === "router")
        .map((neighbour) => ({ link: index + 1, neighbour, cost }))
    );
  }

  /** Cost of the shortest way from a node onto a link; Infinity if there is none. */
  #distance(node: string, target: number): number {
    const best = new Map<string, number>([[node, 0]]);
    const open = new Set([node]);
    while (open.size > 0) {
      const at = [...open].reduce((a, b) => best.get(a)! <= best.get(b)! ? a : b);
      open.delete(at);
      if (this.#topology.links[target - 1].ends.includes(at)) return best.get(at)!;
      for (const { neighbour, cost } of this.#steps(at)) {
        const distance = best.get(at)! + cost;
        if (distance >= (best.get(neighbour) ?? Infinity)) continue;
        best.set(neighbour, distance);
        open.add(neighbour);
      }
    }
    return Infinity;
  }

  #interface(link: number, node: string): string {
    return interfaceName(this.#topology.links[link - 1], link, node);
  }

  #number(node: string): string {
    return (this.#names.indexOf(node) + 1).toString();
  }

  #addresses(node: string, link: number): { ipv4: string; ipv6: string } {
    return { ipv4: `10.0.${link}.${this.#number(node)}`, ipv6: `fd00:${link}::${this.#number(node)}` };
  }
}

/** The first address of a node, for those that write configurations and tests. */
export function addressOf(node: PlannedNode, family: 4 | 6): string {
  const [first] = node.interfaces;
  return (family === 4 ? first.ipv4 : first.ipv6).split("/")[0];
}

function interfaceName({ ends }: LabLink, link: number, node: string): string {
  return ends.length === 2 ? `to-${ends.find((end) => end !== node)!.toLowerCase()}` : `lan${link}`;
}
