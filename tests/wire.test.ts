import fc from "fast-check";
import { STATUS } from "../host/boundary.gen.ts";
import { assert, assertEquals } from "./assert.ts";
import { entryInstance } from "./engine_entries/compile.ts";
import {
  ADSPEC,
  FILTER,
  FLOWSPEC_CL,
  FLOWSPEC_GS,
  hex,
  HOP,
  message,
  object,
  SESSION,
  STYLE,
  TEMPLATE,
  TIME,
  TSPEC,
} from "./wire_samples.ts";

interface Exports {
  sum(pointer: number, length: number): number;
  shortSum(pointer: number, length: number): number;
  field(pointer: number, length: number): number;
  viewBytes(): number;
  parseMessage(message: number, available: number, view: number): number;
  parseCall(objects: number, length: number, type: number, style: number, view: number): number;
  describeView(view: number, out: number): void;
  build(out: number, family: number, address: number, addresses: number): number;
  finish(message: number, length: number): number;
  descriptors(view: number, scratch: number, out: number): number;
}
const { exports: wire, bytes } = await entryInstance<Exports>("wire_entry.ts");

const MESSAGE = 0x4000;
const VIEW = 0x2000;
const OUT = 0x3000;

const FIELDS = [
  "rejectStatus",
  "rejected",
  "errorOffset",
  "errorClass",
  "errorCType",
  "unreadable",
  "style",
  "flowspecCount",
  "filterCount",
  "forwardedCount",
  "lastForwarded",
  "family",
  "policyDataCount",
  "session",
  "hop",
  "senderTemplate",
  "resvConfirm",
] as const;
type Seen = Record<typeof FIELDS[number], number> & { status: number };

function view(status: number): Seen {
  wire.describeView(VIEW, OUT);
  const words = new Uint32Array(bytes().slice(OUT, OUT + FIELDS.length * 4).buffer);
  return { status, ...Object.fromEntries(FIELDS.map((name, i) => [name, words[i]])) } as Seen;
}

function parse(packet: Uint8Array, available = packet.length): Seen {
  // Leftovers of an earlier message must not matter: what lies around this one is filled with noise.
  bytes().fill(0xa5, MESSAGE, MESSAGE + 70000 > bytes().length ? bytes().length : MESSAGE + 40000);
  bytes().set(packet, MESSAGE);
  return view(wire.parseMessage(MESSAGE, available, VIEW));
}

function descriptors(): number[][] {
  const count = wire.descriptors(VIEW, OUT, OUT + 256);
  const words = new Uint32Array(bytes().slice(OUT + 256, OUT + 256 + count * 12).buffer);
  return Array.from({ length: count }, (_, i) => [...words.slice(i * 3, i * 3 + 3)]);
}

const PATH = [SESSION, HOP, TIME, TEMPLATE, TSPEC, ADSPEC];
const RESV = [SESSION, HOP, TIME, STYLE.FF, FLOWSPEC_CL, FILTER];

function reference(data: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < data.length; i += 2) sum += data[i] + ((data[i + 1] ?? 0) << 8);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}

Deno.test("the checksum of any run at any alignment equals the plain one, whatever lies around it", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 2000 }), fc.nat(31), (data, shift) => {
    bytes().fill(0xff, 0x8000, 0x9000);
    bytes().set(data, 0x8000 + shift);
    assertEquals(wire.sum(0x8000 + shift, data.length), reference(data));
    assertEquals(wire.shortSum(0x8000 + shift, data.length), reference(data));
  }));
});

Deno.test("the checksum of the longest datagram does not overflow", () => {
  bytes().fill(0xff, 0x4000, 0xfff0);
  assertEquals(wire.sum(0x4000, 0xbff0), 0xffff);
  assertEquals(wire.sum(bytes().length - 40, 40), reference(bytes().slice(-40)));
});

Deno.test("a computed checksum of zero is sent as 0xFFFF", () => {
  bytes().fill(0, 0x8000, 0x8010);
  bytes().fill(0xff, 0x8000, 0x8002);
  assertEquals(wire.field(0x8000, 16), 0xffff);
  bytes().fill(0, 0x8000, 0x8002);
  assertEquals(wire.field(0x8000, 16), 0xffff);
});

Deno.test("a Path and a Resv of the worked examples are accepted whole", () => {
  const path = parse(message(1, PATH));
  assertEquals([path.status, path.rejectStatus, path.family], [STATUS.OK, 0, 4]);
  assertEquals([path.session, path.hop, path.senderTemplate], [8, 20, 40]);
  const resv = parse(message(2, RESV));
  assertEquals([resv.status, resv.rejectStatus, resv.style, resv.filterCount], [STATUS.OK, 0, 0x0a, 1]);
});

Deno.test("objects are accepted in any order where no order is asked for, and NULL objects anywhere", () => {
  const null8 = object(0, 77, "deadbeef");
  assertEquals(parse(message(1, [TSPEC, null8, TIME, TEMPLATE, HOP, ADSPEC, SESSION, null8])).status, STATUS.OK);
  assertEquals(
    parse(message(2, [HOP, null8, TIME, SESSION, STYLE.FF, null8, FLOWSPEC_CL, null8, FILTER])).status,
    STATUS.OK,
  );
});

Deno.test("a broken header is told by its own status", () => {
  const good = message(1, PATH);
  const broken = (at: number, value: number) => {
    const copy = good.slice();
    copy[at] = value;
    return parse(copy).status;
  };
  assertEquals(parse(good.slice(0, 7)).status, STATUS.TRUNCATED);
  assertEquals(broken(0, 0x20), STATUS.BAD_VERSION);
  assertEquals(broken(2, good[2] ^ 1), STATUS.BAD_CHECKSUM);
  assertEquals(broken(20, good[20] ^ 0x80), STATUS.BAD_CHECKSUM);
  assertEquals(parse(good, good.length + 4).status, STATUS.BAD_LENGTH);
  assertEquals(parse(good, good.length - 4).status, STATUS.BAD_LENGTH);
  assertEquals(parse(message(0, PATH)).status, STATUS.UNKNOWN_MESSAGE);
  assertEquals(parse(message(20, PATH)).status, STATUS.UNKNOWN_MESSAGE);
  const unsummed = good.slice();
  unsummed.fill(0, 2, 4);
  assertEquals(parse(unsummed).status, STATUS.OK);
});

Deno.test("an object of length 0, 2, 5 or past the end ends the parse at its place", () => {
  for (
    const [length, status] of [[0, STATUS.OBJECT_LENGTH], [2, STATUS.OBJECT_LENGTH], [5, STATUS.OBJECT_LENGTH], [
      400,
      STATUS.OBJECT_OVERRUN,
    ]]
  ) {
    const hop = HOP.slice();
    hop[0] = length >> 8;
    hop[1] = length & 255;
    const seen = parse(message(1, [SESSION, hop, TIME, TEMPLATE, TSPEC]));
    assertEquals([seen.status, seen.errorOffset, seen.errorClass], [status, 20, 3]);
  }
});

Deno.test("each required object is missed by name", () => {
  const grammar: [number, Uint8Array[], number[]][] = [
    [1, PATH, [1, 3, 5, 11, 12]],
    [2, [SESSION, HOP, TIME, STYLE.WF, FLOWSPEC_CL], [1, 3, 5]],
    [6, [SESSION, HOP, STYLE.WF], [1, 3, 8]],
    [5, [SESSION, HOP, TEMPLATE], [1, 3, 11]],
  ];
  for (const [type, objects, required] of grammar) {
    assertEquals(parse(message(type, objects)).status, STATUS.OK);
    for (const missing of required) {
      const seen = parse(message(type, objects.filter((o) => o[2] !== missing)));
      assertEquals([seen.status, seen.errorClass], [STATUS.MISSING_OBJECT, missing]);
    }
  }
});

Deno.test("duplicates, wrong sizes, zero addresses and mixed families are refused", () => {
  assertEquals(parse(message(1, [...PATH, TIME])).status, STATUS.DUPLICATE_OBJECT);
  assertEquals(parse(message(1, [object(1, 1, "c0000214"), ...PATH.slice(1)])).status, STATUS.OBJECT_SIZE);
  assertEquals(parse(message(1, [object(1, 1, "000000001100138c"), ...PATH.slice(1)])).status, STATUS.BAD_VALUE);
  assertEquals(parse(message(1, [object(1, 1, "c00002140000138c"), ...PATH.slice(1)])).status, STATUS.BAD_VALUE);
  assertEquals(
    parse(message(1, [SESSION, HOP, TIME, object(11, 1, "0000000000000fa0"), TSPEC])).status,
    STATUS.BAD_VALUE,
  );
  const hop6 = object(3, 2, "fe80000000000000000000000000000100000007");
  assertEquals(parse(message(1, [SESSION, hop6, TIME, TEMPLATE, TSPEC])).status, STATUS.MIXED_FAMILIES);
});

Deno.test("INTEGRITY stands first or nowhere", () => {
  const integrity = object(4, 1, "0000" + "0a0001010001" + "e9a1b2c300000001" + "de743b97bda52f7900cc216613a70a9d");
  assertEquals(parse(message(1, [integrity, ...PATH])).status, STATUS.OK);
  assertEquals(parse(message(1, [SESSION, integrity, ...PATH.slice(1)])).status, STATUS.OBJECT_ORDER);
});

Deno.test("nothing known but flow descriptors follows STYLE, and none stands before it", () => {
  assertEquals(parse(message(2, [SESSION, HOP, STYLE.WF, FLOWSPEC_CL, TIME])).status, STATUS.OBJECT_ORDER);
  assertEquals(parse(message(2, [SESSION, HOP, TIME, FLOWSPEC_CL, STYLE.WF])).status, STATUS.OBJECT_ORDER);
});

Deno.test("unknown classes are rejected, ignored or kept for forwarding by their two high bits", () => {
  const seen = parse(message(1, [...PATH, object(0x7b, 1, "")]));
  assertEquals([seen.status, seen.rejectStatus, seen.rejected], [
    STATUS.OK,
    STATUS.UNKNOWN_CLASS,
    8 + 12 + 12 + 8 + 12 + 36 + 84,
  ]);
  const ignored = parse(message(1, [...PATH, object(0xa0, 1, "01020304")]));
  assertEquals([ignored.status, ignored.rejectStatus, ignored.forwardedCount], [STATUS.OK, 0, 0]);
  const kept = parse(message(1, [object(0xe5, 1, "01020304"), ...PATH, object(0xff, 9, "")]));
  assertEquals([kept.status, kept.rejectStatus, kept.forwardedCount, kept.lastForwarded], [
    STATUS.OK,
    0,
    2,
    8 + 8 + 164,
  ]);
  const many = Array.from({ length: 17 }, () => object(0xe5, 1, ""));
  assertEquals(parse(message(1, [...PATH, ...many])).status, STATUS.TOO_MANY_OBJECTS);
  assertEquals(parse(message(1, [object(2, 1, ""), ...PATH])).rejectStatus, STATUS.UNKNOWN_CLASS);
});

Deno.test("an unknown C-Type of a known class is rejected in Path and Resv, and only marked where it is quoted", () => {
  const tspec = object(12, 9, "00000000");
  const path = parse(message(1, [SESSION, HOP, TIME, TEMPLATE, tspec]));
  assertEquals([path.status, path.rejectStatus, path.rejected], [STATUS.OK, STATUS.UNKNOWN_CTYPE, 52]);
  const quoted = parse(message(3, [SESSION, object(6, 1, "0a000101000e0c09"), TEMPLATE, tspec]));
  assertEquals([quoted.status, quoted.rejectStatus, quoted.unreadable], [STATUS.OK, 0, 1 << 12]);
  const lsp = parse(
    message(1, [object(1, 7, "c0000214000000010a000001"), HOP, TIME, object(11, 7, "c000020a00000001"), TSPEC]),
  );
  assertEquals([lsp.status, lsp.rejectStatus, lsp.session], [STATUS.OK, STATUS.UNKNOWN_CTYPE, 8]);
  assertEquals(parse(message(2, [SESSION, HOP, TIME, STYLE.WF, object(9, 1, "")])).rejectStatus, STATUS.UNKNOWN_CTYPE);
});

Deno.test("GPI and flow label forms are understood", () => {
  const gpi = parse(
    message(1, [object(1, 3, "c00002143200138c"), HOP, TIME, object(11, 4, "c000020a00001234"), TSPEC]),
  );
  assertEquals([gpi.status, gpi.rejectStatus], [STATUS.OK, 0]);
});

Deno.test("the flow descriptor list is held to its style", () => {
  const list = (style: Uint8Array, ...objects: Uint8Array[]) =>
    parse(message(2, [SESSION, HOP, TIME, style, ...objects])).status;
  const [F, S, bad] = [FLOWSPEC_CL, FILTER, STATUS.FLOW_DESCRIPTOR];
  assertEquals([list(STYLE.WF, F), list(STYLE.WF, F, S), list(STYLE.WF, F, F), list(STYLE.WF)], [0, bad, bad, bad]);
  assertEquals([list(STYLE.FF, F, S), list(STYLE.FF, F, S, S, F, S), list(STYLE.FF, F, S, F)], [0, 0, bad]);
  assertEquals([list(STYLE.FF, S, F, S), list(STYLE.FF, F, F, S), list(STYLE.FF)], [bad, bad, bad]);
  assertEquals([list(STYLE.SE, F, S, S), list(STYLE.SE, F), list(STYLE.SE, F, S, F), list(STYLE.SE, S)], [
    0,
    bad,
    bad,
    bad,
  ]);
});

Deno.test("a ResvErr has one flow descriptor or none, a ResvTear may leave its FLOWSPECs out", () => {
  const error = object(6, 1, "0a00010101010002");
  const resvErr = (...objects: Uint8Array[]) => parse(message(4, [SESSION, HOP, error, ...objects])).status;
  const tear = (...objects: Uint8Array[]) => parse(message(6, [SESSION, HOP, ...objects])).status;
  const [F, S, bad] = [FLOWSPEC_CL, FILTER, STATUS.FLOW_DESCRIPTOR];
  assertEquals([resvErr(STYLE.FF), resvErr(STYLE.FF, F, S), resvErr(STYLE.FF, S), resvErr(STYLE.FF, F, S, S)], [
    0,
    0,
    0,
    bad,
  ]);
  assertEquals([resvErr(STYLE.SE, F, S, S), resvErr(STYLE.SE, F), resvErr(STYLE.WF, F), resvErr(STYLE.WF, F, S)], [
    0,
    bad,
    0,
    bad,
  ]);
  assertEquals(resvErr(object(8, 1, "0000001f")), 0);
  assertEquals([tear(STYLE.FF, S, S), tear(STYLE.FF, F, S), tear(STYLE.FF), tear(STYLE.WF), tear(STYLE.WF, S)], [
    0,
    0,
    bad,
    0,
    bad,
  ]);
  assertEquals([tear(STYLE.SE, S), tear(STYLE.SE, F, S), tear(STYLE.WF, F)], [0, 0, 0]);
});

Deno.test("an unknown style rejects a Resv but does not end the parse", () => {
  const seen = parse(message(2, [SESSION, HOP, TIME, object(8, 1, "0000001f"), FLOWSPEC_CL, FILTER]));
  assertEquals([seen.status, seen.rejectStatus, seen.style], [STATUS.OK, STATUS.UNKNOWN_STYLE, 0]);
});

Deno.test("flow descriptors are walked request by request, FF inheriting its FLOWSPEC", () => {
  parse(message(2, [SESSION, HOP, TIME, STYLE.FF, FLOWSPEC_CL, FILTER, FILTER, FLOWSPEC_GS, FILTER]));
  const first = 8 + 12 + 12 + 8 + 8;
  assertEquals(descriptors(), [[first, first + 36, 1], [first, first + 48, 1], [first + 60, first + 108, 1]]);
  parse(message(2, [SESSION, HOP, TIME, STYLE.SE, FLOWSPEC_CL, FILTER, FILTER]));
  assertEquals(descriptors(), [[first, first + 36, 2]]);
  parse(message(2, [SESSION, HOP, TIME, STYLE.WF, FLOWSPEC_CL]));
  assertEquals(descriptors(), [[first, 0, 0]]);
});

Deno.test("broken Int-Serv structure rejects a Path or Resv and is only marked in a tear", () => {
  const cut = (o: Uint8Array, at: number, value: number) => {
    const copy = o.slice();
    copy[at] = value;
    return copy;
  };
  for (const [at, value] of [[4, 0x10], [7, 8], [8, 2], [11, 7], [12, 126], [15, 6]]) {
    const seen = parse(message(1, [SESSION, HOP, TIME, TEMPLATE, cut(TSPEC, at, value)]));
    assertEquals(
      [seen.status, seen.rejectStatus, seen.unreadable],
      [STATUS.OK, STATUS.OBJECT_CONTENT, 1 << 12],
      `byte ${at}`,
    );
  }
  for (const [at, value] of [[4, 0x10], [7, 18], [8, 2], [11, 9], [15, 2], [15, 0], [47, 2]]) {
    const seen = parse(message(1, [...PATH.slice(0, 5), cut(ADSPEC, at, value)]));
    assertEquals(
      [seen.status, seen.rejectStatus, seen.unreadable],
      [STATUS.OK, STATUS.OBJECT_CONTENT, 1 << 13],
      `byte ${at}`,
    );
  }
  const tear = parse(message(5, [SESSION, HOP, TEMPLATE, cut(TSPEC, 4, 0x10)]));
  assertEquals([tear.status, tear.rejectStatus], [STATUS.OK, 0]);
});

Deno.test("an application's calls are checked by the same walk", () => {
  const call = (type: number, style: number, ...objects: Uint8Array[]) => {
    const all = new Uint8Array(objects.flatMap((o) => [...o]));
    bytes().set(all, MESSAGE);
    return wire.parseCall(MESSAGE, all.length, type, style, VIEW);
  };
  assertEquals(call(8, 0, SESSION), STATUS.OK);
  assertEquals(call(9, 0, TEMPLATE, TSPEC, ADSPEC), STATUS.OK);
  assertEquals(call(9, 0, TEMPLATE), STATUS.MISSING_OBJECT);
  assertEquals(call(10, 0x0a, object(15, 1, "c0000214"), FLOWSPEC_CL, FILTER, FILTER), STATUS.OK);
  assertEquals(call(10, 0x11, FLOWSPEC_CL, FILTER), STATUS.FLOW_DESCRIPTOR);
  assertEquals(call(10, 9, FLOWSPEC_CL), STATUS.UNKNOWN_STYLE);
});

Deno.test("no change of a few bytes makes the parser accept pointers outside the message", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(1, 2, 3, 4, 5, 6, 7),
      fc.boolean(),
      fc.array(fc.tuple(fc.nat(171), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      (type, path, changes) => {
        const packet = message(type, path ? PATH : RESV);
        for (const [at, value] of changes) if (at < packet.length && at >= 8) packet[at] = value;
        packet.fill(0, 2, 4);
        // At the end of memory, where reading beyond the message traps.
        bytes().set(packet, bytes().length - packet.length);
        wire.parseMessage(bytes().length - packet.length, packet.length, VIEW);
        const seen = parse(packet);
        assert(seen.errorOffset <= packet.length);
        assert(seen.status in { ...Object.fromEntries(Object.values(STATUS).map((code) => [code, 1])) });
        for (const name of ["rejected", "session", "hop", "senderTemplate", "resvConfirm", "lastForwarded"] as const) {
          assert(seen[name] < packet.length, name);
        }
        if (seen.status === STATUS.OK && type !== 1 && seen.style) {
          for (const [flowspec, filter] of descriptors()) assert(flowspec < packet.length && filter < packet.length);
        }
      },
    ),
    { numRuns: 2000 },
  );
});

Deno.test("the builder's objects are those of RFC 2205 appendix A, byte by byte", () => {
  for (const [family, ctype, address] of [[4, 1, "c0000214"], [6, 2, "20010db8000000000000000000000014"]] as const) {
    const addresses = address + address;
    bytes().set(hex(addresses), 0x8000);
    const length = wire.build(MESSAGE, family, 0x8000, 0x8000);
    const expected = message(2, [
      object(1, ctype, address + "1101138c"),
      object(3, ctype, address + "00000007"),
      object(5, 1, "00007530"),
      object(6, ctype, address + "010d1701"),
      object(15, ctype, address),
      object(7, ctype, addresses),
      object(8, 1, "0000000a"),
      object(10, ctype, address + "00000fa0"),
      object(11, ctype, address + "00000fa1"),
      object(11, ctype, address + "00000fa0"),
      object(1, ctype, address + "1101138c"),
    ]);
    assertEquals(bytes().slice(MESSAGE, MESSAGE + length), expected);
  }
});

Deno.test("a message longer than its length field can say is refused", () => {
  assertEquals(wire.finish(0, 65532), 65532);
  assertEquals(wire.finish(0, 65536), 0);
});
