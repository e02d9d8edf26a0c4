/** What the node may not do, said before it tries, in one line that says how to permit it. */
import type { NodeFile } from "./schema.ts";

/** Bits of CapEff in /proc/self/status (capabilities(7)). */
const CAPABILITIES = { CAP_NET_ADMIN: 12n, CAP_NET_RAW: 13n } as const;

type Capability = keyof typeof CAPABILITIES;

/** What a file needs, and what for. */
export function capabilitiesOf({ node, trafficControl }: NodeFile): { capability: Capability; purpose: string }[] {
  return [
    ...(node.transport === "raw" ? [{ capability: "CAP_NET_RAW", purpose: "raw IP" } as const] : []),
    ...(trafficControl.mode === "kernel"
      ? [{ capability: "CAP_NET_ADMIN", purpose: "the kernel's traffic control" } as const]
      : []),
  ];
}

/** One line on what is missing, or undefined. `status` is the text of /proc/self/status. */
export function missingCapabilities(file: NodeFile, status: string): string | undefined {
  const held = BigInt("0x" + (/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"));
  const missing = capabilitiesOf(file).filter(({ capability }) => ((held >> CAPABILITIES[capability]) & 1n) === 0n);
  if (missing.length === 0) return undefined;
  const names = missing.map(({ capability }) => capability);
  const set = names.map((name) => name.toLowerCase()).join(",");
  const without = missing.map(({ capability }) =>
    capability === "CAP_NET_RAW" ? '[node] transport = "udp"' : '[trafficControl] mode = "memory"'
  );
  return `missing ${missing.map(({ capability, purpose }) => `${capability} (for ${purpose})`).join(" and ")}: ` +
    `run as root, or give it to a copy of deno (sudo setcap ${set}+ep ./deno), or in a systemd unit ` +
    `AmbientCapabilities=${names.join(" ")}; without: ${without.join(" and ")}`;
}

/** What this process lacks for a file; undefined if nothing, or if it cannot be told. */
export function missingHere(file: NodeFile): string | undefined {
  try {
    return missingCapabilities(file, Deno.readTextFileSync("/proc/self/status"));
  } catch {
    // What is missing will be said by what needs it.
    return undefined;
  }
}
