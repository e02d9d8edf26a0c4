/** Traffic control on one end of a veth pair. */
import { KernelTrafficControl, type KernelTrafficControlOptions } from "../../host/linux/kernel_traffic_control.ts";
import { inNamespace, withNamespaces } from "./namespace.ts";
import { joinNamespaces, LINK, OUT } from "./traffic_control_world.ts";

type Options = Partial<KernelTrafficControlOptions>;
/** Opens it, on the interface `out`. */
export type Open = (options?: Options) => KernelTrafficControl;

/** A veth pair from `a`, and what opens traffic control on it; everything is closed afterwards. */
export function onVeth(body: (a: string, open: Open, b: string) => Promise<void>): Promise<void> {
  return withNamespaces(["a", "b"], async ({ a, b }) => {
    await joinNamespaces(a, b);
    const opened: KernelTrafficControl[] = [];
    const open: Open = (options = {}) => {
      const control = inNamespace(a, () =>
        new KernelTrafficControl({
          interfaces: [{ interface: OUT, name: "out", linkBytesPerSecond: LINK }],
          nft: ["ip", "netns", "exec", a, "nft"],
          onError: (error) => console.error(error),
          ...options,
        }));
      opened.push(control);
      return control;
    };
    try {
      await body(a, open, b);
    } finally {
      for (const control of opened) control.close();
    }
  });
}
