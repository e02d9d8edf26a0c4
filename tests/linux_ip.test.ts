/** IP headers and fragments of host/linux: no sockets, no privileges. */
import { parseAddress } from "../host/address.ts";
import { Arrival, ipv4ChecksumHolds, READ, readIpv4, readIpv6 } from "../host/linux/arrival.ts";
import { fitsIp, fragmentBytes, ipHeaderBytes, writeIpHeader } from "../host/linux/ip_header.ts";
import { Reassembly } from "../host/linux/reassembly.ts";
import { Random } from "../host/random.ts";
import { ipDatagram } from "../host/transport/ip_datagram.ts";
import type { Packet } from "../host/transport/transport.ts";
import { assert, assertEquals } from "./assert.ts";

function packet(family: number, length: number, routerAlert: number): Packet {
  const [source, destination] = family === 4 ? ["10.1.0.1", "224.1.2.3"] : ["fd00::1", "ff0e::5"];
  return {
    interface: 3,
    source: parseAddress(source).bytes,
    destination: parseAddress(destination).bytes,
    family,
    ttl: 61,
    encapsulation: 0,
    routerAlert,
    payload: Uint8Array.from({ length }, (_, i) => i * 13),
  };
}

/** The datagrams of a packet, fragments if need be, as a link of that MTU carries them. */
function datagrams(subject: Packet, mtuBytes: number, identification = 77): Uint8Array[] {
  const most = fragmentBytes(subject, mtuBytes);
  const out: Uint8Array[] = [];
  let from = 0;
  do {
    const to = Math.min(subject.payload.length, from + most);
    const bytes = new Uint8Array(80 + to - from);
    const view = new DataView(bytes.buffer);
    const header = writeIpHeader(view, bytes, 0, subject, subject.source, { from, to, identification });
    bytes.set(subject.payload.subarray(from, to), header);
    out.push(bytes.subarray(0, header + to - from));
    from = to;
  } while (from < subject.payload.length);
  return out;
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Reads a datagram, and what of the message is in it. */
function read(bytes: Uint8Array, arrival: Arrival): { result: number; part: Uint8Array } {
  const view = viewOf(bytes);
  const result = (bytes[0] >> 4 === 6 ? readIpv6 : readIpv4)(view, 0, bytes.length, arrival);
  return { result, part: bytes.slice(arrival.payloadAt, arrival.payloadAt + arrival.payloadLength) };
}

for (const family of [4, 6]) {
  for (const routerAlert of [0, 1]) {
    Deno.test(`IPv${family}, Router Alert ${routerAlert}: what is written is read again, whole or in fragments`, () => {
      const arrival = new Arrival();
      for (const [length, mtuBytes, pieces] of [[0, 1500, 1], [200, 1500, 1], [1500, 1500, 2], [9000, 1280, 8]]) {
        const subject = packet(family, length, routerAlert);
        const sent = datagrams(subject, mtuBytes);
        assertEquals(sent.length, pieces);
        const reassembly = new Reassembly();
        let whole: Packet | undefined;
        for (const bytes of sent) {
          assert(bytes.length <= mtuBytes);
          const { result, part } = read(bytes, arrival);
          assertEquals([arrival.ttl, arrival.routerAlert, arrival.family], [61, routerAlert, family]);
          arrival.interface = 3;
          if (pieces === 1) {
            assertEquals(result, READ.WHOLE);
            whole = arrival.packet(part);
          } else {
            assertEquals(result, READ.FRAGMENT);
            whole = reassembly.add(arrival, part, 0);
          }
        }
        assertEquals(whole, subject);
        assertEquals([reassembly.pending, reassembly.failed], [0, 0]);
      }
      assertEquals(ipHeaderBytes(packet(family, 0, routerAlert)), ipDatagram(packet(family, 0, routerAlert), 0).length);
    });
  }

  Deno.test(`IPv${family}: fragments in any order, twice, of several datagrams at once, make their datagrams`, () => {
    const seed = Math.floor(Math.random() * 0x7fffffff);
    console.log(`seed ${seed}`);
    const random = new Random(seed);
    const subjects = Array.from({ length: 5 }, (_, i) => packet(family, 3000 + 977 * i, i & 1));
    const sent = subjects.flatMap((subject, i) => datagrams(subject, 600, 100 + i)).flatMap((bytes) => [bytes, bytes]);
    for (let i = sent.length - 1; i > 0; i--) {
      const j = random.below(i + 1);
      [sent[i], sent[j]] = [sent[j], sent[i]];
    }
    const arrival = new Arrival();
    const reassembly = new Reassembly();
    const whole: Packet[] = [];
    for (const bytes of sent) {
      const { part } = read(bytes, arrival);
      arrival.interface = 3;
      const done = reassembly.add(arrival, part, 0);
      if (done) whole.push(done);
    }
    const sorted = (packets: Packet[]) => packets.toSorted((a, b) => a.payload.length - b.payload.length);
    // The second copy of what completed a datagram may begin it anew, and then never end.
    assertEquals(
      sorted(whole.filter((one, i) => whole.findIndex(({ payload }) => payload.length === one.payload.length) === i)),
      sorted(subjects),
    );
  });

  Deno.test(`IPv${family}: bytes of any kind are refused, and nothing beyond them is read`, () => {
    const seed = Math.floor(Math.random() * 0x7fffffff);
    console.log(`seed ${seed}`);
    const random = new Random(seed);
    const arrival = new Arrival();
    const seen = new Set<number>();
    for (let i = 0; i < 30_000; i++) {
      const pieces = datagrams(packet(family, random.below(150), random.below(2)), 120);
      const good = pieces[random.below(pieces.length)];
      // A copy of its own: reading past its end is an error, and not a look at what lies behind.
      const bytes = new Uint8Array(good.subarray(0, random.below(good.length + 1)));
      for (let changes = random.below(4); changes > 0 && bytes.length > 0; changes--) {
        bytes[random.below(Math.min(bytes.length, 56))] = random.below(256);
      }
      const view = new DataView(bytes.buffer);
      const result = (family === 6 ? readIpv6 : readIpv4)(view, 0, bytes.length, arrival);
      seen.add(result);
      if (result === READ.WHOLE || result === READ.FRAGMENT) {
        assert(arrival.payloadAt + arrival.payloadLength <= bytes.length && arrival.payloadLength >= 0);
        if (family === 4) ipv4ChecksumHolds(view, 0);
      }
    }
    assertEquals([...seen].sort(), [READ.WHOLE, READ.FRAGMENT, READ.MALFORMED, READ.NOT_RSVP]);
  });
}

Deno.test("a checksum is right if the header is as it was sent", () => {
  const bytes = ipDatagram(packet(4, 20, 1), 9);
  assert(ipv4ChecksumHolds(viewOf(bytes), 0));
  bytes[8]--;
  assert(!ipv4ChecksumHolds(viewOf(bytes), 0));
});

Deno.test("padding behind a short IPv4 datagram is no part of it; one that is cut is malformed", () => {
  const [bytes] = datagrams(packet(4, 8, 0), 1500);
  const padded = new Uint8Array(46);
  padded.set(bytes);
  const arrival = new Arrival();
  assertEquals(read(padded, arrival).result, READ.WHOLE);
  assertEquals(arrival.payloadLength, 8);
  assertEquals(read(bytes.slice(0, 27), arrival).result, READ.MALFORMED);
});

Deno.test("fragments are bounded: overlaps, too many, too old and too long ones make nothing", () => {
  const arrival = new Arrival();
  const fragment = (reassembly: Reassembly, id: number, at: number, length: number, more: boolean, nowMs = 0) => {
    Object.assign(arrival, { fragmentId: id, fragmentAt: at, moreFragments: more });
    return reassembly.add(arrival, new Uint8Array(length), nowMs);
  };
  const overlapping = new Reassembly();
  assertEquals(fragment(overlapping, 1, 0, 16, true), undefined);
  assertEquals(fragment(overlapping, 1, 8, 16, false), undefined);
  assertEquals([overlapping.pending, overlapping.failed], [0, 1]);

  const many = new Reassembly();
  for (let id = 0; id < 1000; id++) fragment(many, id, 0, 1400, true);
  assertEquals([many.pending, many.failed], [64, 936]);
  fragment(many, 5000, 0, 8, true, 40_000);
  assertEquals([many.pending, many.failed], [1, 1000]);

  const long = new Reassembly();
  fragment(long, 1, 65_528, 16, false);
  // More than one end, a hole of odd size, nothing at all.
  fragment(long, 2, 80, 8, false);
  fragment(long, 2, 800, 8, false);
  fragment(long, 3, 0, 13, true);
  fragment(long, 4, 8, 0, true);
  assertEquals([long.pending, long.failed], [0, 4]);
  const tiny = new Reassembly();
  for (let i = 0; i < 200; i++) fragment(tiny, 1, 8 * i, 8, true);
  assertEquals(tiny.failed, 1);
});

Deno.test("the longest datagrams of IP fit, and not a byte more", () => {
  for (const [family, routerAlert, longest] of [[4, 0, 65_515], [4, 1, 65_511], [6, 0, 65_535], [6, 1, 65_527]]) {
    assert(fitsIp(packet(family, longest, routerAlert)));
    assert(!fitsIp(packet(family, longest + 1, routerAlert)));
  }
});
