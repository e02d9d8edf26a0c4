/** DREQ and DREP at one node, hostile ones among them: RFC 2745 sections 3 and 4. */
import { assertEquals } from "../assert.ts";
import { INTERFACE_OPTION } from "../../host/boundary.gen.ts";
import type { MessageInput } from "../../host/codec.ts";
import { decode, encode } from "../../host/default_codec.ts";
import type { ObjectInput } from "../../host/object_list.ts";
import { Random } from "../../host/random.ts";
import { figure4, unicast } from "./figures.ts";
import { objectOf } from "./node.ts";
import type { Router } from "./router.ts";

interface Differences {
  diagnostic?: Record<string, unknown>;
  extra?: readonly ObjectInput[];
  objects?: (objects: ObjectInput[]) => ObjectInput[];
}

/** A DREQ (or DREP) that R1 passes on, as if R1 were the LAST-HOP and had added nothing but its response. */
function message(router: Router, kind: "DREQ" | "DREP", differences: Differences = {}): Uint8Array {
  const hop = router.hop("R1");
  const diagnostic = {
    name: "DIAGNOSTIC",
    form: "IPv4",
    maximumRsvpHops: 0,
    rsvpHopCount: 1,
    moreFragments: 0,
    requestId: 7,
    pathMtuBytes: 1500,
    fragmentOffsetBytes: 0,
    lastHopAddress: hop.address,
    parties: [router.template("S1"), { name: "FILTER_SPEC", ctype: 1, sourceAddress: hop.address, sourcePort: 9 }],
    ...differences.diagnostic,
  };
  const objects = [
    router.sessionObject(),
    router.hopObject(hop, router.handle("c")),
    diagnostic,
    ...(differences.extra ?? [RESPONSE]),
  ] as ObjectInput[];
  const list = differences.objects?.(objects) ?? objects;
  return encode({ message: kind, sendTtl: 255, objects: list } as unknown as MessageInput);
}

const RESPONSE = {
  name: "DIAG_RESPONSE",
  form: "IPv4",
  arrivalTime: 1,
  incomingInterfaceAddress: "10.0.3.10",
  outgoingInterfaceAddress: "0.0.0.0",
  previousHopAddress: "10.0.3.1",
  distanceTtl: 0,
  merged: 0,
  responseError: 0,
  refreshMultiple: 3,
  refreshIntervalSeconds: 30,
  objects: [],
} as unknown as ObjectInput;
const route = (routePointer: number, nodes: string[]) =>
  ({ name: "ROUTE", form: "IPv4", routePointer, nodes }) as unknown as ObjectInput;

function deliver(router: Router, kind: "DREQ" | "DREP", differences: Differences = {}): void {
  router.deliverBytes(router.hop("R1"), message(router, kind, differences), {});
}
const types = (router: Router) =>
  router.messages.map(({ message, interface: letter, to }) => `${message.message} ${letter} ${to}`);

Deno.test("RFC 2745 4.1: a router adds its response and passes the DREQ to the previous hop, with that hop's LIH", () => {
  const router = unicast();
  router.resv("R1", "FF(S1{2B})");
  router.clear();
  deliver(router, "DREQ");
  assertEquals(types(router), ["DREQ a P1"]);
  const [sent] = router.messages;
  assertEquals(objectOf(sent, "RSVP_HOP").logicalInterfaceHandle, router.hop("P1").handle);
  const responses = sent.message.objects.filter(({ name }) => name === "DIAG_RESPONSE") as unknown as Record<
    string,
    unknown
  >[];
  assertEquals(responses.map(({ previousHopAddress }) => previousHopAddress), ["10.0.3.1", router.hop("P1").address]);
  assertEquals([responses[1].incomingInterfaceAddress, responses[1].outgoingInterfaceAddress], [
    router.ownAddress("a"),
    router.ownAddress("c"),
  ]);
  assertEquals(objectOf(sent, "DIAGNOSTIC").rsvpHopCount, 2);
  assertEquals([sent.ttl, sent.routerAlert, sent.source], [255, 0, router.ownAddress("a")]);
});

Deno.test("RFC 2745 4.1: of wildcard reservations with SCOPEs the one is told that is for the sender (RFC 2205 3.4)", () => {
  const router = figure4();
  router.resv("R2", "WF(*{2B})", { scope: ["S2", "S3"] });
  router.resv("R3", "WF(*{3B})", { scope: ["S1"] });
  router.clear();
  for (const [sender, rate] of [["S1", 3_000], ["S2", 2_000]] as const) {
    const bytes = message(router, "DREQ", {
      objects: ([session, , diagnostic, response]) => {
        const { parties } = diagnostic as unknown as { parties: ObjectInput[] };
        const hop = router.hopObject(router.hop("R2"), router.handle("d"));
        return [
          session,
          hop,
          { ...diagnostic, parties: [router.template(sender), parties[1]] } as ObjectInput,
          response,
        ];
      },
    });
    router.deliverBytes(router.hop("R2"), bytes, {});
    const responses = router.messages.at(-1)!.message.objects.filter(({ name }) => name === "DIAG_RESPONSE");
    const { objects } = responses[1] as unknown as {
      objects: { name: string; tokenBucketRateBytesPerSecond?: number }[];
    };
    assertEquals(objects.find(({ name }) => name === "FLOWSPEC")?.tokenBucketRateBytesPerSecond, rate, sender);
  }
});

Deno.test("RFC 2745 3.6: DREQ Arrival Time is the middle of an NTP timestamp", () => {
  const router = unicast({ config: { unixEpochMs: 946_684_800_500 - 1_000_000 } });
  deliver(router, "DREQ");
  const responses = router.messages[0].message.objects.filter(({ name }) => name === "DIAG_RESPONSE");
  const { arrivalTime } = responses[1] as unknown as { arrivalTime: number };
  // 1 January 2000: 3155673600 s, and half a second.
  assertEquals(arrivalTime, (3_155_673_600 % 65536) * 65536 + 0x8000);
});

Deno.test("RFC 2745 4.1: nothing is collected on the way to the LAST-HOP", () => {
  const router = unicast();
  deliver(router, "DREQ", { extra: [], diagnostic: { rsvpHopCount: 0 } });
  assertEquals(types(router), ["DREQ route R1"]);
  assertEquals([router.messages[0].ttl, objectOf(router.messages[0], "DIAGNOSTIC").rsvpHopCount], [254, 0]);
});

Deno.test("A DREQ for a group as LAST-HOP, and what is sent to a group, goes nowhere: it would come back many times", () => {
  const router = unicast();
  deliver(router, "DREQ", { extra: [], diagnostic: { rsvpHopCount: 0, lastHopAddress: "224.0.0.1" } });
  assertEquals([types(router), router.engine.counters().BAD_VALUE], [[], 1]);
  for (const kind of ["DREQ", "DREP"] as const) {
    router.clear();
    router.deliverBytes(router.hop("R1"), message(router, kind), { destination: "224.0.0.1" });
    assertEquals([types(router), router.drops()], [[], ["BAD_VALUE"]]);
  }
});

Deno.test("Hostile diagnostics are dropped and counted, and nobody hears of them", () => {
  const router = unicast();
  const drop = (objects: (list: ObjectInput[]) => ObjectInput[]) => {
    router.clear();
    deliver(router, "DREQ", { objects });
    return [...router.drops(), ...types(router)].join();
  };
  assertEquals(drop(([session, hop]) => [session, hop]), "MISSING_OBJECT");
  assertEquals(drop(([session, , ...rest]) => [session, ...rest]), "MISSING_OBJECT");
  assertEquals(drop(([session, hop, ...rest]) => [hop, session, ...rest]), "OBJECT_ORDER");
  assertEquals(drop((list) => [...list, route(0, [])]), "OBJECT_ORDER");
  assertEquals(drop((list) => [...list.slice(0, 3), route(3, ["10.0.3.10"]), ...list.slice(3)]), "BAD_VALUE");
  assertEquals(drop((list) => [...list, { name: "UNKNOWN", class: 99, ctype: 1, bytes: "00000000" }]), "UNKNOWN_CLASS");
  assertEquals(drop((list) => [...list, { name: "UNKNOWN", class: 32, ctype: 1, bytes: "00000000" }]), "OBJECT_SIZE");
  assertEquals(
    drop((list) => [...list, { name: "UNKNOWN", class: 32, ctype: 2, bytes: "00".repeat(56) }]),
    "MIXED_FAMILIES",
  );
  const short: ObjectInput = { name: "UNKNOWN", class: 30, ctype: 1, bytes: "00".repeat(20) };
  assertEquals(drop(([session, hop, , ...rest]) => [session, hop, short, ...rest]), "OBJECT_SIZE");
  router.clear();
  const bytes = message(router, "DREQ");
  bytes[3] ^= 1;
  router.deliverBytes(router.hop("R1"), bytes, {});
  router.deliverBytes(router.hop("R1"), message(router, "DREQ").subarray(0, 60), {});
  assertEquals([router.drops(), types(router)], [["BAD_CHECKSUM", "BAD_LENGTH"], []]);
  assertEquals(router.engine.counters().RECEIVED_DIAGNOSTIC_REQUEST, undefined);
});

Deno.test("A reply that would go to a group, or in a circle, goes nowhere", () => {
  const router = unicast();
  const to = (sourceAddress: string) => ({
    parties: [router.template("S2"), { name: "FILTER_SPEC", ctype: 1, sourceAddress, sourcePort: 0 }],
  });
  // No path state for S9: the DREQ would turn back at once.
  router.sender("S9");
  const lost = (sourceAddress: string) => ({
    parties: [router.template("S9"), { name: "FILTER_SPEC", ctype: 1, sourceAddress, sourcePort: 0 }],
  });
  deliver(router, "DREQ", { diagnostic: lost("224.0.0.1") });
  assertEquals([types(router), router.engine.counters().BAD_VALUE], [[], 1]);
  deliver(router, "DREQ", { diagnostic: lost("10.0.3.99") });
  assertEquals(types(router), ["DREP route 10.0.3.99"]);
  router.clear();
  // A list that names this node.
  deliver(router, "DREP", { diagnostic: to("10.0.3.99"), extra: [route(1, [router.ownAddress("c")]), RESPONSE] });
  assertEquals([types(router), router.engine.counters().BAD_VALUE], [[], 2]);
  // R-pointer only goes down.
  deliver(router, "DREP", { diagnostic: to("10.0.3.99"), extra: [route(2, ["10.0.3.10", "10.0.3.11"]), RESPONSE] });
  assertEquals(types(router), ["DREP route 10.0.3.11"]);
  assertEquals(objectOf(router.messages[0], "ROUTE").routePointer, 1);
});

Deno.test("A reply by ROUTE goes to a neighbour without raw access in UDP too (RFC 2205 appendix C)", () => {
  for (const [options, wanted] of [[0, ["route 0"]], [INTERFACE_OPTION.UDP_ALSO, ["c 0", "c 2"]]] as const) {
    const router = unicast({ interface: { c: { options } } });
    const back = route(1, [router.hop("R1").address, router.ownAddress("a")]);
    const requester = { name: "FILTER_SPEC", ctype: 1, sourceAddress: "198.51.100.9", sourcePort: 9 };
    deliver(router, "DREP", {
      diagnostic: { parties: [router.template("S1"), requester] },
      extra: [back, RESPONSE],
    });
    assertEquals(router.messages.map((sent) => [sent.message.message, sent.to]), wanted.map(() => ["DREP", "R1"]));
    assertEquals(router.messages.map((sent) => `${sent.interface} ${sent.encapsulation}`), [...wanted]);
  }
});

Deno.test("A spoofed reply reaches nobody's application: Request ID and session must be those of the one that asked", () => {
  const router = unicast();
  const own = {
    parties: [router.template("S1"), {
      name: "FILTER_SPEC",
      ctype: 1,
      sourceAddress: router.ownAddress("c"),
      sourcePort: 0,
    }],
  };
  deliver(router, "DREP", { diagnostic: own });
  router.callSession(8, { ...router.session, port: 5010 });
  deliver(router, "DREP", { diagnostic: { ...own, requestId: 8 } });
  assertEquals([router.events.length, router.engine.counters().NO_STATE], [0, 2]);
  router.callSession(9);
  router.clear();
  deliver(router, "DREP", { diagnostic: { ...own, requestId: 9 } });
  assertEquals(router.events.map(({ application, event }) => [application, event]), [[9, 7]]);
});

Deno.test("RSVP-hop-count and R-pointer are bytes: the 255th node is the last", () => {
  const router = unicast();
  deliver(router, "DREQ", { diagnostic: { rsvpHopCount: 254 } });
  assertEquals(types(router), ["DREP route R1"]);
  router.clear();
  const nodes = Array.from({ length: 254 }, () => "10.0.3.10");
  deliver(router, "DREQ", { diagnostic: { pathMtuBytes: 65_000 }, extra: [route(254, nodes), RESPONSE] });
  assertEquals(types(router), ["DREQ a P1"]);
  assertEquals((objectOf(router.messages[0], "ROUTE").nodes as string[]).length, 1);
});

Deno.test("Damaged diagnostics, 20,000 of them: taken or counted, no trap, and what is sent can be read", () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  console.log(`seed ${seed}`);
  const random = new Random(seed);
  const router = unicast();
  router.resv("R1", "FF(S1{2B})");
  router.callSession(7);
  for (let round = 0; round < 20_000; round++) {
    const kind = random.chance(0.7) ? "DREQ" : "DREP";
    const bytes = message(router, kind, random.chance(0.5) ? { extra: [route(1, ["10.0.3.10"]), RESPONSE] } : {});
    // Without a checksum nothing is found out by it.
    bytes.set([0, 0], 2);
    for (let times = random.below(4); times > 0; times--) bytes[8 + random.below(bytes.length - 8)] = random.below(256);
    router.deliverBytes(router.hop("R1"), bytes, {});
    for (const sent of router.messages) decode(sent.bytes);
    router.clear();
  }
  assertEquals(router.reserved("c"), ["S1{2B}"]);
});
