/** The networks that a lab is built of, as data. plan.ts makes addresses and routes from them. */

/** One link: two ends are joined by a cable, more stand on a LAN with a switch. */
export interface LabLink {
  /** Names of nodes. */
  readonly ends: readonly string[];
  /** Of the routes over it; 1 if left out. Where two ways lead to one place, the cheaper one is taken. */
  readonly cost?: number;
  /** 1,500 if left out. */
  readonly mtuBytes?: number;
  /** What may be reserved on it, as in a node's file: `10 Mbit/s`. */
  readonly rate?: string;
}

/** A group, its sender, and who listens. */
export interface LabGroup {
  /** Of either IP version. */
  readonly group: string;
  readonly source: string;
  readonly receivers: readonly string[];
}

/** A network. */
export interface Topology {
  /** One line for people. */
  readonly what: string;
  readonly nodes: Readonly<Record<string, "host" | "router">>;
  /** Link n has 10.0.n.0/24 and fd00:n::/64. */
  readonly links: readonly LabLink[];
  readonly groups?: readonly LabGroup[];
}

/** Those that `scripts/lab.ts up` knows by name. */
export const TOPOLOGIES = {
  line: {
    what: "A - R1 - R2 - B, with 10 Mbit/s between the routers",
    nodes: { A: "host", R1: "router", R2: "router", B: "host" },
    links: [{ ends: ["A", "R1"] }, { ends: ["R1", "R2"], rate: "10 Mbit/s" }, { ends: ["R2", "B"] }],
  },
  diamond: {
    what: "A - R1 - R4 - B, from R1 to R4 by R2, or by R3 where that fails",
    nodes: { A: "host", R1: "router", R2: "router", R3: "router", R4: "router", B: "host" },
    links: [
      { ends: ["A", "R1"] },
      { ends: ["R1", "R2"] },
      { ends: ["R2", "R4"] },
      { ends: ["R1", "R3"], cost: 2 },
      { ends: ["R3", "R4"], cost: 2 },
      { ends: ["R4", "B"] },
    ],
  },
  tree: {
    what: "A and D send to a group over R1 and R2, behind which B and C listen",
    nodes: { A: "host", D: "host", R1: "router", R2: "router", B: "host", C: "host" },
    links: [
      { ends: ["A", "R1"] },
      { ends: ["D", "R1"] },
      { ends: ["R1", "R2"] },
      { ends: ["R2", "B"] },
      { ends: ["R2", "C"] },
    ],
    groups: ["239.1.1.1", "ff3e::1:1"].flatMap((group) =>
      ["A", "D"].map((source) => ({ group, source, receivers: ["B", "C"] }))
    ),
  },
  lan: {
    what: "R1, R2 and R3 on one LAN; A behind R1 sends to a group, B behind R2 and C behind R3 listen",
    nodes: { A: "host", R1: "router", R2: "router", R3: "router", B: "host", C: "host" },
    links: [{ ends: ["A", "R1"] }, { ends: ["R1", "R2", "R3"] }, { ends: ["R2", "B"] }, { ends: ["R3", "C"] }],
    groups: ["239.1.1.1", "ff3e::1:1"].map((group) => ({ group, source: "A", receivers: ["B", "C"] })),
  },
} as const satisfies Record<string, Topology>;
