/** Whom a datagram in a virtual network is addressed to. */
import type { Address } from "../address.ts";
import type { Packet } from "../transport/transport.ts";
import type { Step } from "./routes.ts";
import type { Attachment } from "./topology.ts";

/** Whether the datagram is addressed to this interface. */
export function hasAddress({ ipv4, ipv6, ipv6LinkLocal }: Attachment, { destination, family }: Packet): boolean {
  return family === 4
    ? sameBytes(ipv4.bytes, destination, 4)
    : sameBytes(ipv6.bytes, destination, 16) || sameBytes(ipv6LinkLocal.bytes, destination, 16);
}

/** The next hop of a way, unless the destination is it. */
export function gatewayAddress({ gateway }: Step, family: number): Address | undefined {
  return family === 4 ? gateway?.ipv4 : gateway?.ipv6;
}

function sameBytes(a: Uint8Array, b: Uint8Array, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Whether a group is for everybody on the link: 224.0.0.0/24, ff02::/16 and what reaches less far. */
export function isLinkLocalGroup(bytes: Uint8Array, family: number): boolean {
  return family === 4
    ? bytes[0] === 224 && bytes[1] === 0 && bytes[2] === 0
    : bytes[0] === 0xff && (bytes[1] & 0x0f) <= 2;
}
