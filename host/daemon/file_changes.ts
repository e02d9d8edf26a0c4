/** What is different between two files of a node. */
import type { NodeFile } from "./schema.ts";

/** Who may send to a node. */
export function allowedOf({ node }: NodeFile): unknown {
  return [node.neighbours, node.pathSources];
}

/** The keys that differ and that a running node cannot follow. */
export function fixedKeys(before: NodeFile, after: NodeFile): string[] {
  const fixed = (["transport", "routing"] as const).filter((key) => before.node[key] !== after.node[key]);
  return [
    ...fixed.map((key) => `node.${key}`),
    ...(["trafficControl", "service"] as const).filter((key) => differ(before[key], after[key])),
  ];
}

/** Whether two values of a file say something else. */
export function differ(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) !== JSON.stringify(b);
}
