/** What every message must be: RFC 2205 sections 3.1, 3.3 and appendices A and B; RFC 2209, MESSAGE ARRIVES. */
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { encode } from "../../host/default_codec.ts";
import { ipDatagram } from "../../host/transport/ip_datagram.ts";
import { parseAddress } from "../../host/address.ts";
import type { ObjectInput } from "../../host/object_list.ts";
import { INTERFACE_OPTION } from "../../host/boundary.gen.ts";
import { unicast } from "./figures.ts";
import { objectOf } from "./node.ts";
import { Router } from "./router.ts";

/** A router, and the bytes of a Path of S1 that it would take. */
function pathBytes(edit: (objects: ObjectInput[]) => ObjectInput[] = (objects) => objects) {
  const router = new Router();
  router.neighbour("P1", "a");
  router.sender("S1", { in: "a", out: ["c"] });
  const objects = edit([
    router.sessionObject(),
    router.hopObject(router.hop("P1"), 7),
    { name: "TIME_VALUES", refreshPeriodMs: 30_000 },
    router.template("S1"),
    TSPEC,
  ]);
  // deno-lint-ignore no-explicit-any
  const bytes = encode({ message: "Path", sendTtl: 64, objects } as any);
  return { router, bytes };
}
const TSPEC: ObjectInput = {
  name: "SENDER_TSPEC",
  ctype: 2,
  service: 1,
  tokenBucketRateBytesPerSecond: 1000,
  tokenBucketSizeBytes: 1000,
  peakRateBytesPerSecond: 2000,
  minimumPolicedUnitBytes: 64,
  maximumPacketSizeBytes: 1500,
};
/** Makes the checksum right again after bytes were changed. */
function resum(bytes: Uint8Array): Uint8Array {
  bytes[2] = bytes[3] = 0;
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += (bytes[at] << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  const checksum = (~sum & 0xffff) || 0xffff;
  bytes[2] = checksum >> 8;
  bytes[3] = checksum & 255;
  return bytes;
}
/** Delivers the bytes of a Path after a change, and says what became of it. */
function fate(change: (bytes: Uint8Array) => Uint8Array | void, sum = true): { drops: string[]; sent: string[] } {
  const { router, bytes } = pathBytes();
  const changed = change(bytes) ?? bytes;
  router.deliverBytes(router.hop("P1"), sum ? resum(changed) : changed, { destination: "224.1.1.1", ttl: 64 });
  return { drops: router.drops(), sent: router.sent() };
}
const taken = { drops: [], sent: ["c: Path S1{B}"] };
const dropped = (reason: string) => ({ drops: [reason], sent: [] });

Deno.test("[2205-3.1.1-01] The common header: version, type, checksum, Send_TTL, length, big-endian", () => {
  const { router, bytes } = pathBytes();
  assertEquals([bytes[0], bytes[1], bytes[4], bytes[5]], [0x10, 1, 64, 0]);
  assertEquals((bytes[6] << 8) | bytes[7], bytes.length);
  router.deliverBytes(router.hop("P1"), bytes, { destination: "224.1.1.1", ttl: 64 });
  assertEquals(router.sent(), taken.sent);
  for (const version of [0, 2, 15]) {
    assertEquals(fate((changed) => void (changed[0] = version << 4)), dropped("BAD_VERSION"));
  }
});

Deno.test("[2205-3.1.1-02] Types 1 to 7 are known; any other is dropped without an answer", () => {
  const names = ["Path", "Resv", "PathErr", "ResvErr", "PathTear", "ResvTear", "ResvConf"] as const;
  assertEquals(names.map((message) => encode({ message, objects: [] })[1]), [1, 2, 3, 4, 5, 6, 7]);
  for (const type of [0, 8, 9, 12, 20, 255]) {
    const { drops, sent } = fate((bytes) => {
      bytes[1] = type;
    });
    assertEquals(sent, []);
    assert(drops.length <= 1, `type ${type}: ${drops}`);
  }
});

Deno.test("[2205-3.1.1-03] [2209-2-MSG-01] A wrong checksum: dropped, before anything else is looked at", () => {
  for (let bit = 0; bit < 8; bit++) {
    assertEquals(fate((bytes) => void (bytes[40] ^= 1 << bit), false), dropped("BAD_CHECKSUM"));
  }
  const { router, bytes } = pathBytes((objects) => [{ name: "UNKNOWN", class: 0x7b, ctype: 1, bytes: "" }, ...objects]);
  bytes[30] ^= 1;
  router.deliverBytes(router.hop("P1"), bytes, { destination: "224.1.1.1", ttl: 64 });
  assertEquals([router.drops(), router.sent()], [["BAD_CHECKSUM"], []]);
});

Deno.test("[2205-3.1.1-04] A checksum of zero was not sent, and is not verified", () => {
  assertEquals(fate((bytes) => void (bytes[2] = bytes[3] = 0), false), taken);
});

Deno.test("[2205-3.1.1-06] The length must be what arrived, and end with an object", () => {
  const change = (by: number) => (bytes: Uint8Array) => {
    const length = bytes.length + by;
    bytes[6] = length >> 8;
    bytes[7] = length & 255;
  };
  for (const by of [4, -4, 1, -bytes(8)]) assertEquals(fate(change(by)), dropped("BAD_LENGTH"));
  assertEquals(fate((all) => all.slice(0, -4)), dropped("BAD_LENGTH"));
  const shortened = (all: Uint8Array) => {
    const cut = all.slice(0, -4);
    cut[6] = cut.length >> 8;
    cut[7] = cut.length & 255;
    return cut;
  };
  assertEquals(fate(shortened), dropped("OBJECT_OVERRUN"));
  assertEquals(fate((all) => all.slice(0, 7), false), dropped("TRUNCATED"));
});
const bytes = (count: number) => count;

Deno.test("[2205-3.1.1-07] Flags and the reserved byte are sent as zero and ignored", () => {
  const ignored = fate((all) => {
    all[0] |= 8;
    all[5] = 0xff;
  });
  assertEquals(ignored, taken);
  const router = unicast();
  router.resv("R1", "FF(S1{B})");
  assertEquals(router.messages.map((sent) => [sent.message.flags, sent.message.reserved]), [[0, undefined]]);
});

Deno.test("[2205-3.1.2-01] Object lengths below 4, not in words, or beyond the end: the whole message is dropped", () => {
  for (const [length, reason] of [[0, "OBJECT_LENGTH"], [2, "OBJECT_LENGTH"], [5, "OBJECT_LENGTH"]] as const) {
    assertEquals(fate((all) => void (all[8] = 0, all[9] = length)), dropped(reason));
  }
  assertEquals(fate((all) => void (all[8] = 0xff, all[9] = 0xfc)), dropped("OBJECT_OVERRUN"));
});

for (const gone of ["SESSION", "RSVP_HOP", "TIME_VALUES"]) {
  const id = { SESSION: "04", RSVP_HOP: "05", TIME_VALUES: "06" }[gone];
  Deno.test(`[2205-3.1.2-04] [2205-3.1.2-05] [2205-3.1.2-06] A Path or Resv without ${gone} (${id}) is dropped without an answer`, () => {
    const edit = (objects: ObjectInput[]) => objects.filter((object) => object.name !== gone);
    const router = unicast();
    router.path("S1", "P1", { edit });
    router.resv("R1", "FF(S1{B})", { edit });
    assertEquals([router.drops(), router.sent()], [["MISSING_OBJECT", "MISSING_OBJECT"], []]);
  });
}

Deno.test("[2205-3.1.2-04] [2205-3.1.2-05] [2205-3.1.2-07] Tears, errors and confirmations without their objects are dropped", () => {
  const router = unicast();
  router.resv("R1", "FF(S1{B})");
  router.clear();
  const without = (name: string) => ({
    edit: (objects: ObjectInput[]) => objects.filter((object) => object.name !== name),
  });
  const styleless = {
    edit: (objects: ObjectInput[]) => objects.slice(0, objects.findIndex((o) => o.name === "STYLE")),
  };
  let count = 0;
  for (const name of ["SESSION", "RSVP_HOP"]) {
    router.pathTear("S1", "P1", without(name));
    router.resvTear("R1", "FF(S1)", without(name));
    router.resvError("P1", 2, 0, "FF(S1{B})", without(name));
    count += 3;
  }
  router.pathError("S1", "R1", 2, 0, without("SESSION"));
  router.resvConfirm("P1", "R1", "FF(S1{B})", without("SESSION"));
  router.resv("R1", "FF(S1{2B})", styleless);
  router.resvTear("R1", "FF(S1)", styleless);
  router.resvError("P1", 2, 0, "FF(S1{B})", styleless);
  router.resvConfirm("P1", "R1", "FF(S1{B})", styleless);
  count += 6;
  assertEquals([router.sent(), router.drops()], [[], new Array(count).fill("MISSING_OBJECT")]);
  assertEquals([router.reserved("c"), router.senders().length], [["S1{B}"], 3]);
});

Deno.test("[2205-3.1.2-05] PathErr and ResvConf have no RSVP_HOP, the others have", () => {
  const router = unicast();
  router.path("S1", "P1", { tspec: { r: 1, m: 0 } });
  router.resv("R1", "FF(S1{4B})");
  router.resv("R2", "FF(S1{B})", { confirm: "R2" });
  router.resvError("P1", 2, 0, "FF(S1{4B})");
  router.resvTear("R1", "FF(S1)");
  router.pathTear("S1", "P1");
  const kinds = new Map(router.messages.map((sent) => [
    sent.message.message,
    sent.message.objects.some((object) => object.name === "RSVP_HOP"),
  ]));
  assertEquals([kinds.get("PathErr"), kinds.get("ResvConf")], [false, false]);
  for (const name of ["Resv", "ResvErr", "PathTear"] as const) assertEquals(kinds.get(name), true, name);
});

Deno.test("[2205-3.1.3-02] INTEGRITY anywhere but behind the header is an order violation", () => {
  const integrity: ObjectInput = {
    name: "UNKNOWN",
    class: 4,
    ctype: 1,
    bytes: "00000a0001010001e9a1b2c300000001" + "00".repeat(16),
  };
  const first = pathBytes((objects) => [integrity, ...objects]);
  first.router.deliverBytes(first.router.hop("P1"), first.bytes, { destination: "224.1.1.1", ttl: 64 });
  assertEquals(first.router.drops(), []);
  const later = pathBytes(([session, ...rest]) => [session, integrity, ...rest]);
  later.router.deliverBytes(later.router.hop("P1"), later.bytes, { destination: "224.1.1.1", ttl: 64 });
  assertEquals([later.router.drops(), later.router.sent()], [["OBJECT_ORDER"], []]);
});

Deno.test("[2205-3.1.2-08] [2205-3.3-05] A message that no datagram could hold is refused", () => {
  const big = (content: number): ObjectInput => ({
    name: "UNKNOWN",
    class: 0xef,
    ctype: 1,
    bytes: "00".repeat(content),
  });
  // deno-lint-ignore no-explicit-any
  const message = (...objects: ObjectInput[]): any => ({ message: "Path", objects });
  assertEquals(encode(message(big(65_520))).length, 65_532);
  assertThrows(() => encode(message(big(65_528))));
  assertThrows(() => encode(message(big(40_000), big(40_000))));
});

Deno.test("[2205-A-01] Reserved bytes of a filter are sent as zero and ignored", () => {
  const router = unicast();
  router.resv("R1", "FF(S1{B})", {
    edit: (objects) =>
      objects.map((object) => object.name === "FILTER_SPEC" ? { ...object, reserved: 0xbeef } : object),
  });
  assertEquals([router.reserved("c"), router.sent("a")], [["S1{B}"], ["Resv FF(S1{B})"]]);
  assertEquals(objectOf(router.messages[0], "FILTER_SPEC").reserved, undefined);
});

Deno.test("[2205-A.1-03] [2205-A.9-02] Addresses and protocols of zero are dropped", () => {
  const router = new Router();
  router.neighbour("P1", "a");
  router.sender("S1", { in: "a", out: ["c"] });
  router.sender("S0", { in: "a", out: ["c"] }, { address: "0.0.0.0" });
  router.path("S1", "P1", { session: { destination: "0.0.0.0", protocol: 17, port: 1 } });
  router.path("S1", "P1", { session: { destination: "224.1.1.1", protocol: 0, port: 1 } });
  router.path("S0", "P1");
  router.path("S1", "P1", { hopAddress: "0.0.0.0" });
  assertEquals([router.sent(), router.drops()], [[], ["BAD_VALUE", "BAD_VALUE", "BAD_VALUE", "BAD_VALUE"]]);
});

Deno.test("[2205-B-01] Code 0 is for confirmations, and confirmations have no other", () => {
  const router = unicast();
  router.resv("R1", "FF(S1{B})");
  router.clear();
  router.resvError("P1", 0, 0, "FF(S1{B})");
  router.pathError("S1", "R1", 0, 0);
  router.resvConfirm("P1", "R1", "FF(S1{B})", {
    edit: (objects) => objects.map((object) => object.name === "ERROR_SPEC" ? { ...object, errorCode: 2 } : object),
  });
  assertEquals([router.sent(), router.drops()], [[], ["BAD_VALUE", "BAD_VALUE", "BAD_VALUE"]]);
});

Deno.test("[2205-B-17] Malformed messages are counted by reason, and nobody is told", () => {
  const router = unicast();
  router.path("S1", "P1", { edit: (objects) => [...objects, objects[0]] });
  router.resv("R1", "FF(S1{B})", { edit: (objects) => [...objects, objects[0]] });
  router.resv("R1", "FF(S1{B})", { hopAddress: router.ownAddress("c") });
  router.path("S1", "P1", {
    edit: ([session, ...rest]) => [{ ...session, ctype: 2, destinationAddress: "::2" }, ...rest],
  });
  assertEquals(router.sent(), []);
  assertEquals(router.drops(), ["DUPLICATE_OBJECT", "DUPLICATE_OBJECT", "BAD_VALUE", "MIXED_FAMILIES"]);
  const counters = router.engine.counters();
  for (const name of router.drops()) assert(counters[name] >= 1, `${name} is not counted`);
});

for (const family of [4, 6] as const) {
  Deno.test(`[2205-3.3-01] [2205-3.3-02] [2205-3.3-03] IPv${family}: protocol 46; Router Alert on Path, PathTear and ResvConf alone`, () => {
    const router = unicast({ family });
    router.path("S1", "P1", { tspec: 5 });
    router.resv("R1", "FF(S1{4B})");
    router.resv("R2", "FF(S1{B})", { confirm: "R2" });
    router.path("S1", "P1", { tspec: { r: 1, m: 0 } });
    router.resvError("P1", 2, 0, "FF(S1{4B})");
    router.resvTear("R1", "FF(S1)");
    router.resvTear("R2", "FF(S1)");
    router.pathTear("S1", "P1");
    const kinds = new Set<string>();
    for (const sent of router.messages) {
      kinds.add(sent.message.message);
      const [source, destination] = [sent.source, sent.destination].map((text) => parseAddress(text).bytes);
      const datagram = ipDatagram({ ...sent, interface: 1, source, destination, family, payload: sent.bytes }, 1);
      const alert = ["Path", "PathTear", "ResvConf"].includes(sent.message.message);
      if (family === 4) {
        assertEquals([datagram[0] & 15, datagram[9]], [alert ? 6 : 5, 46]);
        if (alert) assertEquals([...datagram.slice(20, 24)], [0x94, 4, 0, 0]);
      } else {
        assertEquals(alert ? [datagram[6], datagram[40]] : [datagram[6]], alert ? [0, 46] : [46]);
        // RFC 2711: value 1, the datagram contains an RSVP message.
        if (alert) assertEquals([...datagram.slice(42, 46)], [5, 2, 0, 1]);
      }
    }
    assertEquals([...kinds].sort(), ["Path", "PathErr", "PathTear", "Resv", "ResvConf", "ResvErr", "ResvTear"]);
  });
}

Deno.test("[2205-3.8-05] Where TTL cannot tell, the interface says whether a hop without RSVP lies before it", () => {
  for (
    const [options, ttl, nonRsvp] of [[0, 64, 0], [0, 60, 1], [INTERFACE_OPTION.IGNORE_TTL, 60, 0], [
      INTERFACE_OPTION.NON_RSVP_HOP,
      64,
      1,
    ]]
  ) {
    const router = new Router({ interface: { a: { options } } });
    router.neighbour("P1", "a");
    router.sender("S1", { in: "a", out: ["c"] });
    router.path("S1", "P1", { arrival: { ttl } });
    assertEquals(router.engine.inspect("senders").map((row) => row.nonRsvp), [nonRsvp]);
  }
});
