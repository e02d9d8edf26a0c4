/**
 * A program that installs reservations and then waits to be killed: `crash_child.ts CLASSIFIER FLOWS`, FLOWS being JSON.
 * Prints a line when the kernel has them.
 */
import { KernelTrafficControl } from "../../host/linux/kernel_traffic_control.ts";
import type { ClassifierChoice } from "../../host/linux/kernel_traffic_control.ts";
import { type Flow, LINK, OUT, reserve } from "./traffic_control_world.ts";

const [classifier, flows] = Deno.args;
const control = new KernelTrafficControl({
  classifier: classifier as ClassifierChoice,
  interfaces: [{ interface: OUT, name: "out", linkBytesPerSecond: LINK }],
});
for (const [index, flow] of (JSON.parse(flows) as Flow[]).entries()) {
  const { ok } = await reserve(control, index + 1, flow);
  if (!ok) throw new Error(`flow ${index} was refused`);
}
console.log("installed");
setInterval(() => {}, 1000);
