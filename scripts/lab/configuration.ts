/** Files for `resv node --config`, one for each node of a lab. */
import type { PlannedNode } from "./plan.ts";

/** What all nodes of a lab have in common. */
export interface LabSettings {
  /** Where each node listens for `resv show`; the node's name and `.sock` are added. */
  readonly socketFolder?: string;
  /** Lines for the table `[node]`, such as `refreshIntervalMs = 1000`. */
  readonly node?: readonly string[];
}

/** The text of a node's file: raw IP, and the kernel's routes and traffic control. */
export function nodeFile(node: PlannedNode, settings: LabSettings = {}): string {
  const tables = [
    [
      "[node]",
      `kind = "${node.router ? "router" : "host"}"`,

      ...settings.node ?? [],
    ],
    ...settings.socketFolder === undefined
      ? []
      : [["[service]", `socket = "${settings.socketFolder}/${node.name}.sock"`]],
    ...node.interfaces.map(({ name, rate }) => [
      "[[interfaces]]",
      `name = "${name}"`,
      ...rate === undefined ? [] : [`reservableRate = "${rate}"`, `linkRate = "${rate}"`],
    ]),
    ...node.multicast.map(({ group, source, incoming, outgoing }) => [
      "[[multicastRoutes]]",
      `group = "${group}"`,
      `source = "${source}"`,
      ...incoming === undefined ? [] : [`incoming = "${incoming}"`],
      `outgoing = [${outgoing.map((name) => `"${name}"`).join(", ")}]`,
    ]),
  ];
  return tables.map((lines) => lines.join("\n") + "\n").join("\n");
}
