/** What a flood is made of, and a reservation that has to stand in it. */
import { fileURLToPath } from "node:url";
import type { Random } from "../../host/random.ts";
import { ipDatagram } from "../../host/transport/ip_datagram.ts";
import { FAMILIES, type Line, packetOf, until } from "./line.ts";
import { type LineNodes, startLine, TOKEN_BUCKET } from "./line_nodes.ts";

/** Sends what a file has over and over; to be compiled. */
export const FLOOD_PROGRAM = fileURLToPath(new URL("../../bench/limit/linux_io.c", import.meta.url));

/** The line with a reservation from A to B, of the given refresh interval. */
export async function reserved(line: Line, name: keyof typeof FAMILIES, refreshIntervalMs: number): Promise<LineNodes> {
  const nodes = startLine(line, name, { refreshIntervalMs });
  const { a, b } = FAMILIES[name];
  const address = { destination: b, port: 5004 };
  const events: string[] = [];
  const receiver = nodes.right.session(address).on(({ kind }) => events.push(kind));
  nodes.left.session(address).sender({ ...TOKEN_BUCKET, port: 4000 });
  await until("the Path", () => events.includes("PATH_EVENT"));
  receiver.reserve({ style: "FF", flowspec: TOKEN_BUCKET, senders: [{ address: a, port: 4000 }] });
  await until("the reservation", () => nodes.left.inspect("installed").length === 1);
  return nodes;
}

/** Datagrams for the flood: junk, half of it with the shape of a message. */
export function junkFile(random: Random): Uint8Array {
  const records: number[] = [];
  const { a, ra } = FAMILIES.IPv4;
  for (let i = 0; i < 500; i++) {
    const payload = Uint8Array.from({ length: 8 + 4 * random.below(60) }, () => random.below(256));
    if (i % 2 === 0) {
      payload.set([0x10, 1 + random.below(7), 0, 0, 63, 0]);
      new DataView(payload.buffer).setUint16(6, payload.length);
    }
    const plain = { interface: 1, source: a, destination: ra, ttl: 63, routerAlert: 0, encapsulation: 0, payload };
    const datagram = ipDatagram(packetOf(plain), 0);
    records.push(datagram.length & 255, datagram.length >> 8, ...datagram);
  }
  return Uint8Array.from(records);
}
