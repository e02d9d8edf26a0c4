/** IPsec flows: RFC 2207. Senders are told apart by their SPI, sessions by a virtual destination port. */
import { assertEquals } from "../assert.ts";
import { STATUS } from "../../host/boundary.gen.ts";
import { encodeObjects, type ObjectInput } from "../../host/object_list.ts";
import { Router } from "./router.ts";

const SESSION = { destination: "192.0.2.20", protocol: 50, port: 8192 };
const PLAIN: ObjectInput = { ctype: 1, sourceAddress: "10.9.0.1", sourcePort: 0 };

/** Two SPIs of one host behind P1, and one of another. */
function router(): Router {
  const made = new Router({ session: SESSION, generalizedPorts: true });
  for (const [name, letter] of [["P1", "a"], ["R1", "c"], ["R2", "d"]]) made.neighbour(name, letter);
  made.route("*", { out: ["c"] });
  made.sender("S1", undefined, { address: "10.9.0.1", port: 0x1001 });
  made.sender("S2", undefined, { address: "10.9.0.1", port: 0x1002 });
  made.sender("S3", undefined, { address: "10.9.0.3", port: 0x1001 });
  for (const name of ["S1", "S2", "S3"]) made.path(name, "P1", { tspec: 9 });
  made.clear();
  return made;
}

Deno.test("[2207-4.2-01] Two SPIs of one host are two senders, for FF and SE", () => {
  const distinct = router();
  distinct.resv("R1", "FF(S1{B}, S2{2B}, S3{3B})");
  assertEquals(distinct.reserved("c"), ["S1{B}", "S2{2B}", "S3{3B}"]);
  assertEquals(distinct.sent("a"), ["Resv FF(S1{B}, S2{2B}, S3{3B})"]);
  const shared = router();
  shared.resv("R1", "SE((S1,S3){B})");
  assertEquals([shared.reserved("c"), shared.sent("a")], [["(S1,S3){B}"], ["Resv SE((S1,S3){B})"]]);
});

Deno.test("[2207-4.2-01] WF reserves for the destination and protocol alone", () => {
  const subject = router();
  subject.resv("R1", "WF(*{4B})");
  assertEquals([subject.reserved("c"), subject.sent("a")], [["*{4B}"], ["Resv WF(*{4B})"]]);
});

Deno.test("[2207-4.1-05] A FILTER_SPEC with another SPI draws ResvErr 04", () => {
  const subject = router();
  subject.sender("S9", undefined, { address: "10.9.0.1", port: 0x9999 });
  subject.resv("R1", "FF(S9{B})");
  assertEquals(subject.sent(), ["c: ResvErr 4/0x0000 FF(S9{B})"]);
});

Deno.test("[2207-4.1-01] [2207-4.1-04] GPI senders and filters with a plain session, or plain ones with a GPI session, are dropped", () => {
  const subject = router();
  const plain = (name: "SENDER_TEMPLATE" | "FILTER_SPEC") => ({
    edit: (objects: ObjectInput[]) =>
      objects.map((object) => object.name === name ? { name, ...PLAIN } as ObjectInput : object),
  });
  const plainSession = {
    edit: (objects: ObjectInput[]) =>
      objects.map((object) =>
        object.name === "SESSION"
          ? {
            name: "SESSION",
            ctype: 1,
            destinationAddress: "192.0.2.20",
            protocolId: 50,
            flags: 0,
            destinationPort: 9,
          } as ObjectInput
          : object
      ),
  };
  subject.path("S1", "P1", plain("SENDER_TEMPLATE"));
  subject.path("S1", "P1", plainSession);
  subject.resv("R1", "FF(S1{B})", plain("FILTER_SPEC"));
  subject.resv("R1", "FF(S1{B})", plainSession);
  assertEquals([subject.sent(), subject.drops()], [[], ["BAD_VALUE", "BAD_VALUE", "BAD_VALUE", "BAD_VALUE"]]);
  assertEquals(subject.senders().length, 3);
});

Deno.test("[2207-4.1-03] A virtual destination port of zero is illegal; it tells sessions apart", () => {
  const subject = router();
  subject.path("S1", "P1", { session: { ...SESSION, port: 0 } });
  assertEquals([subject.sent(), subject.drops()], [[], ["BAD_VALUE"]]);
  subject.path("S1", "P1", { session: { ...SESSION, port: 8193 } });
  assertEquals(subject.engine.inspect("sessions").length, 2);
});

Deno.test("[2207-4.1-01] [2207-4.1-02] [2207-4.1-03] Calls: ESP and AH alone, a virtual port, senders with an SPI", () => {
  const own = { destination: "10.0.3.1", protocol: 50, port: 8192 };
  const subject = new Router({ session: own, generalizedPorts: true });
  subject.sender("S1", { out: ["c"] }, { address: subject.ownAddress("a"), port: 0x1001 });
  subject.callSession(1);
  subject.callSession(2, { ...own, protocol: 51 });
  assertEquals(subject.heard(), []);
  subject.callSession(3, { ...own, protocol: 17 });
  subject.callSession(4, { ...own, port: 0 });
  subject.call(1, "SENDER", [
    { name: "SENDER_TEMPLATE", ctype: 1, sourceAddress: subject.ownAddress("a"), sourcePort: 9 },
    { ...TSPEC },
  ]);
  assertEquals(subject.heard(), [3, 4, 1].map((application) => `${application}: CALL_ERROR ${STATUS.BAD_CALL}`));
  subject.clear();
  subject.callSender(1, "S1");
  assertEquals([subject.heard(), subject.sent()], [[], ["c: Path S1{B}"]]);
});
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

Deno.test("[2207-4.1-06] Traffic control is given destination, protocol, source address and SPI", () => {
  const subject = router();
  const installs: Uint8Array[] = [];
  const held = new Router({ session: SESSION, generalizedPorts: true, trafficControl: "held" });
  for (const [name, letter] of [["P1", "a"], ["R1", "c"]]) held.neighbour(name, letter);
  held.route("*", { out: ["c"] });
  held.sender("S1", undefined, { address: "10.9.0.1", port: 0x1001 });
  held.path("S1", "P1", { tspec: 9 });
  held.resv("R1", "FF(S1{B})");
  installs.push(held.asked[0].objects);
  const hex = installs[0].toHex();
  assertEquals(hex.startsWith(encodeObjects([subject.sessionObject()]).toHex()), true);
  assertEquals(hex.endsWith("000c0a040a09000100001001"), true, hex);
});

Deno.test("[2207-3.1-01] [2207-3.2-01] [2207-3.3-01] Golden bytes of the GPI objects", () => {
  const encoded = (object: ObjectInput) => encodeObjects([object]).toHex();
  const session4 = {
    name: "SESSION",
    destinationAddress: "192.0.2.20",
    protocolId: 50,
    flags: 0,
    virtualDestinationPort: 8192,
  } as const;
  assertEquals(encoded({ ...session4, ctype: 3 }), "000c0103c000021432002000");
  assertEquals(
    encoded({ ...session4, destinationAddress: "2001:db8::14", ctype: 4 }),
    "0018010420010db800000000000000000000001432002000",
  );
  for (const [name, number] of [["FILTER_SPEC", "0a"], ["SENDER_TEMPLATE", "0b"]] as const) {
    assertEquals(
      encoded({ name, ctype: 4, sourceAddress: "192.0.2.10", generalizedPortIdentifier: 0x1001 }),
      `000c${number}04c000020a00001001`,
    );
    assertEquals(
      encoded({ name, ctype: 5, sourceAddress: "2001:db8::a", generalizedPortIdentifier: 0x1001 }),
      `0018${number}0520010db800000000000000000000000a00001001`,
    );
  }
});
