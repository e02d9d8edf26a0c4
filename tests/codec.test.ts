/** The codec on whole messages, with the stand-in checker. */
import fc from "fast-check";
import { Codec, type Message, type MessageInput, ResvDecodeError, ResvEncodeError } from "../host/codec.ts";
import { assert, assertEquals, assertThrows } from "./assert.ts";
import { StandInChecker } from "./codec_checker.ts";
import { bytesOf, hexOf, PATH, PATH_WITH_ADSPEC, randomMessage, RESV } from "./codec_vectors.ts";

const codec = new Codec(new StandInChecker());
const decode = (hex: string) => codec.decode(bytesOf(hex));

Deno.test("a Path decodes to plain values with addresses as text and units in the names", () => {
  const message = decode(PATH);
  assertEquals(message.message, "Path");
  assertEquals(message.checksum, "ok");
  assertEquals(message.sendTtl, 63);
  assertEquals(message.objects[0], {
    name: "SESSION",
    class: 1,
    ctype: 1,
    form: "IPv4",
    offset: 8,
    length: 12,
    destinationAddress: "192.0.2.20",
    protocolId: 17,
    flags: 0,
    destinationPort: 5004,
  });
  assertEquals(message.objects[4], {
    name: "SENDER_TSPEC",
    class: 12,
    ctype: 2,
    form: "IntServ",
    offset: 52,
    length: 36,
    service: 1,
    tokenBucketRateBytesPerSecond: 12500,
    tokenBucketSizeBytes: 3000,
    peakRateBytesPerSecond: 25000,
    minimumPolicedUnitBytes: 64,
    maximumPacketSizeBytes: 1500,
  });
});

Deno.test("types narrow by name and C-Type", () => {
  for (const object of decode(RESV).objects) {
    if (object.name !== "FLOWSPEC" || object.malformed !== undefined || object.ctype !== 2) continue;
    if (object.service === 5) {
      const rate: number | string = object.tokenBucketRateBytesPerSecond;
      assertEquals(rate, 12500);
      return;
    }
  }
  assert(false, "no controlled-load FLOWSPEC was found");
});

Deno.test("an ADSPEC keeps services and parameters nested", () => {
  const adspec = decode(PATH_WITH_ADSPEC).objects[5];
  assert(adspec.name === "ADSPEC" && adspec.malformed === undefined);
  const [general, guaranteed, controlled] = adspec.services;
  assert(general.name === "GENERAL" && general.malformed === undefined);
  assertEquals(general.parameters.map((parameter) => parameter.name), [
    "NUMBER_OF_IS_HOPS",
    "AVAILABLE_PATH_BANDWIDTH",
    "MINIMUM_PATH_LATENCY",
    "PATH_MTU",
  ]);
  assert(guaranteed.name === "GUARANTEED" && guaranteed.malformed === undefined);
  assertEquals(guaranteed.parameters[0], { name: "C_TOTAL", type: 133, errorTermBytes: 4500 });
  assertEquals(controlled, { name: "CONTROLLED_LOAD", type: 5, breakBit: 0, parameters: [] });
});

Deno.test("a decoded message is a plain value that JSON and structuredClone keep whole", () => {
  const message = decode(PATH_WITH_ADSPEC);
  assertEquals(JSON.parse(JSON.stringify(message)), message);
  assertEquals(structuredClone(message), message);
});

Deno.test("a decoded message does not change when the caller reuses the buffer", () => {
  const bytes = bytesOf(PATH);
  const [message, outline] = [codec.decode(bytes), codec.peek(bytes)];
  bytes.fill(0xff);
  for (let round = 0; round < 2000; round++) codec.peek(bytesOf(RESV));
  assertEquals(message, decode(PATH));
  assertEquals(outline.toMessage(), decode(PATH));
  assertEquals(hexOf(outline.bytes()), PATH);
});

Deno.test("an outline has header and object list, and reads objects when asked", () => {
  const message = decode(PATH);
  const outline = codec.peek(bytesOf(PATH));
  assertEquals([outline.message, outline.sendTtl, outline.checksum, outline.length, outline.count], [
    "Path",
    63,
    "ok",
    88,
    5,
  ]);
  assertEquals(
    outline.list(),
    message.objects.map(({ class: number, ctype, offset, length }) => ({ class: number, ctype, offset, length })),
  );
  assertEquals([outline.classAt(3), outline.ctypeAt(3), outline.offsetAt(3), outline.lengthAt(3)], [11, 1, 40, 12]);
  assertEquals(outline.objectAt(3), message.objects[3]);
  assertEquals(outline.objects, message.objects);
  assert(outline.objects === outline.objects, "objects are made once");
  assertEquals(JSON.parse(JSON.stringify(codec.peek(bytesOf(PATH)))), message);
  assertThrows(() => outline.classAt(5), RangeError);
  assertThrows(() => outline.objectAt(-1), RangeError);
});

Deno.test("messages encode to their own bytes, from values and from JSON", () => {
  for (const hex of [PATH, RESV, PATH_WITH_ADSPEC]) {
    assertEquals(hexOf(codec.encode(decode(hex))), hex);
    assertEquals(hexOf(codec.encode(JSON.parse(JSON.stringify(decode(hex))))), hex);
  }
});

Deno.test("a message is encoded from names and values alone, with length and checksum made right", () => {
  const message: MessageInput = {
    message: "Path",
    sendTtl: 63,
    objects: [
      { name: "SESSION", ctype: 1, destinationAddress: "192.0.2.20", protocolId: 17, flags: 0, destinationPort: 5004 },
      { name: "RSVP_HOP", ctype: 1, hopAddress: "10.0.1.1", logicalInterfaceHandle: 7 },
      { name: "TIME_VALUES", ctype: 1, refreshPeriodMs: 30000 },
      { name: "SENDER_TEMPLATE", ctype: 1, sourceAddress: "192.0.2.10", sourcePort: 4000 },
      {
        name: "SENDER_TSPEC",
        ctype: 2,
        service: 1,
        tokenBucketRateBytesPerSecond: 12500,
        tokenBucketSizeBytes: 3000,
        peakRateBytesPerSecond: 25000,
        minimumPolicedUnitBytes: 64,
        maximumPacketSizeBytes: 1500,
      },
    ],
  };
  assertEquals(hexOf(codec.encode(message)), PATH);
  const shuffled = { ...message, objects: [...message.objects].reverse() };
  assertEquals(hexOf(codec.encode(shuffled, { order: "rfc" })), PATH);
  assert(hexOf(codec.encode(shuffled)) !== PATH, "the given order is kept unless asked otherwise");
});

Deno.test("flow descriptors keep their order when objects are put in order", () => {
  const { objects, ...header } = decode(RESV);
  const [session, hop, times, style, flowspec, filter] = objects;
  const mixed = [style, flowspec, filter, flowspec, filter, times, hop, session];
  const again = codec.decode(codec.encode({ ...header, objects: mixed }, { order: "rfc" }));
  assertEquals(again.objects.map((object) => object.name), [
    "SESSION",
    "RSVP_HOP",
    "TIME_VALUES",
    "STYLE",
    "FLOWSPEC",
    "FILTER_SPEC",
    "FLOWSPEC",
    "FILTER_SPEC",
  ]);
});

Deno.test("a bad checksum is told, its value kept, and it is written again unless computed", () => {
  const hex = PATH.replace("df5a", "1234");
  const message = decode(hex);
  assertEquals([message.checksum, message.checksumValue], ["bad", 0x1234]);
  assertEquals(hexOf(codec.encode(message)), hex);
  assertEquals(hexOf(codec.encode({ ...message, checksum: "ok" })), PATH);
  assertEquals(decode(PATH.replace("df5a", "0000")).checksum, "none");
});

Deno.test("raw encoding keeps lengths that are wrong on purpose", () => {
  const message = decode(PATH);
  const objects = message.objects.map((object, index) => index === 0 ? { ...object, length: 13 } : object);
  const bytes = codec.encode({ ...message, length: 77, objects, checksumValue: 0xbeef }, { raw: true });
  const view = new DataView(bytes.buffer);
  assertEquals([bytes.length, view.getUint16(6), view.getUint16(8), view.getUint16(2)], [88, 77, 13, 0xbeef]);
});

Deno.test("broken framing is a typed error with status, object and offset, or a result", () => {
  const cut = bytesOf(PATH).slice(0, 60);
  cut[7] = 60;
  const error = assertThrows(() => codec.decode(cut), ResvDecodeError) as ResvDecodeError;
  assertEquals([error.status, error.offset, error.class, error.ctype], ["OBJECT_OVERRUN", 52, 12, 2]);
  assert(error.message.includes("SENDER_TSPEC at byte 52"), error.message);
  const result = codec.tryDecode(cut);
  assert(!result.ok && result.status === "OBJECT_OVERRUN" && result.text === error.message);
  assert(codec.tryDecode(bytesOf(PATH)).ok);
});

Deno.test("an object that is too short names the first field that is missing", () => {
  const hex = "100200000000001000080101c0000214";
  const [session] = decode(hex).objects;
  assertEquals(session, {
    name: "SESSION",
    class: 1,
    ctype: 1,
    form: "IPv4",
    offset: 8,
    length: 8,
    malformed: "protocolId at 16: needs 1 bytes, 0 are left",
    bytes: "c0000214",
  });
  assertEquals(hexOf(codec.encode(decode(hex))), hex);
});

Deno.test("values that cannot be written are refused by object and field", () => {
  const refused = (object: unknown, field: string) => {
    const message = { message: "Path", objects: [object] } as MessageInput;
    const error = assertThrows(() => codec.encode(message), ResvEncodeError) as ResvEncodeError;
    assertEquals(error.field, field);
  };
  const session = {
    name: "SESSION",
    ctype: 1,
    destinationAddress: "1.2.3.4",
    protocolId: 17,
    flags: 0,
    destinationPort: 1,
  };
  refused({ ...session, destinationPort: 65536 }, "objects[0].SESSION.destinationPort");
  refused({ ...session, destinationPort: undefined }, "objects[0].SESSION.destinationPort");
  refused({ ...session, destinationAddress: "1.2.3" }, "objects[0].SESSION.destinationAddress");
  refused({ ...session, ctype: 2 }, "objects[0].SESSION.destinationAddress");
  refused({ ...session, trailing: "0" }, "objects[0].SESSION.trailing");
  refused({ ...session, trailing: "00" }, "objects[0].SESSION");
  refused({ name: "NOT_AN_OBJECT" }, "objects[0].NOT_AN_OBJECT.class");
  refused({ name: "SESSION" }, "objects[0].SESSION.ctype");
  refused(7, "objects[0]");
  const parameter = { name: "PATH_MTU", type: 10, mtuBytes: -1 };
  refused(
    { name: "ADSPEC", ctype: 2, services: [{ name: "GENERAL", type: 1, breakBit: 0, parameters: [parameter] }] },
    "objects[0].ADSPEC.services[0].parameters[0].mtuBytes",
  );
  refused({ name: "FLOWSPEC", ctype: 2, service: 9 }, "objects[0].FLOWSPEC.services");
  assertThrows(() => codec.encode({ message: "Path" } as unknown as MessageInput), ResvEncodeError, "objects");
  assertThrows(() => codec.encode({ objects: [] }), ResvEncodeError, "message");
  assertThrows(() => codec.encode(null as unknown as MessageInput), ResvEncodeError);
  assertEquals(hexOf(codec.encode(decode(PATH))), PATH, "an error leaves nothing behind");
});

Deno.test("unknown classes, C-Types and messages keep their bytes", () => {
  const hex = "10fe0000000000180008fa07deadbeef0008010700000001";
  const message = decode(hex);
  assertEquals([message.message, message.type], ["UNKNOWN", 254]);
  assertEquals(message.objects[0], { name: "UNKNOWN", class: 250, ctype: 7, offset: 8, length: 8, bytes: "deadbeef" });
  assertEquals(hexOf(codec.encode(message)), hex);
});

/** A Bundle (RFC 2961 3.2) of the messages given, without a checksum. */
function bundle(...messages: string[]): string {
  const length = 8 + messages.join("").length / 2;
  return `110c00003f00${length.toString(16).padStart(4, "0")}${messages.join("")}`;
}

Deno.test("a Bundle holds its messages, each as if it had come alone", () => {
  const message = decode(bundle(PATH, RESV));
  assertEquals(message.objects, []);
  assertEquals(message.messages, [decode(PATH), decode(RESV)]);
  assertEquals(hexOf(codec.encode(JSON.parse(JSON.stringify(message)))), bundle(PATH, RESV));
  assertEquals(decode(bundle()).messages, []);
  assertEquals(codec.peek(bytesOf(bundle(PATH, RESV))).toMessage(), message);
});

Deno.test("a broken message in a Bundle is kept as bytes, and what follows it is read", () => {
  const broken = PATH.slice(0, 16) + "000301" + PATH.slice(22);
  const [first, second] = decode(bundle(broken, RESV)).messages ?? [];
  assert(first !== undefined && "bytes" in first && first.error !== undefined);
  const { text, ...error } = first.error;
  assertEquals([first.message, first.type, first.bytes, first.malformed], ["Path", 1, broken, undefined]);
  assertEquals(error, { status: "OBJECT_LENGTH", rfc: "RFC 2205 3.1.2", class: 1, ctype: 1, offset: 8 });
  assert(text.endsWith("class 1 C-Type 1 SESSION at byte 8"), text);
  assertEquals(second, decode(RESV));
  for (
    const hex of [
      bundle(broken, RESV),
      bundle(PATH, "1001000040000007"),
      bundle(PATH, "10010000"),
      bundle(bundle(PATH)),
    ]
  ) {
    const message = decode(hex);
    assert(message.messages?.some((each) => "bytes" in each), hex);
    assertEquals(hexOf(codec.encode(JSON.parse(JSON.stringify(message)))), hex);
  }
});

Deno.test("every message of any objects encodes to its own bytes, from JSON too", () => {
  fc.assert(
    fc.property(randomMessage, (bytes) => {
      const message: Message = codec.decode(bytes);
      assertEquals(hexOf(codec.encode(message)), hexOf(bytes));
      assertEquals(hexOf(codec.encode(JSON.parse(JSON.stringify(message)))), hexOf(bytes));
    }),
    { numRuns: 2000 },
  );
});
