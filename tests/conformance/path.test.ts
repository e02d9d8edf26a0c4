/** Path messages: RFC 2205 sections 2.1, 3.1.3, 3.8 and 3.9; RFC 2209, PATH MESSAGE ARRIVES and PATH REFRESH. */
import { assertEquals, assertNotEquals } from "../assert.ts";
import { figure4, unicast } from "./figures.ts";
import { objectOf, type Sent } from "./node.ts";
import { Router } from "./router.ts";

/** One sender that comes by (a); its data leave by (c) and (d). */
function oneSender(): Router {
  const router = new Router();
  for (const [name, letter] of [["P1", "a"], ["P9", "a"], ["P2", "b"], ["R1", "c"]]) router.neighbour(name, letter);
  router.sender("S1", { in: "a", out: ["c", "d"] });
  return router;
}
const names = (sent: Sent) => sent.message.objects.map((object) => object.name);

Deno.test("[2205-2.1-03] [2205-3.1.3-01] A Path keeps the addresses of the data at every hop", () => {
  const router = oneSender();
  router.path("S1", "P1");
  for (const sent of router.messages) {
    assertEquals([sent.source, sent.destination, sent.routerAlert], ["10.9.0.1", "224.1.1.1", 1]);
  }
});

Deno.test("[2205-3.1.3-03] [2205-3.3-06] Each copy names the interface it leaves by, and its LIH", () => {
  const router = oneSender();
  router.path("S1", "P1");
  const hops = router.messages.map((sent) => objectOf(sent, "RSVP_HOP"));
  assertEquals(hops.map((hop) => hop.hopAddress), [router.ownAddress("c"), router.ownAddress("d")]);
  assertEquals(hops.map((hop) => hop.logicalInterfaceHandle), [router.handle("c"), router.handle("d")]);
});

Deno.test("[2205-3.1.3-04] Each sender has Path messages of its own", () => {
  const router = figure4();
  router.advance(31_000);
  assertEquals(router.sent("c").sort(), ["Path S1{9B}", "Path S2{9B}", "Path S3{9B}"]);
});

Deno.test("[2205-3.1-01] [2205-3.1.3-05] A Path has its objects in the order of the RFC, in refreshes too", () => {
  const router = oneSender();
  const vector = "00000013010000080400000100000003060000014998968008000001000005dc0a000001000005dc" +
    "0200000885000001000011948600000100000e1087000001000011948800000100000e1005000000";
  router.path("S1", "P1", { adspec: { name: "UNKNOWN", class: 13, ctype: 2, bytes: vector } });
  router.advance(31_000);
  for (const sent of router.messages) {
    assertEquals(names(sent), ["SESSION", "RSVP_HOP", "TIME_VALUES", "SENDER_TEMPLATE", "SENDER_TSPEC", "ADSPEC"]);
  }
});

Deno.test("[2205-2.1-02] The ADSPEC is composed for each interface that it leaves by", () => {
  const router = new Router({
    interface: { c: { mtuBytes: 1400 }, d: { linkBytesPerSecond: 1000 } },
  });
  router.neighbour("P1", "a");
  router.sender("S1", { in: "a", out: ["c", "d"] });
  const vector = "00000013010000080400000100000003060000014998968008000001000005dc0a000001000005dc" +
    "0200000885000001000011948600000100000e1087000001000011948800000100000e1005000000";
  router.path("S1", "P1", { adspec: { name: "UNKNOWN", class: 13, ctype: 2, bytes: vector } });
  const text = router.messages.map((sent) => JSON.stringify(objectOf(sent, "ADSPEC")));
  // Three hops came, four go on; the smaller of MTU and bandwidth stands.
  assertEquals(text.map((adspec) => /"NUMBER_OF_IS_HOPS","type":4,"\w+":(\d+)/.exec(adspec)?.[1]), ["4", "4"]);
  assertEquals(text.map((adspec) => /"PATH_MTU","type":10,"\w+":(\d+)/.exec(adspec)?.[1]), ["1400", "1500"]);
  const bandwidths = text.map((adspec) => /"AVAILABLE_PATH_BANDWIDTH","type":6,"\w+":(\d+)/.exec(adspec)?.[1]);
  assertEquals(bandwidths, ["1250000", "1000"]);
});

Deno.test("[2205-2.1-01] A Path without sender descriptor, or with half of one, is dropped", () => {
  const router = oneSender();
  for (const gone of [["SENDER_TEMPLATE"], ["SENDER_TSPEC"], ["SENDER_TEMPLATE", "SENDER_TSPEC"]]) {
    router.path("S1", "P1", { edit: (objects) => objects.filter((object) => !gone.includes(object.name!)) });
  }
  assertEquals(router.drops(), ["MISSING_OBJECT", "MISSING_OBJECT", "MISSING_OBJECT"]);
  assertEquals([router.sent(), router.senders()], [[], []]);
});

Deno.test("[2205-3.1.3-06] [2205-3.1.7-02] [2205-3.1.7-03] [2205-A.5-02] An error in a Path goes to its previous hop", () => {
  const router = oneSender();
  router.path("S1", "P1", { tspec: { r: 1, m: 0 } });
  assertEquals(router.sent(), ["a: PathErr 21/0x0004 S1"]);
  const [error] = router.messages;
  assertEquals([error.to, error.routerAlert], ["P1", 0]);
  assertEquals(names(error), ["SESSION", "ERROR_SPEC", "SENDER_TEMPLATE", "SENDER_TSPEC"]);
  const spec = objectOf(error, "ERROR_SPEC");
  assertEquals([spec.errorNodeAddress, spec.flags], [router.ownAddress("a"), 0]);
});

Deno.test("[2205-2.5-04] [2205-3.1.7-01] [2205-3.1.7-03] [2209-2-PERR-01] A PathErr goes on to the previous hop and changes nothing", () => {
  const router = unicast();
  const before = router.engine.inspect("senders");
  router.pathError("S1", "R1", 21, 4, { node: "R2" });
  assertEquals(router.sent(), ["a: PathErr 21/0x0004 S1"]);
  const [error] = router.messages;
  assertEquals([error.to, objectOf(error, "ERROR_SPEC").errorNodeAddress], ["P1", router.hop("R2").address]);
  assertEquals(router.engine.inspect("senders"), before);
});

Deno.test("[2209-2-PERR-01] A PathErr for a sender that is not known is dropped", () => {
  const router = unicast();
  router.sender("S8");
  router.pathError("S8", "R1", 21, 4);
  router.pathError("S1", "R1", 21, 4, { session: { destination: "192.0.2.99", protocol: 17, port: 1 } });
  assertEquals([router.sent(), router.drops()], [[], ["NO_STATE", "NO_STATE"]]);
});

Deno.test("[2209-2-PERR-01] A PathErr for a local sender is an upcall", () => {
  const router = new Router();
  router.neighbour("R1", "c");
  router.sender("S1", { out: ["c"] }, { address: router.ownAddress("a") });
  router.callSession(1);
  router.callSender(1, "S1");
  router.pathError("S1", "R1", 21, 5);
  assertEquals(router.heard(), ["1: PATH_ERROR 21/0x0005 S1"]);
});

Deno.test("[2205-3.1.3-08] [2205-3.9-03] [2205-3.9-05] [2209-1-01] By an interface that routing does not expect: kept, not forwarded", () => {
  const router = oneSender();
  router.path("S1", "P1");
  router.clear();
  router.path("S1", "P2");
  assertEquals(router.sent(), []);
  assertEquals(router.senders(), ["S1 from P1", "S1 from P2 (Local_Only)"]);
  router.resv("R1", "FF(S1{B})");
  assertEquals(router.sent(), ["a: Resv FF(S1{B})"]);
  router.clear();
  router.pathTear("S1", "P2");
  assertEquals(router.sent(), []);
  assertEquals(router.senders(), ["S1 from P1"]);
  router.advance(31_000);
  assertEquals(router.sent("b"), []);
});

Deno.test("[2209-2-PATH-06] First by the wrong interface, then by the right one: forwarding is the right one's", () => {
  const router = oneSender();
  router.path("S1", "P2");
  assertEquals([router.sent(), router.senders()], [[], ["S1 from P2 (Local_Only)"]]);
  router.path("S1", "P1");
  assertEquals(router.sent(), ["c: Path S1{B}", "d: Path S1{B}"]);
  assertEquals(router.senders(), ["S1 from P1", "S1 from P2 (Local_Only)"]);
});

Deno.test("[2205-3.1.3-09] [2205-3.6-02] [2209-2-PATH-03] Unicast: the previous hop changes, and a Resv goes to the new one at once", () => {
  const router = unicast();
  router.neighbour("P9", "b");
  router.resv("R1", "FF(S1{B})");
  router.clear();
  router.path("S1", "P9", { tspec: 9 });
  const resvs = router.messages.filter((sent) => sent.text.startsWith("Resv"));
  assertEquals(resvs.map((sent) => [sent.interface, sent.to, sent.text]), [["b", "P9", "Resv FF(S1{B})"]]);
  assertEquals(objectOf(resvs[0], "RSVP_HOP").logicalInterfaceHandle, router.hop("P9").handle);
  assertEquals(router.senders(), ["S1 from P9", "S2 from P2", "S3 from P2"]);
});

Deno.test("[2205-3.1.5-02] A PathTear from the old PHOP after a route change leaves the merge node intact", () => {
  const router = unicast();
  router.neighbour("P9", "b");
  router.resv("R1", "FF(S1{B})");
  router.path("S1", "P9", { tspec: 9 });
  router.clear();
  router.pathTear("S1", "P1");
  assertEquals([router.sent(), router.drops()], [[], ["WRONG_HOP"]]);
  assertEquals([router.senders()[0], router.reserved("c")], ["S1 from P9", ["S1{B}"]]);
});

Deno.test("[2205-3.1.3-09] A PathTear of the hop that spoke last waits for the other one, whose Path keeps the reservation", () => {
  const router = unicast();
  router.neighbour("P9", "b");
  router.resv("R1", "FF(S1{B})");
  // The new branch, and a refresh of the old one, which then times out.
  router.path("S1", "P9", { tspec: 9 });
  router.path("S1", "P1", { tspec: 9 });
  router.clear();
  router.pathTear("S1", "P1");
  assertEquals([router.sent().filter((text) => text.includes("Tear")), router.reserved("c")], [[], ["S1{B}"]]);
  router.advance(44_000);
  router.path("S1", "P9", { tspec: 9 });
  router.advance(100_000);
  assertEquals([router.senders()[0], router.reserved("c")], ["S1 from P9", ["S1{B}"]]);
});

Deno.test("[2205-3.1.3-09] Where no other hop speaks within 1.5 R, the PathTear of a hop that has changed holds", () => {
  const router = unicast();
  router.neighbour("P9", "b");
  router.resv("R1", "FF(S1{B})");
  router.path("S1", "P9", { tspec: 9 });
  router.pathTear("S1", "P9");
  assertEquals(router.senders()[0], "S1 from P9");
  router.advance(45_001);
  assertEquals([router.senders(), router.reserved("c")], [["S2 from P2", "S3 from P2"], []]);
});

Deno.test("[2205-2.4-02] Long after a change of hop a PathTear travels on in the instant in which it comes", () => {
  const router = unicast();
  router.neighbour("P9", "b");
  router.path("S1", "P9", { tspec: 9 });
  for (let refresh = 0; refresh < 8; refresh++) {
    router.advance(30_000);
    for (const [sender, hop] of [["S1", "P9"], ["S2", "P2"], ["S3", "P2"]]) router.path(sender, hop, { tspec: 9 });
  }
  router.clear();
  router.pathTear("S1", "P9");
  assertEquals(router.sent(), ["c: PathTear S1"]);
});

Deno.test("[2209-2-PATH-03] A changed LIH alone draws a Resv with the new one", () => {
  const router = unicast();
  router.resv("R1", "FF(S1{B})");
  router.clear();
  router.path("S1", "P1", { tspec: 9, handle: 0xdeadbeef });
  const resv = router.messages.find((sent) => sent.text === "Resv FF(S1{B})")!;
  assertEquals([resv.interface, objectOf(resv, "RSVP_HOP").logicalInterfaceHandle], ["a", 0xdeadbeef]);
});

Deno.test("[2209-2-PATH-04] Every Path brings its lifetime, E_Police and TTL", () => {
  const router = oneSender();
  router.path("S1", "P1");
  router.advance(100_000);
  const flagged = { ...router.session, flags: 1 };
  router.path("S1", "P1", { session: flagged, arrival: { ttl: 33 }, message: { sendTtl: 33 } });
  const [row] = router.engine.inspect("senders");
  assertEquals([row.ttl, row.nonRsvp, row.expiresInMs], [33, 0, 157_500]);
});

Deno.test("[2209-2-PATH-08] [2205-1.3-01] A new sender under a WF reservation: upcall, Path, Resv to its hop, larger Path_Te", () => {
  const router = figure4({}, [1, 1, 1]);
  router.pathTear("S2", "P2");
  router.pathTear("S3", "P2");
  router.callSession(1);
  router.resv("R1", "WF(*{4B})");
  assertEquals(router.pathTspec("c"), ["B"]);
  router.clear();
  router.path("S2", "P2", { tspec: 2 });
  assertEquals(router.heard(), ["1: PATH_EVENT S2"]);
  assertEquals(router.sent().slice(0, 2), ["c: Path S2{2B}", "d: Path S2{2B}"]);
  assertEquals(router.sent("b"), ["Resv WF(*{4B}) SCOPE[S2]"]);
  assertEquals([router.pathTspec("c"), router.reserved("c")], [["3B"], ["*{4B}"]]);
});

Deno.test("[2205-3.8-04] [2205-3.1.1-05] [2209-2-PREFR-01] TTL: minus one at each hop, equal to Send_TTL; a difference is a hop without RSVP", () => {
  for (const [ttl, sendTtl, out, nonRsvp] of [[64, 64, 63, 0], [62, 64, 61, 1]]) {
    const router = oneSender();
    const adspec = {
      name: "UNKNOWN" as const,
      class: 13,
      ctype: 2,
      bytes: `0000000a010000080400000100000003060000014998968008000001000005dc0a000001000005dc05000000`,
    };
    router.path("S1", "P1", { adspec, message: { sendTtl }, arrival: { ttl } });
    for (const sent of router.messages) {
      assertEquals([sent.ttl, sent.message.sendTtl], [out, out]);
      const breakBit = /"name":"GENERAL"[^[]*"breakBit":(\d)/.exec(JSON.stringify(objectOf(sent, "ADSPEC")))?.[1];
      assertEquals(breakBit, String(nonRsvp));
    }
    assertEquals(router.messages.length, 2);
  }
});

Deno.test("[2209-2-PREFR-01] A Path that arrives with TTL 1 is not sent on", () => {
  const router = oneSender();
  router.path("S1", "P1", { message: { sendTtl: 1 }, arrival: { ttl: 1 } });
  assertEquals(router.sent(), []);
  assertEquals(router.senders(), ["S1 from P1"]);
});

Deno.test("[2205-3.1.3-10] Without a route, or with an empty list, path state stands and nothing is sent", () => {
  for (const answer of [{ found: false }, { in: "a", out: [] }]) {
    const router = oneSender();
    router.route("S1", answer);
    router.path("S1", "P1");
    assertEquals([router.sent(), router.senders()], [[], ["S1 from P1"]]);
  }
});

Deno.test("[2205-3.8-01] E_Police: told to the first traffic control that can police, and turned off downstream of it", () => {
  for (const [policing, flags] of [[1, 0], [0, 1]]) {
    const router = new Router({ interface: { c: { policing } } });
    router.neighbour("P1", "a");
    router.neighbour("R1", "c");
    router.sender("S1", { in: "a", out: ["c"] });
    router.path("S1", "P1", { session: { ...router.session, flags: 1 }, tspec: 9 });
    assertEquals(objectOf(router.messages[0], "SESSION").flags, flags);
    router.resv("R1", "FF(S1{B})");
    assertEquals(router.policing("c"), ["E"]);
  }
  const router = oneSender();
  router.path("S1", "P1");
  router.resv("R1", "FF(S1{B})");
  assertEquals(router.policing("c"), [""]);
});

Deno.test("[2205-A.1-04] SESSION flags are no part of its identity", () => {
  const router = oneSender();
  router.path("S1", "P1");
  router.path("S1", "P1", { session: { ...router.session, flags: 1 } });
  assertEquals(router.engine.inspect("sessions").length, 1);
});

Deno.test("[2205-1.1-01] Sessions that differ in one element are apart", () => {
  const router = oneSender();
  const base = router.session;
  const sessions = [base, { ...base, port: 5001 }, { ...base, protocol: 6 }, { ...base, destination: "224.1.1.2" }];
  for (const session of sessions) router.path("S1", "P1", { session });
  router.resv("R1", "FF(S1{B})");
  assertEquals(router.engine.inspect("sessions").map((row) => row.reservations).sort(), [0, 0, 0, 1]);
  assertNotEquals(router.reserved("c"), []);
});

Deno.test("[2205-3.1-02] Objects are taken in any order that the RFC permits", () => {
  const router = oneSender();
  router.path("S1", "P1", { edit: (objects) => [objects[2], objects[1], objects[0], objects[4], objects[3]] });
  assertEquals(router.sent(), ["c: Path S1{B}", "d: Path S1{B}"]);
  router.clear();
  router.resv("R1", "FF(S1{B})", { edit: ([session, hop, time, ...rest]) => [time, hop, session, ...rest] });
  assertEquals(router.sent(), ["a: Resv FF(S1{B})"]);
});
