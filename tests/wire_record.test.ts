import fc from "fast-check";
import { STATUS } from "../host/boundary.gen.ts";
import { assert, assertEquals } from "./assert.ts";
import { ipv4, ipv6 } from "./capture_samples.ts";
import { bytes, codec, engine, MESSAGE } from "./wire_codec.ts";
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

const RECORD = engine.room(engine.recordBytes());
const OUT = engine.room(256);
const FIELDS = [
  ["source", "destination", "type", "ttl", "sendTtl", "seen", "sessionAddress", "protocol", "sessionFlags"],
  ["destinationPort", "hopAddress", "logicalInterfaceHandle", "errorNode", "errorFlags", "errorCode", "errorValue"],
  ["refreshPeriodMs", "resvConfirm", "styleVector", "senderCount", "senderAddress", "senderPort"],
  ["rate", "bucketSize", "peakRate", "minimumPolicedUnit", "maximumPacketSize"],
  ["service", "adspecBreak", "adspecServices"],
  ["flowRate", "flowBucketSize", "flowPeakRate", "flowMinimumPolicedUnit", "flowMaximumPacketSize", "unused"],
  ["guaranteedRate", "slackTerm", "hops", "bandwidth", "latency", "mtu", "cTotal", "dTotal", "cSum", "dSum"],
].flat();

function decodePacket(packet: Uint8Array): { status: number; fields: Record<string, number> } {
  bytes().set(packet, MESSAGE);
  const status = engine.decodeRecord(MESSAGE, packet.length, RECORD);
  engine.describeRecord(RECORD, OUT);
  const words = new Uint32Array(bytes().slice(OUT, OUT + 4 * FIELDS.length).buffer);
  return { status, fields: Object.fromEntries(FIELDS.map((name, index) => [name, words[index]])) };
}
const decodeObjects = (type: number, ...objects: Uint8Array[]) => decodePacket(ipv4(message(type, objects)));

const word = new DataView(new ArrayBuffer(4));
/** The bits of a rate as the codec gives it: a number, or text for what JSON would lose. */
function bitsOf(rate: unknown): number {
  const odd: Record<string, number> = { Infinity: 0x7f800000, "-Infinity": 0xff800000, "-0": 0x80000000 };
  if (typeof rate === "string") return odd[rate] ?? parseInt(rate.slice(4), 16);
  word.setFloat32(0, rate as number);
  return word.getUint32(0);
}

/** What the codec reads of an ADSPEC, by the names of the record. */
function adspecOf(packet: Uint8Array): Record<string, number> {
  const names: Record<string, string> = {
    NUMBER_OF_IS_HOPS: "hops",
    AVAILABLE_PATH_BANDWIDTH: "bandwidth",
    MINIMUM_PATH_LATENCY: "latency",
    PATH_MTU: "mtu",
    C_TOTAL: "cTotal",
    D_TOTAL: "dTotal",
    C_SUM: "cSum",
    D_SUM: "dSum",
  };
  const found: Record<string, number> = {};
  // deno-lint-ignore no-explicit-any
  const adspec = codec.decode(packet).objects.find((o) => o.name === "ADSPEC") as any;
  for (const service of adspec.services) {
    for (const { name, type: _type, ...values } of service.parameters) {
      const value = Object.values(values)[0];
      found[names[name]] = name === "AVAILABLE_PATH_BANDWIDTH" ? bitsOf(value) : value as number;
    }
  }
  return found;
}

Deno.test("a Path as a record has every field in host order", () => {
  const { status, fields } = decodeObjects(1, SESSION, HOP, TIME, TEMPLATE, TSPEC, ADSPEC);
  assertEquals(status, STATUS.OK);
  const expected = {
    source: 0xc000020a,
    destination: 0xc0000214,
    type: 1,
    ttl: 63,
    sendTtl: 63,
    sessionAddress: 0xc0000214,
    protocol: 17,
    sessionFlags: 0,
    destinationPort: 5004,
    hopAddress: 0x0a000101,
    logicalInterfaceHandle: 7,
    refreshPeriodMs: 30000,
    senderCount: 1,
    senderAddress: 0xc000020a,
    senderPort: 4000,
    rate: 0x46435000,
    bucketSize: 0x453b8000,
    peakRate: 0x46c35000,
    minimumPolicedUnit: 64,
    maximumPacketSize: 1500,
    hops: 3,
    bandwidth: 0x49989680,
    latency: 1500,
    mtu: 1500,
    cTotal: 4500,
    dTotal: 3600,
    cSum: 4500,
    dSum: 3600,
    adspecBreak: 0,
    adspecServices: 0b100110,
    seen: 1 << 1 | 1 << 3 | 1 << 5 | 1 << 11 | 1 << 12 | 1 << 13,
  };
  for (const [name, value] of Object.entries(expected)) assertEquals(fields[name], value, name);
});

Deno.test("style, confirmation, error and both services of a FLOWSPEC are read", () => {
  const error = object(6, 1, "0a00010201010002"), confirm = object(15, 1, "c0000214");
  const conf = decodeObjects(7, SESSION, error, confirm, STYLE.SE, FLOWSPEC_GS, FILTER, FILTER);
  assertEquals(conf.status, STATUS.OK);
  const { errorNode, errorFlags, errorCode, errorValue, resvConfirm, styleVector, senderCount } = conf.fields;
  assertEquals([errorNode, errorFlags, errorCode, errorValue], [0x0a000102, 1, 1, 2]);
  assertEquals([resvConfirm, styleVector, senderCount], [0xc0000214, 0x12, 2]);
  const { service, flowRate, flowMaximumPacketSize, guaranteedRate, slackTerm } = conf.fields;
  assertEquals([service, flowRate, flowMaximumPacketSize], [2, 0x46435000, 1500]);
  assertEquals([guaranteedRate, slackTerm], [0x469c4000, 5000]);
  const resv = decodeObjects(2, SESSION, HOP, TIME, STYLE.WF, FLOWSPEC_CL).fields;
  assertEquals([resv.service, resv.flowMaximumPacketSize, resv.senderCount], [5, 1500, 0]);
});

Deno.test("the ADSPEC of any shape and any values is read as the codec reads it", () => {
  const general = hex("01000008" + "0400000100000000" + "0600000100000000" + "0800000100000000" + "0a00000100000000");
  const guaranteed = hex(
    "02000008" + "8500000100000000" + "8600000100000000" + "8700000100000000" + "8800000100000000",
  );
  const load = hex("05000000");
  fc.assert(fc.property(
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    fc.boolean(),
    fc.boolean(),
    fc.nat(7),
    (values, withGuaranteed, withLoad, breaks) => {
      const parts = [
        general.slice(),
        ...(withGuaranteed ? [guaranteed.slice()] : []),
        ...(withLoad ? [load.slice()] : []),
      ];
      parts.forEach((part, index) => {
        if (part.length === 36) {
          for (let i = 0; i < 4; i++) {
            part.set(values.subarray(index * 16 + 4 * i, index * 16 + 4 * i + 4), 8 + 8 * i);
          }
        }
        part[1] = breaks >> index & 1 ? 0x80 : 0;
      });
      const body = parts.flatMap((part) => [...part]);
      const adspec = new Uint8Array([0, 8 + body.length, 13, 2, 0, 0, 0, body.length / 4, ...body]);
      const packet = message(1, [SESSION, HOP, TIME, TEMPLATE, TSPEC, adspec]);
      const { status, fields } = decodePacket(ipv4(packet));
      assertEquals(status, STATUS.OK);
      for (const [name, value] of Object.entries(adspecOf(packet))) assertEquals(fields[name], value, name);
      assertEquals(fields.adspecBreak, (breaks & (1 << parts.length) - 1) === 0 ? 0 : 1);
      assertEquals(fields.adspecServices, 2 | (withGuaranteed ? 4 : 0) | (withLoad ? 32 : 0));
    },
  ));
});

Deno.test("what is wrong with a packet is told by its status", () => {
  const path = message(1, [SESSION, HOP, TIME, TEMPLATE, TSPEC]), packet = ipv4(path);
  const change = (at: number, value: number) => {
    const copy = packet.slice();
    copy[at] = value;
    return decodePacket(copy).status;
  };
  assertEquals(decodePacket(packet.subarray(0, 27)).status, STATUS.TRUNCATED);
  assertEquals(decodePacket(packet.subarray(0, 60)).status, STATUS.BAD_LENGTH);
  assertEquals(change(8, 1), STATUS.BAD_CHECKSUM);
  assertEquals(change(40, 1), STATUS.BAD_CHECKSUM);
  assertEquals(decodePacket(ipv6(path)).status, STATUS.BAD_VERSION);
  const status = (type: number, ...objects: Uint8Array[]) => decodeObjects(type, ...objects).status;
  assertEquals(status(1, SESSION, HOP, TIME, TEMPLATE), STATUS.MISSING_OBJECT);
  assertEquals(status(20, SESSION), STATUS.UNKNOWN_MESSAGE);
  assertEquals(status(1, SESSION, HOP, object(5, 1, "")), STATUS.OBJECT_SIZE);
  assertEquals(status(1, object(1, 2, "20010db80000000000000000000000141101138c")), STATUS.UNKNOWN_CTYPE);
  assertEquals(status(6, SESSION, HOP, STYLE.FF, ...Array.from({ length: 9 }, () => FILTER)), STATUS.TOO_MANY_OBJECTS);
  const tspec = TSPEC.slice();
  tspec[12] = 126;
  assertEquals(status(1, SESSION, HOP, TIME, TEMPLATE, tspec), STATUS.OBJECT_CONTENT);
});

Deno.test("no change of a packet makes the record's decoder read or write beyond its bytes", () => {
  const packet = ipv4(message(1, [SESSION, HOP, TIME, TEMPLATE, TSPEC, ADSPEC]));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(packet.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      (changes) => {
        const copy = packet.slice();
        for (const [at, value] of changes) if (at >= 28) copy[at] = value;
        copy.fill(0, 22, 24);
        bytes().fill(0xa5, RECORD + engine.recordBytes(), RECORD + engine.recordBytes() + 64);
        // At the end of memory, where reading beyond the packet traps.
        const place = bytes().length - copy.length;
        bytes().set(copy, place);
        const status = engine.decodeRecord(place, copy.length, RECORD);
        assert(Object.values(STATUS).some((code) => code === status));
        const after = bytes().slice(RECORD + engine.recordBytes(), RECORD + engine.recordBytes() + 64);
        assert(after.every((byte) => byte === 0xa5));
      },
    ),
    { numRuns: 2000 },
  );
});
