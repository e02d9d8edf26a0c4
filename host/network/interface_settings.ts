/** What an engine in a virtual network is told of an interface. */
import { formatAddress } from "../address.ts";
import type { InterfaceSettings } from "../node_settings.ts";
import { type Attachment, IPV4_PREFIX_BITS, IPV6_PREFIX_BITS } from "./topology.ts";

/** As the link and its other ends make them. */
export function interfaceSettings(attachment: Attachment): InterfaceSettings {
  const { options, delayMs, up } = attachment.link;
  return {
    interface: attachment.handle,
    name: attachment.name,
    addresses: [
      `${formatAddress(attachment.ipv4.bytes, 4)}/${IPV4_PREFIX_BITS}`,
      `${formatAddress(attachment.ipv6.bytes, 6)}/${IPV6_PREFIX_BITS}`,
      `${formatAddress(attachment.ipv6LinkLocal.bytes, 6)}/64`,
    ],
    up,
    mtuBytes: options.mtuBytes,
    reservableBytesPerSecond: options.reservableBytesPerSecond,
    perFlowBytesPerSecond: options.perFlowBytesPerSecond,
    linkBytesPerSecond: options.linkBytesPerSecond ?? options.reservableBytesPerSecond,
    minimumLatencyMicroseconds: options.minimumLatencyMicroseconds ?? Math.round(delayMs * 1000),
    guaranteedErrorTermBytes: options.guaranteedErrorTermBytes,
    guaranteedErrorTermMicroseconds: options.guaranteedErrorTermMicroseconds,
    refreshIntervalMs: options.refreshIntervalMs,
    ...encapsulationOf(attachment),
  };
}

/** How RSVP leaves by an interface; for a host without raw access also its first-hop router, Ra of RFC 2205 appendix C. */
function encapsulationOf(attachment: Attachment): Pick<InterfaceSettings, "udp" | "udpNextHop"> {
  const others = attachment.link.attachments.filter((other) => other !== attachment);
  if (!attachment.node.udpOnly) return others.some(({ node }) => node.udpOnly) ? { udp: "also" } : {};
  const router = others.find(({ node }) => node.forwards);
  return { udp: "only", ...(router ? { udpNextHop: formatAddress(router.ipv4.bytes, 4) } : {}) };
}
