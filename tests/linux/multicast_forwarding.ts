/**
 * Entries of the kernel's multicast forwarding, as a multicast routing daemon makes them (linux/mroute.h, mroute6.h).
 * They stand while the socket is open.
 */
import { parseAddress } from "../../host/address.ts";
import { call, libc, setOption } from "../../host/linux/libc.ts";

const [AF_INET, AF_INET6, SOCK_RAW, IPPROTO_IP, IPPROTO_IGMP, IPPROTO_IPV6, IPPROTO_ICMPV6] = [2, 10, 3, 0, 2, 41, 58];
const MRT = { INIT: 200, ADD_VIF: 202, ADD_MFC: 204, DEL_MFC: 205 } as const;
const VIFF_USE_IFINDEX = 0x8;
const MAXIMUM_VIFS = 32;

/** What a daemon may do. Interfaces by the numbers that `addInterface` gives. */
export interface MulticastForwarding {
  addInterface(index: number): number;
  addRoute(source: string, group: string, incoming: number, outgoing: readonly number[]): void;
  deleteRoute(source: string, group: string, incoming: number): void;
  close(): void;
}

/** Opens it for 4 or 6, in the namespace of this thread. @throws {LinuxError} if the kernel has none, or it is taken. */
export function openMulticastForwarding(family: number): MulticastForwarding {
  const four = family === 4;
  const level = four ? IPPROTO_IP : IPPROTO_IPV6;
  const protocol = four ? IPPROTO_IGMP : IPPROTO_ICMPV6;
  const socket = call(libc().socket(four ? AF_INET : AF_INET6, SOCK_RAW, protocol), "a socket for multicast routing");
  const set = (option: number, value: Uint8Array<ArrayBuffer>, what: string) =>
    setOption(socket, level, option, value, what);
  set(MRT.INIT, new Uint8Array(new Int32Array([1]).buffer), "multicast forwarding");
  let vifs = 0;
  const entry = four ? entryOfIpv4 : entryOfIpv6;
  return {
    addInterface(index) {
      set(MRT.ADD_VIF, four ? vifOfIpv4(vifs, index) : vifOfIpv6(vifs, index), `interface ${index} for multicast`);
      return vifs++;
    },
    addRoute(source, group, incoming, outgoing) {
      set(MRT.ADD_MFC, entry(source, group, incoming, outgoing), `multicast route ${source} ${group}`);
    },
    deleteRoute(source, group, incoming) {
      set(MRT.DEL_MFC, entry(source, group, incoming, []), `multicast route ${source} ${group}`);
    },
    close: () => void libc().close(socket),
  };
}

/** vifctl, 16 bytes: number@0 u16, flags@2 u8, threshold@3 u8, rate limit@4 u32, interface index@8 i32, remote@12. */
function vifOfIpv4(vif: number, index: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(16), view = new DataView(bytes.buffer);
  view.setUint16(0, vif, true);
  bytes.set([VIFF_USE_IFINDEX, 1], 2);
  view.setInt32(8, index, true);
  return bytes;
}

/** mif6ctl, 12 bytes: number@0 u16, flags@2 u8, threshold@3 u8, interface index@4 u16, rate limit@8 u32. */
function vifOfIpv6(vif: number, index: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(12), view = new DataView(bytes.buffer);
  view.setUint16(0, vif, true);
  bytes[3] = 1;
  view.setUint16(4, index, true);
  return bytes;
}

/** mfcctl, 60 bytes: source@0, group@4, incoming@8 u16, thresholds@10 of 32 interfaces, counters@44. */
function entryOfIpv4(
  source: string,
  group: string,
  incoming: number,
  outgoing: readonly number[],
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(60);
  bytes.set(parseAddress(source).bytes.subarray(0, 4));
  bytes.set(parseAddress(group).bytes.subarray(0, 4), 4);
  new DataView(bytes.buffer).setUint16(8, incoming, true);
  for (const vif of outgoing) if (vif < MAXIMUM_VIFS) bytes[10 + vif] = 1;
  return bytes;
}

/** mf6cctl, 92 bytes: sockaddr_in6 of the source@0 and of the group@28, incoming@56 u16, bits of 256 interfaces@60. */
function entryOfIpv6(
  source: string,
  group: string,
  incoming: number,
  outgoing: readonly number[],
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(92);
  for (const [at, text] of [[0, source], [28, group]] as const) {
    bytes[at] = AF_INET6;
    bytes.set(parseAddress(text).bytes, at + 8);
  }
  new DataView(bytes.buffer).setUint16(56, incoming, true);
  for (const mif of outgoing) bytes[60 + (mif >> 3)] |= 1 << (mif & 7);
  return bytes;
}
