/** Settings of the file as the node takes them: what the file does not say is the default again. */
import { DEFAULT_SETTINGS, type NodeSettings } from "../node_settings.ts";
import type { NodeFile } from "./schema.ts";

/** All settings that the file decides on. */
export function nodeSettings({ node, limits, log }: NodeFile): Partial<NodeSettings> {
  const standard = DEFAULT_SETTINGS;
  return {
    refreshIntervalMs: node.refreshIntervalMs ?? standard.refreshIntervalMs,
    lifetimeMultiplier: node.lifetimeMultiplier ?? standard.lifetimeMultiplier,
    blockadeMultiplier: node.blockadeMultiplier ?? standard.blockadeMultiplier,
    localRepairDelayMs: node.localRepairDelayMs ?? standard.localRepairDelayMs,
    slewMaximumPercent: node.slewMaximumPercent ?? standard.slewMaximumPercent,
    fastStart: node.fastStart ?? standard.fastStart,
    sharedTrees: node.sharedTrees ?? standard.sharedTrees,
    // Nobody would read them: a report of each dropped message is not free.
    reportDrops: log.level !== "error",
    host: node.kind === "host",
    memoryLimitBytes: limits.memoryBytes ?? standard.memoryLimitBytes,
    maximumSessions: limits.sessions ?? standard.maximumSessions,
    maximumSendersPerSession: limits.sendersPerSession ?? standard.maximumSendersPerSession,
    maximumStatePerNeighbour: limits.statesPerNeighbour ?? standard.maximumStatePerNeighbour,
  };
}
