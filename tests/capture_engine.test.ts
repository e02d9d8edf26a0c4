import fc from "fast-check";
import {
  CAPTURE_MODE,
  CAPTURE_STATUS,
  type CapturedPacket,
  MINIMUM_CHUNK_BYTES,
  PACKET_FLAG,
  readCapturedPackets,
  readCaptureProgress,
} from "../host/capture_result.ts";
import { assert, assertEquals } from "./assert.ts";
import {
  type Bytes,
  ethernet,
  interfaceBlock,
  ipv4,
  ipv6,
  join,
  packetBlock,
  pcap,
  pcapngBlock,
  sectionHeader,
  simpleBlock,
  SOURCE6,
  udp,
} from "./capture_samples.ts";
import { CAPTURES, needs } from "./require.ts";
import { bytes, CAPACITY, codec, engine, OUTPUT } from "./wire_codec.ts";
import { ADSPEC, hex, HOP, message, SESSION, TEMPLATE, TIME, TSPEC } from "./wire_samples.ts";

const STATE = engine.room(engine.captureStateBytes());
const CHUNK = engine.room(1 << 20);
const PATH = message(1, [SESSION, HOP, TIME, TEMPLATE, TSPEC, ADSPEC]);

const progress = () => readCaptureProgress(new DataView(bytes().buffer, STATE));

interface Read {
  status: number;
  end: number;
  output: Bytes;
  progress: ReturnType<typeof progress>;
}

/** Reads a whole file in chunks, as a host does. */
function read(file: Bytes, mode: number, chunkBytes = MINIMUM_CHUNK_BYTES, capacity = CAPACITY): Read {
  engine.captureBegin(STATE, mode);
  const outputs: Bytes[] = [];
  let at = 0, held = 0, status: number = CAPTURE_STATUS.OK;
  for (let calls = 0;; calls++) {
    assert(calls < 100000, "no progress");
    const added = file.subarray(at, at + chunkBytes - held);
    bytes().set(added, CHUNK + held);
    at += added.length;
    held += added.length;
    status = engine.captureRead(STATE, CHUNK, held, OUTPUT, capacity);
    const { consumed, written } = progress();
    outputs.push(bytes().slice(OUTPUT, OUTPUT + written));
    bytes().copyWithin(CHUNK, CHUNK + consumed, CHUNK + held);
    held -= consumed;
    if (status === CAPTURE_STATUS.OUTPUT_FULL && written > 0) continue;
    if (status !== CAPTURE_STATUS.OK || (at === file.length && added.length === 0)) break;
  }
  const end = status === CAPTURE_STATUS.OK ? engine.captureEnd(STATE, held) : status;
  return { status, end, output: join(...outputs), progress: progress() };
}

const packets = (file: Bytes, chunkBytes?: number): CapturedPacket[] => {
  const result = read(file, CAPTURE_MODE.PACKETS, chunkBytes);
  assertEquals([result.status, result.end], [0, 0]);
  return [...readCapturedPackets(result.output)];
};
const lines = (file: Bytes) => {
  const text = new TextDecoder().decode(read(file, CAPTURE_MODE.TEXT).output);
  return text.split("\n").slice(0, -1).map((line) => JSON.parse(line));
};

/** The one packet of a frame. */
function only(frame: Bytes, link: number): CapturedPacket {
  const found = packets(pcap([frame], { link }));
  assertEquals(found.length, 1);
  return found[0];
}

Deno.test("a Path is found behind every link type", () => {
  const ip = ipv4(PATH), ip6 = ipv6(PATH);
  const label = (value: number, last: boolean) =>
    hex(((value << 12 | (last ? 0x100 : 0) | 64) >>> 0).toString(16).padStart(8, "0"));
  const stack = join(label(16, false), label(17, true), ip);
  const frames: [string, number, Bytes][] = [
    ["Ethernet", 1, ethernet(0x0800, ip)],
    ["Ethernet, IPv6", 1, ethernet(0x86dd, ip6)],
    ["VLAN", 1, ethernet(0x8100, join(hex("00640800"), ip))],
    ["QinQ", 1, ethernet(0x88a8, join(hex("006481000065" + "86dd"), ip6))],
    ["LLC/SNAP", 1, ethernet(8 + ip.length, join(hex("aaaa030000000800"), ip))],
    ["MPLS", 1, ethernet(0x8847, stack)],
    ["PPPoE", 1, ethernet(0x8864, join(hex("110000010000"), hex("0021"), ip))],
    ["raw", 101, ip],
    ["raw, IPv6", 101, ip6],
    ["raw BSD", 12, ip],
    ["raw OpenBSD", 14, ip],
    ["IPv4", 228, ip],
    ["IPv6", 229, ip6],
    ["cooked", 113, join(hex("0000000100060200000000010000" + "0800"), ip)],
    ["cooked 2", 276, join(hex("08000000" + "00000002" + "0001" + "0006" + "0200000000010000"), ip)],
    ["NULL", 0, join(hex("02000000"), ip)],
    ["LOOP", 108, join(hex("00000018"), ip6)],
    ["PPP", 9, join(hex("0021"), ip)],
    ["PPP, compressed", 9, join(hex("21"), ip)],
    ["PPP in HDLC framing", 50, join(hex("ff030057"), ip6)],
    ["Cisco HDLC", 104, join(hex("0f000800"), ip)],
    ["MPLS link", 219, stack],
  ];
  for (const [name, link, frame] of frames) {
    const packet = only(frame, link);
    assertEquals(packet.payload, PATH, name);
    assertEquals([packet.ttl, packet.linkType, packet.frame], [packet.source.length === 4 ? 63 : 62, link, 1], name);
    assertEquals(packet.flags & ~PACKET_FLAG.MPLS, 0, name);
  }
});

Deno.test("addresses, TTL, Router Alert and Ethernet padding are told apart from the message", () => {
  const packet = only(join(ethernet(0x0800, ipv4(PATH, { options: hex("94040000"), ttl: 9 })), new Uint8Array(7)), 1);
  assertEquals([packet.payload, packet.ttl, packet.flags], [PATH, 9, PACKET_FLAG.ROUTER_ALERT]);
  assertEquals([packet.source, packet.destination], [hex("c000020a"), hex("c0000214")]);
  assertEquals([packet.seconds, packet.nanoseconds], [1700000000, 1000000]);
  const alert6 = only(ipv6(join(hex("2e000502" + "0000" + "0100"), PATH), 0), 101);
  assertEquals([alert6.payload, alert6.flags, alert6.source], [PATH, PACKET_FLAG.ROUTER_ALERT, hex(SOURCE6)]);
});

Deno.test("UDP encapsulation, GRE, IP in IP and quoted packets are followed", () => {
  const encapsulated = only(ipv4(udp(PATH, 1699), { protocol: 17 }), 101);
  assertEquals([encapsulated.payload, encapsulated.encapsulation], [PATH, 2]);
  assertEquals(packets(pcap([ipv4(udp(PATH, 1700), { protocol: 17 })], { link: 101 })), []);
  const gre = only(ipv4(join(hex("a0000800" + "00000000" + "00000001"), ipv4(PATH)), { protocol: 47 }), 101);
  assertEquals([gre.payload, gre.flags], [PATH, PACKET_FLAG.TUNNELLED]);
  const bridged = only(ipv4(join(hex("00006558"), ethernet(0x86dd, ipv6(PATH))), { protocol: 47 }), 101);
  assertEquals(bridged.payload, PATH);
  assertEquals(only(ipv6(ipv4(PATH), 4), 101).flags, PACKET_FLAG.TUNNELLED);
  const quoted = only(ipv4(join(hex("0b00000000000000"), ipv4(PATH).subarray(0, 48)), { protocol: 1 }), 101);
  assertEquals(quoted.payload, PATH.subarray(0, 28));
  assertEquals([quoted.flags, quoted.missing], [PACKET_FLAG.QUOTED | PACKET_FLAG.TRUNCATED, PATH.length - 28]);
});

Deno.test("a wrong IP checksum is marked and the message still found", () => {
  const frame = ipv4(PATH);
  frame[10] ^= 1;
  assertEquals(only(frame, 101).flags, PACKET_FLAG.BAD_IP_CHECKSUM);
});

Deno.test("fragments are put together in any order, mixed and repeated", () => {
  const cut = (identification: number, offset: number, length: number) =>
    ipv4(PATH.subarray(offset, offset + length), { identification, fragment: [offset, offset + length < PATH.length] });
  const one = [cut(1, 0, 64), cut(1, 64, 64), cut(1, 128, 64)], two = [cut(2, 0, 88), cut(2, 88, 88)];
  const found = packets(pcap([one[2], two[1], one[0], one[0], two[0], one[1]], { link: 101 }));
  assertEquals(found.map((packet) => [packet.frame, packet.flags]), [[5, 8], [6, 8]]);
  for (const packet of found) assertEquals(packet.payload, PATH);
  // Nine unfinished datagrams push the first out of eight buffers.
  const many = Array.from({ length: 9 }, (_, i) => cut(10 + i, 0, 64));
  assertEquals(packets(pcap([...many, cut(10, 64, 200), cut(18, 64, 200)], { link: 101 })).map((p) => p.frame), [11]);
  const six = (offset: number, more: number, part: Bytes) =>
    ipv6(join([46, 0, offset >> 8, offset & 248 | more], hex("00000007"), part), 44);
  const found6 = packets(pcap([six(64, 0, PATH.subarray(64)), six(0, 1, PATH.subarray(0, 64))], { link: 101 }));
  assertEquals(found6.map((packet) => packet.payload), [PATH]);
});

Deno.test("pcap is read in both byte orders, both resolutions and the form with long record headers", () => {
  const frame = ethernet(0x0800, ipv4(PATH));
  for (const bigEndian of [false, true]) {
    assertEquals(packets(pcap([frame, frame], { bigEndian })).map((p) => p.nanoseconds), [1000000, 2000000]);
    assertEquals(packets(pcap([frame, frame], { bigEndian, nanoseconds: true })).map((p) => p.nanoseconds), [
      1000,
      2000,
    ]);
    assertEquals(packets(pcap([frame, frame], { bigEndian, modified: true })).map((p) => p.payload), [PATH, PATH]);
  }
});

Deno.test("pcapng is read with its interfaces, resolutions, sections and blocks that are not known", () => {
  const frame = ethernet(0x0800, ipv4(PATH)), raw = ipv4(PATH);
  for (const big of [false, true]) {
    const ticks = 1700000000n * 1000000000n + 123456789n;
    const file = join(
      sectionHeader(big),
      pcapngBlock(0x80000bad, new Uint8Array(70000), big),
      interfaceBlock(1, undefined, big),
      interfaceBlock(101, 9, big),
      packetBlock(1, raw, Number(ticks >> 32n), Number(ticks & 0xffffffffn), big),
      packetBlock(0, frame, 0, 5000007, big),
      packetBlock(7, frame, 0, 0, big),
    );
    const [first, second, ...more] = packets(join(file, sectionHeader(), interfaceBlock(101), simpleBlock(raw)), 65536);
    assertEquals([first.payload, first.seconds, first.nanoseconds], [PATH, 1700000000, 123456789]);
    assertEquals([second.payload, second.seconds, second.nanoseconds], [PATH, 5, 7000]);
    assertEquals(more.map((packet) => [packet.frame, packet.payload]), [[4, PATH]]);
    assertEquals(progress().unknownLinkFrames, 1);
  }
});

Deno.test("chunks of any size and small outputs give the same packets and lines", () => {
  const file = pcap(Array.from({ length: 40 }, (_, i) => ethernet(0x0800, ipv4(PATH, { identification: i }))));
  const whole = read(file, CAPTURE_MODE.PACKETS).output;
  const text = read(file, CAPTURE_MODE.TEXT).output;
  for (const chunk of [300, 1000, 4096]) {
    assertEquals(read(file, CAPTURE_MODE.PACKETS, chunk).output.length, whole.length);
    assertEquals(read(file, CAPTURE_MODE.TEXT, chunk).output, text);
  }
  assertEquals(read(file, CAPTURE_MODE.TEXT, 1 << 18, 72000).output, text);
});

Deno.test("a reassembled message whose line must wait for room is not lost", () => {
  const parts = [0, 1].flatMap((i) => [
    ipv4(PATH.subarray(0, 88), { identification: i, fragment: [0, true] }),
    ipv4(PATH.subarray(88), { identification: i, fragment: [88, false] }),
  ]);
  const file = pcap(parts, { link: 101 });
  const text = read(file, CAPTURE_MODE.TEXT).output;
  assertEquals(text.filter((byte) => byte === 10).length, 2);
  for (let capacity = 65600; capacity < 71000; capacity += 50) {
    const result = read(file, CAPTURE_MODE.TEXT, 1 << 18, capacity);
    if (result.status === CAPTURE_STATUS.OK) assertEquals(result.output, text);
    else assertEquals([result.status, result.output.length], [CAPTURE_STATUS.OUTPUT_FULL, 0]);
  }
});

Deno.test("a line says where the message was captured and what decode() says of it", () => {
  const [line] = lines(pcap([ethernet(0x0800, ipv4(PATH, { options: hex("94040000") }))]));
  const { frame, timestamp, source, destination, ttl, routerAlert, ...rest } = line;
  assertEquals([frame, timestamp, source, destination, ttl, routerAlert], [
    1,
    "1700000000.001000000",
    "192.0.2.10",
    "192.0.2.20",
    63,
    true,
  ]);
  assertEquals(rest, JSON.parse(JSON.stringify(codec.decode(PATH))));
  const [six] = lines(pcap([ipv6(udp(PATH), 17)], { link: 101 }));
  assertEquals([six.source, six.encapsulation], ["2001:db8::a", "UDP"]);
});

Deno.test("what is no capture, a cut header, a cut record and a broken record are told apart, with their place", () => {
  const file = pcap([ipv4(PATH), ipv4(PATH)], { link: 101 });
  const ends = (data: Bytes) => {
    const { end, progress } = read(data, CAPTURE_MODE.COUNT);
    return [end, progress.fileOffset];
  };
  assertEquals(ends(new TextEncoder().encode("hello, world")), [CAPTURE_STATUS.NOT_A_CAPTURE, 0]);
  assertEquals(ends(new Uint8Array(0)), [CAPTURE_STATUS.NOT_A_CAPTURE, 0]);
  assertEquals(ends(file.subarray(0, 20)), [CAPTURE_STATUS.CUT_HEADER, 0]);
  assertEquals(ends(file.subarray(0, 24)), [CAPTURE_STATUS.OK, 24]);
  assertEquals(ends(file.subarray(0, 100)), [CAPTURE_STATUS.CUT_RECORD, 24]);
  assertEquals(ends(file.subarray(0, -1)), [CAPTURE_STATUS.CUT_RECORD, 24 + 16 + 20 + PATH.length]);
  const broken = file.slice();
  broken.fill(0xff, 32, 36);
  assertEquals(ends(broken), [CAPTURE_STATUS.BAD_RECORD, 24]);
  const section = join(sectionHeader(), interfaceBlock(101));
  assertEquals(ends(join(section, hex("0600000009000000000000000000000000000000"))), [
    CAPTURE_STATUS.BAD_RECORD,
    section.length,
  ]);
});

Deno.test("no damage to a capture traps, hangs or leads outside its bytes", () => {
  const gre = ipv4(
    join(hex("b0006558" + "000000000000000000000000"), ethernet(0x8847, join(hex("00010140"), ipv4(PATH)))),
    { protocol: 47 },
  );
  const frames = [
    ethernet(0x0800, ipv4(PATH)),
    ethernet(0x0800, gre),
    ethernet(0x8847, join(hex("00010140"), ipv6(udp(PATH), 17))),
  ];
  const files = [
    pcap(frames),
    join(sectionHeader(), interfaceBlock(1, 9), packetBlock(0, frames[0], 1, 2), packetBlock(0, frames[1], 1, 2)),
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...files),
      fc.constantFrom(0, 1, 2),
      fc.array(fc.tuple(fc.nat(900), fc.nat(255)), { minLength: 1, maxLength: 8 }),
      fc.nat(900),
      (file, mode, changes, cut) => {
        const damaged = file.slice();
        for (const [at, value] of changes) damaged[at % damaged.length] = value;
        const { output } = read(damaged, mode);
        // Once more at the end of memory, where reading beyond the file traps; cut, so that anything may be at its end.
        const part = damaged.subarray(0, damaged.length - cut % damaged.length);
        const place = bytes().length - part.length;
        bytes().set(part, place);
        engine.captureBegin(STATE, mode);
        engine.captureRead(STATE, place, part.length, OUTPUT, CAPACITY);
        if (mode === CAPTURE_MODE.TEXT) {
          for (const text of new TextDecoder().decode(output).split("\n").slice(0, -1)) JSON.parse(text);
        } else for (const packet of readCapturedPackets(output)) assert(packet.payload.length <= 65535);
      },
    ),
    { numRuns: 2000 },
  );
});

Deno.test("counting reads every message once, at the same sum whatever the link type", () => {
  const raw = read(pcap([ipv4(PATH), ipv4(PATH)], { link: 101 }), CAPTURE_MODE.COUNT).progress;
  const framed = read(pcap([ethernet(0x0800, ipv4(PATH)), ethernet(0x86dd, ipv6(PATH))]), CAPTURE_MODE.COUNT).progress;
  assertEquals([raw.frames, raw.messages, raw.undecoded], [2, 2, 0]);
  assertEquals([framed.messages, framed.undecoded, framed.digest], [2, 0, raw.digest]);
  assert(raw.digest !== 0);
});

Deno.test({
  name: "the real captures give the messages that tshark saw, frame by frame",
  ...needs("captures"),
  fn() {
    let compared = 0;
    for (const entry of Deno.readDirSync(CAPTURES)) {
      if (!/\.(pcap|cap)$/.test(entry.name)) continue;
      const file = Deno.readFileSync(CAPTURES + entry.name);
      const rows = Deno.readTextFileSync(`${CAPTURES}${entry.name}.tshark.fields.tsv`).trim().split("\n").slice(1);
      const seen = rows.map((row) => row.split("\t")).map(([frame, source, destination, ttl, , , , , , type]) =>
        [frame, source, destination, ttl, type].join(" ")
      );
      // A message that cannot be taken apart has an error in place of a type; tshark shows what there is.
      const found = lines(file).map(({ frame, source, destination, ttl, type, error }, index) =>
        [frame, source, destination, ttl, error ? seen[index].split(" ").at(-1) : type].join(" ")
      );
      assertEquals(found, seen, entry.name);
      compared += found.length;
    }
    assert(compared > 100, `${compared} messages`);
  },
});
