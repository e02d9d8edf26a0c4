/** `resv demo`: PATH and RESV between a sender, a router and a receiver, drawn as a ladder. */
import { buildCommand } from "@stricli/core";
import type { ResvContext } from "./context.ts";

/** Reservation styles of RFC 2205 1.3, as one writes them. */
export const STYLES = ["WF", "FF", "SE"] as const;

function parseStyle(text: string): (typeof STYLES)[number] {
  const style = STYLES.find((one) => one === text.toUpperCase());
  if (style === undefined) throw new Error(`there are ${STYLES.join(", ")}`);
  return style;
}

/** Flags of the command. */
export interface DemoFlags {
  readonly style: (typeof STYLES)[number];
  readonly overbook: boolean;
  readonly virtual: boolean;
  readonly write?: string;
}

export const demoCommand = buildCommand<DemoFlags, [], ResvContext>({
  docs: {
    brief: "A sender, a router and a receiver reserve over real UDP sockets on loopback",
    fullDescription:
      "Starts three nodes on loopback addresses, lets two flows be announced (Path), reserved (Resv) and " +
      "confirmed (ResvConf), prints what is installed, and tears everything down. Needs no root.",
  },
  parameters: {
    flags: {
      style: {
        kind: "parsed",
        parse: parseStyle,
        default: "FF",
        placeholder: STYLES.join("|"),
        brief: "Reservation style (RFC 2205 1.3)",
      },
      overbook: { kind: "boolean", default: false, brief: "Ask for more than the router may give away" },
      virtual: { kind: "boolean", default: false, brief: "The same in memory, on virtual time" },
      write: {
        kind: "parsed",
        parse: String,
        optional: true,
        placeholder: "FILE.pcap",
        brief: "Also write every message to a capture",
      },
    },
  },
  loader: async () => (await import("./demo_run.ts")).runDemo,
});
