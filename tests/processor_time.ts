/** How long work took, for tests that bound it: what else the machine does at the time does not count. */
import { cpuUsage } from "node:process";

/** Milliseconds of processor time that this process has used so far, all of its threads together. */
export function processorMs(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1000;
}
