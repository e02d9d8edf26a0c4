/** IP packets made by hand and handed to an interface as they are: what its classifiers see is exactly this. */
import { parseAddress } from "../../host/address.ts";
import { call, cString, libc } from "../../host/linux/libc.ts";
import { inNamespace } from "./namespace.ts";

const AF_PACKET = 17;
const SOCK_DGRAM_CLOEXEC = 2 | 0x80000;

/** What a packet is made of. */
export interface Packet {
  from: string;
  to: string;
  protocol?: number;
  /** First bytes after the IP header; ports by default. */
  head?: readonly number[];
  ports?: readonly [source: number, destination: number];
  /** Bytes of IPv4 options, a multiple of 4. */
  options?: readonly number[];
  /** In units of 8 bytes. */
  fragmentOffset?: number;
  flowLabel?: number;
  bytes?: number;
}

/** The packet with its IP header; payload of zeros. */
export function ipPacket(packet: Packet): Uint8Array<ArrayBuffer> {
  const { protocol = 17, ports = [4000, 5001], options = [], bytes = 100 } = packet;
  const head = packet.head ?? [ports[0] >> 8, ports[0] & 255, ports[1] >> 8, ports[1] & 255];
  const [from, to] = [parseAddress(packet.from), parseAddress(packet.to)];
  const headerBytes = from.family === 4 ? 20 + options.length : 40;
  const data = new Uint8Array(Math.max(bytes, headerBytes + head.length));
  const view = new DataView(data.buffer);
  if (from.family === 4) {
    data[0] = 0x40 | headerBytes / 4;
    view.setUint16(2, data.length);
    view.setUint16(6, packet.fragmentOffset ?? 0);
    data.set([64, protocol], 8);
    data.set(from.bytes.subarray(0, 4), 12);
    data.set(to.bytes.subarray(0, 4), 16);
    data.set(options, 20);
  } else {
    view.setUint32(0, 0x60000000 | (packet.flowLabel ?? 0));
    view.setUint16(4, data.length - 40);
    data.set([protocol, 64], 6);
    data.set(from.bytes, 8);
    data.set(to.bytes, 24);
  }
  data.set(head, headerBytes);
  return data;
}

/** Sends packets by an interface of a namespace, past routing, through its queueing discipline. */
export function sendPackets(namespace: string, device: string, packets: readonly Packet[]): void {
  inNamespace(namespace, () => {
    const socket = call(libc().socket(AF_PACKET, SOCK_DGRAM_CLOEXEC, 0), "a packet socket");
    try {
      // sockaddr_ll, 20 bytes: family@0 u16, EtherType@2 be16, interface@4 i32, address length@11 u8, address@12
      const address = new Uint8Array(20);
      const view = new DataView(address.buffer);
      view.setUint16(0, AF_PACKET, true);
      view.setInt32(4, libc().if_nametoindex(cString(device)), true);
      address[11] = 6;
      address.fill(0xff, 12, 18);
      for (const packet of packets) {
        const data = ipPacket(packet);
        view.setUint16(2, packet.from.includes(":") ? 0x86dd : 0x0800);
        call(libc().sendto(socket, data, BigInt(data.length), 0, address, address.length), "sending a packet");
      }
    } finally {
      libc().close(socket);
    }
  });
}
