/** Objects of the Int-Serv family's later RFCs, decoded from bytes composed by their figures, and written from values. */
import { readObject, writeObject } from "../host/objects.gen.ts";
import { Writer } from "../host/codec/write.ts";
import { assertEquals } from "./assert.ts";
import { bytesOf, hexOf } from "./codec_vectors.ts";

function decode(hex: string): Record<string, unknown> {
  const bytes = bytesOf(hex);
  const { offset: _offset, length: _length, ...fields } = readObject(
    bytes,
    new DataView(bytes.buffer),
    0,
    bytes.length,
    0,
    0,
  ) as unknown as Record<string, unknown>;
  return fields;
}

function encode(object: unknown): string {
  const w = new Writer();
  writeObject(w, object, false);
  return hexOf(w.bytes.subarray(0, w.at));
}

/** Decodes to the fields, and from the fields alone back to the bytes. */
function both(hex: string, fields: Record<string, unknown>): void {
  const bytes = hex.replace(/\s/g, "");
  assertEquals(decode(bytes), fields);
  assertEquals(encode(fields), bytes);
}

Deno.test("RFC 2207: an IPsec session has a virtual port, its sender an SPI", () => {
  both("000c0103 c0000214 32 01 2001", {
    name: "SESSION",
    class: 1,
    ctype: 3,
    form: "IPv4_GPI",
    destinationAddress: "192.0.2.20",
    protocolId: 50,
    flags: 1,
    virtualDestinationPort: 8193,
  });
  both("000c0a04 c000020a deadbeef", {
    name: "FILTER_SPEC",
    class: 10,
    ctype: 4,
    form: "IPv4_GPI",
    sourceAddress: "192.0.2.10",
    generalizedPortIdentifier: 0xdeadbeef,
  });
});

Deno.test("RFC 2745: M, R-error and K share a byte, MF ends a word, and objects stand inside", () => {
  const response = decode("00202001 00010000 0a000101 0a000201 00000000 05 a3 003c 00080801 00000012");
  assertEquals([response.distanceTtl, response.merged, response.responseError, response.refreshMultiple], [5, 1, 2, 3]);
  assertEquals(response.refreshIntervalSeconds, 60);
  assertEquals((response.objects as { name: string }[]).map((object) => object.name), ["STYLE"]);
  const diagnostic = decode("00141e01 ff 07 0001 0000002a 05dc 0200 0a000102");
  assertEquals([diagnostic.maximumRsvpHops, diagnostic.rsvpHopCount, diagnostic.moreFragments], [255, 7, 1]);
  assertEquals([diagnostic.requestId, diagnostic.pathMtuBytes, diagnostic.fragmentOffsetBytes], [42, 1500, 512]);
});

Deno.test("RFC 2746: the C-Type of NODE_CHAR and SESSION_ASSOC is ignored but kept", () => {
  for (const ctype of ["00", "01", "07"]) {
    const hex = `000880${ctype}00000001`;
    assertEquals(decode(hex).rsvpTunnelCapable, 1);
    assertEquals(encode(decode(hex)), hex);
  }
});

Deno.test("RFC 2747: INTEGRITY has a 48-bit key, a 64-bit number that JSON keeps, and a digest of any length", () => {
  both("00240401 80 00 0a0001020304 ffffffffffffffff 000102030405060708090a0b0c0d0e0f", {
    name: "INTEGRITY",
    class: 4,
    ctype: 1,
    form: "",
    flags: 128,
    keyIdentifier: "0a0001020304",
    sequenceNumber: "18446744073709551615",
    digest: "000102030405060708090a0b0c0d0e0f",
  });
  both("00140401 00 00 000000000001 0000000000000002", {
    name: "INTEGRITY",
    class: 4,
    ctype: 1,
    form: "",
    flags: 0,
    keyIdentifier: "000000000001",
    sequenceNumber: "2",
    digest: "",
  });
});

Deno.test("RFC 3181: a preemption element has two priorities, its strategy and its error", () => {
  both("00140e01 0008 0000 000c0001 00 03 02 00 0064 00c8", {
    name: "POLICY_DATA",
    class: 14,
    ctype: 1,
    form: "",
    dataOffset: 8,
    elements: [{
      name: "PREEMPTION_PRI",
      type: 1,
      mergeStrategy: 3,
      errorCode: 2,
      preemptionPriority: 100,
      defendingPriority: 200,
    }],
  });
});

Deno.test("RFC 3182: attributes are padded without their length saying so, and what is no text is shown as hex", () => {
  // A credential of 5 bytes and its padding, then a Kerberos ticket that is not UTF-8.
  const credentials = "0009 02 01 626f622e63 000000" + "000a 02 03 ff00fe01ff80 0000";
  const element = decode(`002c0e01 0008 0000 0024 0002 ${credentials} 0008 03 00 0a0b0c0d`).elements as {
    attributes: Record<string, unknown>[];
  }[];
  assertEquals(element[0].attributes, [
    { name: "CREDENTIAL", type: 2, subType: 1, credential: "bob.c" },
    { name: "CREDENTIAL", type: 2, subType: 3, credentialBytes: "ff00fe01ff80" },
    { name: "DIGITAL_SIGNATURE", type: 3, subType: 0, signature: "0a0b0c0d" },
  ]);
});

Deno.test("RFC 2750: options before the data decode like the objects that they are", () => {
  const elements = decode("00200e01 0014 0000 000c0a01 c000020a 0000 0fa0 000c0001 00010000 00010002").elements;
  assertEquals((elements as { name: string }[]).map((element) => element.name), ["FILTER_SPEC_IPv4", "PREEMPTION_PRI"]);
});

Deno.test("RFC 2961: lists of states with and without addresses", () => {
  both("00181902 00 000102 00000001 c000020a 00000002 c000020b", {
    name: "MESSAGE_ID_LIST",
    class: 25,
    ctype: 2,
    form: "IPv4_SOURCE",
    epoch: 0x102,
    states: [
      { messageIdentifier: 1, sourceAddress: "192.0.2.10" },
      { messageIdentifier: 2, sourceAddress: "192.0.2.11" },
    ],
  });
  // Half a state at the end is kept.
  const cut = "00141902 00000102 00000001 c000020a 00000002".replace(/\s/g, "");
  assertEquals(decode(cut).trailing, "00000002");
  assertEquals(encode(decode(cut)), cut);
});

Deno.test("RFC 2996: a code point stands in six bits, and the others around it are kept", () => {
  const odd = "000ce101" + "000000b8" + "010000bb";
  assertEquals(decode(odd).codePoints, [{ dscp: 46 }, { dscp: 46, unused: 65536, unusedLow: 3 }]);
  assertEquals(encode(decode(odd)), odd);
});

Deno.test("RFC 3175 and RFC 4860: aggregates, and the one that an end-to-end session belongs to", () => {
  assertEquals(decode("000c0109 0a000301 00 00 00 2e").dscp, 46);
  const generic = "0a000301 0000b800 00000001 0a000101";
  const session = decode(`00140111 ${generic}`), interest = decode(`00148401 ${generic}`);
  for (const field of ["destinationAddress", "phbId", "virtualDestinationPort", "extendedVirtualDestinationPort"]) {
    assertEquals(interest[field], session[field]);
  }
  assertEquals([session.phbId, session.virtualDestinationPort], [0xb800, 1]);
});
