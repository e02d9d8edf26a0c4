/**
 * Shortest paths and multicast trees over a topology. Computed when first asked for and kept until the topology or a
 * membership changes. Ties go to the lower node, so that every run has the same routes.
 */
import { addressKey, isMulticast } from "../address.ts";
import type { RouteAnswer, RouteQuestion } from "../routing/routing.ts";
import type { Attachment, LinkRecord, NodeRecord, Topology } from "./topology.ts";

/** How a node gets to a link: by its own attachment `out`, to `gateway` or (undefined) directly on it. */
export interface Step {
  readonly distance: number;
  readonly out: Attachment;
  readonly gateway: Attachment | undefined;
}

/** A multicast tree: where data from the source arrives, and where each node passes it on. */
export interface Tree {
  readonly incoming: ReadonlyMap<NodeRecord, Attachment>;
  readonly outgoing: ReadonlyMap<NodeRecord, readonly Attachment[]>;
}

export class Routes {
  #topology: Topology;
  #version = -1;
  /** By the number of the link that leads to the destination, then by the number of the node. */
  #steps: (Step | undefined)[][] = [];
  #trees = new Map<string, Tree>();
  #members = new Map<string, Set<NodeRecord>>();

  constructor(topology: Topology) {
    this.#topology = topology;
  }

  /** Adds a member of a group; returns whether that is news. */
  join(node: NodeRecord, group: Uint8Array, family: number): boolean {
    const key = groupKey(group, family);
    let members = this.#members.get(key);
    if (!members) this.#members.set(key, members = new Set());
    if (members.has(node)) return false;
    members.add(node);
    this.#trees.clear();
    return true;
  }

  /** Takes a member away; returns whether it was one. */
  leave(node: NodeRecord, group: Uint8Array, family: number): boolean {
    const gone = this.#members.get(groupKey(group, family))?.delete(node) ?? false;
    if (gone) this.#trees.clear();
    return gone;
  }

  isMember(node: NodeRecord, group: Uint8Array, family: number): boolean {
    return this.#members.get(groupKey(group, family))?.has(node) ?? false;
  }

  /** The way from a node to a unicast address; undefined if there is none. */
  step(from: NodeRecord, destination: Uint8Array, family: number): Step | undefined {
    const link = this.#topology.linkOf(destination, family);
    return link && this.#stepsTo(link)[from.index];
  }

  /** The tree of a group from a source; undefined if no link has that source. */
  tree(source: Uint8Array, group: Uint8Array, family: number): Tree | undefined {
    this.#freshen();
    const key = groupKey(group, family) + " " + addressKey(source, family);
    const known = this.#trees.get(key);
    if (known) return known;
    const root = this.#topology.owner(source, family);
    if (!root) return undefined;
    const tree = this.#growTree(root, this.#members.get(groupKey(group, family)) ?? new Set());
    this.#trees.set(key, tree);
    return tree;
  }

  /** Answers the question of a node's engine. */
  answer(node: NodeRecord, question: RouteQuestion): RouteAnswer {
    const { destination, source, family } = question;
    if (isMulticast(destination, family)) {
      const tree = this.tree(source, destination, family);
      const local = this.isMember(node, destination, family);
      if (!tree) return { found: local, local, hops: [] };
      return {
        found: true,
        local,
        incomingInterface: tree.incoming.get(node)?.handle ?? 0,
        hops: (tree.outgoing.get(node) ?? []).map((attachment) => ({ interface: attachment.handle })),
      };
    }
    if (this.#topology.owner(destination, family)?.node === node) return { found: true, local: true, hops: [] };
    const step = this.step(node, destination, family);
    if (!step) return { found: false, hops: [] };
    if (!step.gateway) return { found: true, hops: [{ interface: step.out.handle }] };
    const gateway = family === 4 ? step.gateway.ipv4 : step.gateway.ipv6;
    return { found: true, hops: [{ interface: step.out.handle, gateway: gateway.bytes, family }] };
  }

  #freshen(): void {
    if (this.#version === this.#topology.version) return;
    this.#version = this.#topology.version;
    this.#steps = [];
    this.#trees.clear();
  }

  #stepsTo(link: LinkRecord): (Step | undefined)[] {
    this.#freshen();
    return this.#steps[link.index] ??= shortestPaths(this.#topology, link);
  }

  #growTree(root: Attachment, members: ReadonlySet<NodeRecord>): Tree {
    const steps = this.#stepsTo(root.link);
    const incoming = new Map<NodeRecord, Attachment>();
    // The reverse path is defined on and off the tree, so that a stray copy is recognised anywhere.
    for (const node of this.#topology.nodes) {
      const step = steps[node.index];
      if (step && node !== root.node) incoming.set(node, step.out);
    }
    const outgoing = new Map<NodeRecord, Set<Attachment>>();
    // A sending host cannot know who listens: it is its router that looks after that.
    if (!root.node.forwards) outgoing.set(root.node, new Set([root]));
    for (const member of members) this.#branch(member, root, steps, outgoing);
    return {
      incoming,
      outgoing: new Map([...outgoing].map(([node, set]) => [node, [...set].sort((a, b) => a.handle - b.handle)])),
    };
  }

  /** Walks from a member up to the root and marks where each node on the way has to pass the data on. */
  #branch(
    member: NodeRecord,
    root: Attachment,
    steps: (Step | undefined)[],
    out: Map<NodeRecord, Set<Attachment>>,
  ): void {
    let node = member;
    while (node !== root.node) {
      const step = steps[node.index];
      if (!step) return;
      const upstream = step.gateway ?? root;
      let marked = out.get(upstream.node);
      if (!marked) out.set(upstream.node, marked = new Set());
      if (marked.has(upstream)) return;
      marked.add(upstream);
      node = upstream.node;
    }
  }
}

function groupKey(group: Uint8Array, family: number): string {
  return `${family}/${addressKey(group, family)}`;
}

/** Dijkstra's algorithm outwards from the nodes on a link. Hosts are reached but not passed. */
function shortestPaths(topology: Topology, link: LinkRecord): (Step | undefined)[] {
  const steps: (Step | undefined)[] = new Array(topology.nodes.length);
  if (!link.up) return steps;
  const queue = new NodeQueue();
  for (const attachment of link.attachments) {
    if (!attachment.node.alive) continue;
    steps[attachment.node.index] = { distance: 0, out: attachment, gateway: undefined };
    if (attachment.node.forwards) queue.push(0, attachment.node);
  }
  for (let entry = queue.pop(); entry; entry = queue.pop()) {
    const { node, distance } = entry;
    if (distance > steps[node.index]!.distance) continue;
    for (const near of node.attachments) {
      if (near.link.up) relax(steps, queue, near, distance + near.link.metric);
    }
  }
  return steps;
}

function relax(steps: (Step | undefined)[], queue: NodeQueue, near: Attachment, distance: number): void {
  for (const far of near.link.attachments) {
    if (far === near || !far.node.alive) continue;
    const known = steps[far.node.index];
    if (known && (known.distance < distance || (known.distance === distance && !wins(near, far, known)))) continue;
    const better = !known || distance < known.distance;
    steps[far.node.index] = { distance, out: far, gateway: near };
    if (better && far.node.forwards) queue.push(distance, far.node);
  }
}

/** Of two equally long ways the one by the lower next node wins, then the one by the lower interface. */
function wins(near: Attachment, far: Attachment, known: Step): boolean {
  if (!known.gateway) return false;
  const difference = near.node.index - known.gateway.node.index;
  return difference < 0 || (difference === 0 && far.handle < known.out.handle);
}

/** A binary heap by distance, then by node. */
class NodeQueue {
  #heap: { distance: number; node: NodeRecord }[] = [];

  push(distance: number, node: NodeRecord): void {
    const heap = this.#heap;
    let i = heap.push({ distance, node }) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!this.#less(i, parent)) break;
      this.#swap(i, parent);
      i = parent;
    }
  }

  pop(): { distance: number; node: NodeRecord } | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (!last || heap.length === 0) return top;
    heap[0] = last;
    for (let i = 0;;) {
      const left = 2 * i + 1, right = left + 1;
      let least = left < heap.length && this.#less(left, i) ? left : i;
      if (right < heap.length && this.#less(right, least)) least = right;
      if (least === i) return top;
      this.#swap(i, least);
      i = least;
    }
  }

  #swap(a: number, b: number): void {
    const entry = this.#heap[a];
    this.#heap[a] = this.#heap[b];
    this.#heap[b] = entry;
  }

  #less(a: number, b: number): boolean {
    const x = this.#heap[a], y = this.#heap[b];
    return x.distance < y.distance || (x.distance === y.distance && x.node.index < y.node.index);
  }
}
