/** Traffic control of interfaces that come and go: a link that is made again has another number in the kernel, and no root. */
import type { KernelTrafficControl } from "../kernel_traffic_control.ts";
import type { LinkState, LinkWatcher } from "../links.ts";
import type { ControlledInterface } from "./open_interface.ts";

/**
 * Takes each of the interfaces over when it comes, and lets it go, with its reservations, when it goes; those that are
 * there at once. `onError` takes why one cannot be taken over. Returns what ends it.
 */
export function followLinks(
  control: KernelTrafficControl,
  links: Pick<LinkWatcher, "states" | "onChange">,
  interfaces: readonly ControlledInterface[],
  onError: (error: Error) => void,
): () => void {
  const wanted = new Map(interfaces.map((each) => [each.interface, each]));
  const follow = (state: LinkState) => {
    const options = wanted.get(state.interface);
    const device = control.device(state.interface) ?? 0;
    if (!options || device === state.index) return;
    try {
      if (device !== 0) control.unmanage(state.interface);
      if (state.index !== 0) control.manage(options);
    } catch (error) {
      onError(error as Error);
    }
  };
  for (const state of links.states) follow(state);
  return links.onChange(follow);
}
