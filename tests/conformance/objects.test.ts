/** The objects of RFC 2205 appendix A as bytes; the worked examples 9.1 to 9.4. */
import { assertEquals } from "../assert.ts";
import { decode, encode } from "../../host/default_codec.ts";
import { decodeObjects, encodeObjects, type ObjectInput } from "../../host/object_list.ts";

const bytes = (object: ObjectInput) => encodeObjects([object]).toHex();
/** Encodes to these bytes, and they decode to the same fields. */
function golden(object: ObjectInput, hex: string) {
  assertEquals(bytes(object), hex);
  const [decoded] = decodeObjects(Uint8Array.fromHex(hex));
  for (const [field, value] of Object.entries(object)) {
    assertEquals((decoded as unknown as Record<string, unknown>)[field], value, field);
  }
}
const V6 = "20010db8000000000000000000000014";
const bucket = {
  tokenBucketRateBytesPerSecond: 12500,
  tokenBucketSizeBytes: 3000,
  peakRateBytesPerSecond: 25000,
  minimumPolicedUnitBytes: 64,
  maximumPacketSizeBytes: 1500,
};

Deno.test("[2205-A.1-01] [2205-A.1-02] SESSION", () => {
  const rest = { name: "SESSION" as const, protocolId: 17, flags: 1, destinationPort: 5004 };
  golden({ ...rest, ctype: 1, destinationAddress: "192.0.2.20" }, "000c0101c00002141101138c");
  golden({ ...rest, ctype: 2, destinationAddress: "2001:db8::14" }, `00180102${V6}1101138c`);
});

Deno.test("[2205-A.2-01] RSVP_HOP", () => {
  const rest = { name: "RSVP_HOP" as const, logicalInterfaceHandle: 7 };
  golden({ ...rest, ctype: 1, hopAddress: "10.0.1.1" }, "000c03010a00010100000007");
  golden({ ...rest, ctype: 2, hopAddress: "2001:db8::14" }, `00180302${V6}00000007`);
});

Deno.test("[2205-A.4-01] TIME_VALUES", () => {
  golden({ name: "TIME_VALUES", ctype: 1, refreshPeriodMs: 30_000 }, "0008050100007530");
});

Deno.test("[2205-A.5-01] ERROR_SPEC", () => {
  const rest = { name: "ERROR_SPEC" as const, flags: 1, errorCode: 1, errorValue: 2 };
  golden({ ...rest, ctype: 1, errorNodeAddress: "10.0.1.2" }, "000c06010a00010201010002");
  golden({ ...rest, ctype: 2, errorNodeAddress: "2001:db8::14" }, `00180602${V6}01010002`);
});

Deno.test("[2205-A.7-01] STYLE", () => {
  for (const [vector, hex] of [[0x11, "00000011"], [0x0a, "0000000a"], [0x12, "00000012"]] as const) {
    golden({ name: "STYLE", ctype: 1, optionVector: vector }, `00080801${hex}`);
  }
});

Deno.test("[2205-A.9-01] [2205-A.10-01] FILTER_SPEC and SENDER_TEMPLATE have one layout", () => {
  for (const [name, number] of [["FILTER_SPEC", "0a"], ["SENDER_TEMPLATE", "0b"]] as const) {
    golden({ name, ctype: 1, sourceAddress: "192.0.2.10", sourcePort: 4000 }, `000c${number}01c000020a00000fa0`);
    golden({ name, ctype: 2, sourceAddress: "2001:db8::14", sourcePort: 4000 }, `0018${number}02${V6}00000fa0`);
    golden({ name, ctype: 3, sourceAddress: "2001:db8::14", flowLabel: 0xabcde }, `0018${number}03${V6}000abcde`);
  }
});

Deno.test("[2205-A.11-01] [2210-3.1-01] SENDER_TSPEC", () => {
  const hex = "00240c0200000007010000067f00000546435000453b800046c3500000000040000005dc";
  golden({ name: "SENDER_TSPEC", ctype: 2, service: 1, ...bucket }, hex);
});

Deno.test("[2210-3.1-02] An unknown peak rate is infinite", () => {
  const unknown = { ...bucket, peakRateBytesPerSecond: "Infinity" };
  const hex = "00240c0200000007010000067f00000546435000453b80007f80000000000040000005dc";
  golden({ name: "SENDER_TSPEC", ctype: 2, service: 1, ...unknown }, hex);
});

Deno.test("[2205-A.8-01] [2210-3.2.1-01] [2210-3.2.2-01] [2210-A1.3-01] FLOWSPEC, controlled load and guaranteed", () => {
  const controlled = "0024090200000007050000067f00000546435000453b800046c3500000000040000005dc";
  golden({ name: "FLOWSPEC", ctype: 2, service: 5, ...bucket }, controlled);
  const guaranteed = "003009020000000a020000097f00000546435000453b800046c3500000000040000005dc82000002469c400000001388";
  golden({
    name: "FLOWSPEC",
    ctype: 2,
    service: 2,
    ...bucket,
    rateBytesPerSecond: 20_000,
    slackTermMicroseconds: 5_000,
  }, guaranteed);
});

Deno.test("[2205-A.12-01] ADSPEC of RFC 2210 section 3.3.6 is 84 bytes and comes back as it was", () => {
  const hex = "00540d0200000013010000080400000100000003060000014998968008000001000005dc0a000001000005dc" +
    "0200000885000001000011948600000100000e1087000001000011948800000100000e1005000000";
  const objects = decodeObjects(Uint8Array.fromHex(hex));
  assertEquals([objects.length, objects[0].name, objects[0].length], [1, "ADSPEC", 84]);
  assertEquals(encodeObjects(objects).toHex(), hex);
});

Deno.test("[2205-A.14-01] RESV_CONFIRM", () => {
  golden({ name: "RESV_CONFIRM", ctype: 1, receiverAddress: "192.0.2.20" }, "00080f01c0000214");
  golden({ name: "RESV_CONFIRM", ctype: 2, receiverAddress: "2001:db8::14" }, `00140f02${V6}`);
});

Deno.test("[2205-3.1.2-03] Every class of RFC 2205 is known", () => {
  const vectors = ["00040000", "000c0101c00002141100138c", "000c03010a00010100000007", "0008050100007530"];
  vectors.push("000c06010a00010201010002", "00080701c000020a", "000808010000000a", "000c0a01c000020a00000fa0");
  vectors.push(
    "000c0b01c000020a00000fa0",
    "00080f01c0000214",
    "0024040100000a0001010001e9a1b2c300000001" + "00".repeat(16),
  );
  vectors.push("00140e01000800000008006500000000");
  const names = vectors.flatMap((hex) =>
    decodeObjects(Uint8Array.fromHex(hex.padEnd(2 * parseInt(hex.slice(0, 4), 16), "0")))
  ).map((object) => object.name);
  assertEquals(names, [
    "NULL",
    "SESSION",
    "RSVP_HOP",
    "TIME_VALUES",
    "ERROR_SPEC",
    "SCOPE",
    "STYLE",
    "FILTER_SPEC",
    "SENDER_TEMPLATE",
    "RESV_CONFIRM",
    "INTEGRITY",
    "POLICY_DATA",
  ]);
});

Deno.test("[2205-3.1-01] Worked examples 9.1 and 9.2: a whole Path and a whole Resv, byte for byte", () => {
  for (
    const hex of [
      "1001df5a3f000058000c0101c00002141100138c000c03010a000101000000070008050100007530000c0b01c000020a00000fa0" +
      "00240c0200000007010000067f00000546435000453b800046c3500000000040000005dc",
      "1002d63d40000060000c0101c00002141100138c000c03010a000102000000070008050100007530000808010000000a" +
      "0024090200000007050000067f00000546435000453b800046c3500000000040000005dc000c0a01c000020a00000fa0",
    ]
  ) {
    const message = decode(Uint8Array.fromHex(hex));
    assertEquals([message.checksum, message.problems], ["ok", undefined]);
    assertEquals(encode(message).toHex(), hex);
    const reversed = { ...message, objects: [...message.objects].reverse() };
    if (message.message === "Path") assertEquals(encode(reversed, { order: "rfc" }).toHex(), hex);
  }
});
