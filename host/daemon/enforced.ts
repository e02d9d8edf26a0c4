/** What traffic control can give is all that may be reserved: the engine refuses the rest itself, before the kernel has to. */
import { formatRate } from "../cli/units.ts";
import type { NodeTrafficControl } from "./controls.ts";
import type { PlannedInterface } from "./interface_plan.ts";

/** Interfaces within what traffic control can give, which it has taken over by now. */
export function enforced(
  planned: readonly PlannedInterface[],
  control: Pick<NodeTrafficControl, "capacity">,
): PlannedInterface[] {
  return planned.map((one) => {
    const capacity = control.capacity(one.settings.interface);
    if (!capacity) return one;
    const { linkRate, reservableRate = Infinity } = one.file;
    return {
      ...one,
      settings: {
        ...one.settings,
        linkBytesPerSecond: linkRate ?? capacity.linkBytesPerSecond,
        reservableBytesPerSecond: Math.min(reservableRate, capacity.reservableBytesPerSecond),
      },
    };
  });
}

/** A line for each interface that may give less than its file says. */
export function cutShort(planned: readonly PlannedInterface[]): string[] {
  return planned.flatMap(({ settings, file }) => {
    const { reservableBytesPerSecond = Infinity } = settings;
    if (file.reservableRate === undefined || file.reservableRate <= reservableBytesPerSecond) return [];
    return [
      `${file.name}: ${formatRate(reservableBytesPerSecond)} of ${
        formatRate(file.reservableRate)
      } can be reserved; the ` +
      "rest is kept for RSVP, neighbour discovery and best effort (rsvpRate, bestEffortRate)",
    ];
  });
}
