/** The interface to applications: RFC 2205 sections 3.9 and 3.11.1. */
import { assertEquals } from "../assert.ts";
import { CALL_KIND, STATUS } from "../../host/boundary.gen.ts";
import { decodeObjects, encodeObjects, type ObjectInput } from "../../host/object_list.ts";
import { figure4 } from "./figures.ts";
import { senderTspec } from "./notation.ts";
import { Router } from "./router.ts";

const HERE = { destination: "10.0.3.1", protocol: 17, port: 5004 };
const AWAY = { destination: "192.0.2.20", protocol: 17, port: 5004 };

/** A host that is the destination of a unicast session (its interface c), with a sender behind P1. */
function receiver(): Router {
  const router = new Router({ session: HERE });
  router.neighbour("P1", "a");
  router.sender("S1");
  router.sender("S2");
  router.route("*", { local: true });
  return router;
}
/** A host with a sender of its own, whose data leave by (c) towards R1. */
function sender(): Router {
  const router = new Router({ session: AWAY });
  router.neighbour("R1", "c");
  router.sender("S1", undefined, { address: router.ownAddress("a") });
  router.route("*", { out: [{ interface: "c", gateway: "R1" }] });
  router.callSession(1);
  return router;
}

Deno.test("[2205-3.11.1-01] SESSION registers, and tells of the senders that are known already", () => {
  const router = receiver();
  router.path("S1", "P1");
  assertEquals(router.heard(), []);
  router.callSession(1);
  assertEquals(router.heard(), ["1: PATH_EVENT S1"]);
  router.callSession(1);
  assertEquals(router.heard().at(-1), `1: CALL_ERROR ${STATUS.BAD_CALL}`);
});

Deno.test("[2205-3.11.1-02] SENDER starts Path messages, and each later call sends one at once", () => {
  const router = sender();
  router.callSender(1, "S1", 1);
  assertEquals(router.sent(), ["c: Path S1{B}"]);
  router.clear();
  router.advance(1_000);
  router.callSender(1, "S1", 2);
  assertEquals(router.messages.map((sent) => [sent.timeMs, sent.text]), [[1_000, "Path S1{2B}"]]);
  router.clear();
  router.advance(61_000);
  assertEquals(router.sent(), ["c: Path S1{2B}", "c: Path S1{2B}"]);
});

Deno.test("[2205-3.11.1-03] Data_TTL is the TTL of the Path messages", () => {
  const router = sender();
  router.callSender(1, "S1", 1, { ttl: 5 });
  assertEquals(router.messages.map((sent) => [sent.ttl, sent.message.sendTtl]), [[5, 5]]);
});

Deno.test("[2205-3.11.1-04] RESERVE starts Resv messages; later calls modify; the confirmation is asked for once", () => {
  const router = receiver();
  router.path("S1", "P1", { tspec: 9 });
  router.callSession(1);
  router.callReserve(1, "FF(S1{B})", 1);
  assertEquals(router.sent(), ["a: Resv FF(S1{B}) CONFIRM((c))"]);
  router.clear();
  router.advance(31_000);
  assertEquals(router.sent("a"), ["Resv FF(S1{B})"]);
  router.clear();
  router.callReserve(1, "FF(S1{2B})");
  assertEquals(router.sent(), ["a: Resv FF(S1{2B})"]);
  router.clear();
  router.callReserve(1, "");
  assertEquals(router.sent(), ["a: ResvTear FF(S1)"]);
});

Deno.test("[2205-3.11.1-05] [2205-2.4-01] RELEASE tears at once, and nothing follows", () => {
  const router = receiver();
  router.path("S1", "P1", { tspec: 9 });
  router.callSession(1);
  router.callReserve(1, "FF(S1{B})");
  router.clear();
  router.call(1, "RELEASE");
  assertEquals([router.sent(), router.heard()], [["a: ResvTear FF(S1)"], []]);
  router.clear();
  router.path("S2", "P1");
  router.advance(200_000);
  assertEquals([router.sent("a"), router.heard()], [[], []]);
  const other = sender();
  other.callSender(1, "S1");
  other.clear();
  other.call(1, "RELEASE");
  assertEquals(other.sent(), ["c: PathTear S1"]);
  other.clear();
  other.advance(200_000);
  assertEquals([other.sent(), other.engine.inspect("sessions")], [[], []]);
});

Deno.test("[2205-3.11.1-06] PATH_EVENT and RESV_EVENT come at first and on change, errors each time", () => {
  const router = receiver();
  router.callSession(1);
  for (let times = 0; times < 10; times++) router.path("S1", "P1");
  assertEquals(router.heard(), ["1: PATH_EVENT S1"]);
  router.path("S1", "P1", { tspec: 2 });
  assertEquals(router.heard(), ["1: PATH_EVENT S1", "1: PATH_EVENT S1"]);
  router.callReserve(1, "FF(S1{B})");
  router.clear();
  for (let times = 0; times < 2; times++) router.resvError("P1", 2, 0, "FF(S1{B})");
  assertEquals(router.heard(), ["1: RESV_ERROR 2/0x0000 FF(S1{B})", "1: RESV_ERROR 2/0x0000 FF(S1{B})"]);
  router.clear();
  router.pathTear("S1", "P1");
  assertEquals(router.heard(), ["1: PATH_EVENT S1 gone"]);
  const other = sender();
  other.callSender(1, "S1", 9);
  for (const size of ["B", "B", "B", "2B"]) other.resv("R1", `FF(S1{${size}})`);
  other.resvTear("R1", "FF(S1)");
  assertEquals(other.heard(), ["1: RESV_EVENT FF(S1{B})", "1: RESV_EVENT FF(S1{2B})", "1: RESV_EVENT gone"]);
});

Deno.test("[2205-3.1.8-07] RESV_ERROR carries style, flow descriptor, code, value and flags", () => {
  const router = receiver();
  router.path("S1", "P1", { tspec: 9 });
  router.callSession(1);
  router.callReserve(1, "SE(S1{4B})");
  router.clear();
  router.resvError("P1", 1, 2, "SE(S1{4B})", { flags: 1 });
  assertEquals(router.heard(), ["1: RESV_ERROR 1/0x0002 InPlace SE(S1{4B})"]);
});

Deno.test("[2205-3.11.1-08] An FF Resv for one sender is one RESV_EVENT with its flowspec", () => {
  const router = sender();
  router.callSender(1, "S1", 9);
  router.callSession(2);
  router.sender("S2", undefined, { address: router.ownAddress("b") });
  router.callSender(2, "S2", 9);
  router.resv("R1", "FF(S1{B}, S2{2B})");
  assertEquals(router.heard().sort(), ["1: RESV_EVENT FF(S1{B})", "2: RESV_EVENT FF(S2{2B})"]);
});

Deno.test("[2205-2.10-01] A RESERVE before any Path is kept and made when one comes", () => {
  const router = receiver();
  router.callSession(1);
  router.callReserve(1, "FF(S1{B})");
  assertEquals([router.sent(), router.heard()], [[], []]);
  router.path("S1", "P1", { tspec: 9 });
  assertEquals(router.sent(), ["a: Resv FF(S1{B})"]);
  router.clear();
  router.pathTear("S1", "P1");
  router.path("S1", "P1", { tspec: 9 });
  assertEquals(router.sent(), ["a: Resv FF(S1{B})"]);
});

Deno.test("[2205-3.1.3-07] A sender does not hear its own Path, another application of the host does", () => {
  const router = new Router();
  router.sender("S1", { out: ["c"] }, { address: router.ownAddress("a") });
  router.callSession(1);
  router.callSession(2);
  router.callSender(1, "S1");
  assertEquals(router.heard(), ["2: PATH_EVENT S1"]);
});

Deno.test("[2205-3.9-01] A Path leaves only by the interface that the application names", () => {
  const router = new Router();
  router.sender("S1", { out: ["c", "d"] }, { address: router.ownAddress("a") });
  router.callSession(1);
  router.callSender(1, "S1", 1, { interface: "b" });
  assertEquals(router.sent(), ["b: Path S1{B}"]);
});

Deno.test("[2205-3.9-01] The interface that an application has named stays, whatever routing says later", () => {
  const router = new Router();
  router.sender("S1", { out: ["c", "d"] }, { address: router.ownAddress("a") });
  router.callSession(1);
  router.callSender(1, "S1", 1, { interface: "b" });
  router.routesChange("224.0.0.0", 4);
  router.clear();
  router.advance(60_000);
  assertEquals(router.sent(), ["b: Path S1{B}", "b: Path S1{B}"]);
});

Deno.test("[2205-3.11.1-02] A later call may name another interface, or none; one that does not exist is refused", () => {
  const router = new Router();
  router.sender("S1", { out: ["c", "d"] }, { address: router.ownAddress("a") });
  router.neighbour("R1", "b");
  router.callSession(1);
  router.callSender(1, "S1", 1, { interface: "a" });
  router.callSender(1, "S1", 1, { interface: "b" });
  assertEquals(router.sent(), ["a: Path S1{B}", "b: Path S1{B}"]);
  router.resv("R1", "FF(S1{B})");
  assertEquals(router.reserved("b"), ["S1{B}"]);
  router.clear();
  router.advance(60_000);
  assertEquals(router.sent(), ["b: Path S1{B}", "b: Path S1{B}"]);

  // Handle 9 is nobody's: what stands is left alone.
  router.clear();
  const objects = encodeObjects([router.template("S1"), senderTspec(5)]);
  router.engine.submit("CALL", { call: CALL_KIND.SENDER, application: 1, interface: 9, objects }, router.nowMs);
  router.drain();
  assertEquals([router.heard(), router.sent()], [[`1: CALL_ERROR ${STATUS.UNKNOWN_INTERFACE}`], []]);

  // By route again: at once by what stood, and W after the answer of routing where that leads.
  router.clear();
  router.callSender(1, "S1", 2);
  assertEquals(router.sent(), ["b: Path S1{2B}"]);
  router.advance(2_000);
  assertEquals(router.sent(), ["b: Path S1{2B}", "c: Path S1{2B}", "d: Path S1{2B}"]);
});

Deno.test("What an application changes while its route is asked for again goes by the route that stands, or by the interface it names", () => {
  const router = sender();
  router.callSender(1, "S1");
  router.answersRoutes = false;
  router.clear();
  router.routesChange("192.0.2.0", 24);
  assertEquals(router.queries.length, 1);
  router.callSender(1, "S1", 2);
  assertEquals(router.sent(), ["c: Path S1{2B}"]);
  router.routesChange("192.0.2.0", 24);
  router.clear();
  router.callSender(1, "S1", 3, { interface: "d" });
  router.advance(60_000);
  assertEquals(router.sent(), ["d: Path S1{3B}", "d: Path S1{3B}", "d: Path S1{3B}"]);
});

Deno.test("[2209-2-PATH-05] A local sender has the outgoing interface of its route, no incoming one, and does not time out", () => {
  const router = sender();
  router.callSender(1, "S1");
  router.advance(400_000);
  const [row] = router.engine.inspect("senders");
  assertEquals([row.incomingInterface, row.outgoingCount, row.expiresInMs], [0, 1, 0xffffffff]);
});

/** A multihomed host: routing expects S1 on (a); its Path comes there and, on another link, by (b). */
function multihomed(out: readonly string[], paths: readonly (readonly [string, string])[]): Router {
  const router = new Router();
  for (const [name, letter] of [["PA", "a"], ["PB", "b"]]) router.neighbour(name, letter);
  router.sender("S1", { in: "a", out });
  for (const [name, from] of paths) router.path(name, from, { tspec: 9 });
  router.callSession(1);
  router.clear();
  return router;
}
const reserve = (router: Router, letter?: string) =>
  router.call(1, "RESERVE", [router.filter("S1")].flatMap((filter) => [FLOW, filter]), {
    style: "FF",
    interface: letter,
  });
const FLOW = {
  name: "FLOWSPEC" as const,
  ctype: 2,
  service: 5,
  tokenBucketRateBytesPerSecond: 1000,
  tokenBucketSizeBytes: 1000,
  peakRateBytesPerSecond: 2000,
  minimumPolicedUnitBytes: 64,
  maximumPacketSizeBytes: 1500,
};

Deno.test("[2205-3.9-02] [2205-3.9-04] Joined on (b), where Local_Only path state came: the Resv leaves by (b)", () => {
  const router = multihomed([], [["S1", "PA"], ["S1", "PB"]]);
  assertEquals(router.senders(), ["S1 from PA", "S1 from PB (Local_Only)"]);
  reserve(router, "b");
  assertEquals(router.sent(), ["b: Resv FF(S1{B})"]);
});

Deno.test("[2205-3.9-04] Joined on (b) without path state there, but routed to (b): the Resv leaves by (a)", () => {
  const router = multihomed(["b"], [["S1", "PA"]]);
  reserve(router, "b");
  assertEquals(router.sent(), ["a: Resv FF(S1{B})"]);
});

Deno.test("[2205-3.9-02] [2205-3.9-03] Without an interface of its own a receiver reserves where routing expects the data", () => {
  const router = multihomed([], [["S1", "PA"], ["S1", "PB"]]);
  reserve(router);
  assertEquals(router.sent(), ["a: Resv FF(S1{B})"]);
});

Deno.test("[2205-3.2-05] What an application may ask: any protocol and port but a source port without a destination port", () => {
  const router = new Router({ session: { destination: "192.0.2.20", protocol: 17, port: 0 } });
  router.sender("S1", { out: ["c"] }, { address: router.ownAddress("a") });
  router.callSession(1);
  assertEquals(router.heard(), []);
  router.callSender(1, "S1");
  assertEquals(router.heard(), [`1: CALL_ERROR ${STATUS.PORT_CONFLICT}`]);
});

Deno.test("[2205-B-14] Code 20 is told to the application whose sender address is not this node's, and never sent", () => {
  const router = new Router();
  router.sender("S1", { out: ["c"] });
  router.callSession(1);
  router.callSender(1, "S1");
  assertEquals(router.heard(), ["1: PATH_ERROR 20/0x0015 S1"]);
  assertEquals(router.sent(), []);
});

Deno.test("[2209-2-RREFR-04] Propagation of a Resv ends at a local sender", () => {
  const router = sender();
  router.callSender(1, "S1", 9);
  router.clear();
  router.resv("R1", "FF(S1{B})");
  router.advance(31_000);
  assertEquals(router.messages.filter((sent) => sent.text.startsWith("Resv")), []);
});

Deno.test("[2205-3.11.1-06] PATH_EVENT tells what has changed for receivers: not E_Police, not another previous hop or LIH", () => {
  const router = figure4();
  router.callSession(1);
  router.clear();
  const session = { destination: "224.1.1.1", protocol: 17, port: 5000, flags: 1 };
  router.path("S1", "P1", { tspec: 9, session });
  router.path("S1", "P1", { tspec: 9, handle: 77 });
  router.neighbour("P9", "a");
  router.path("S1", "P9", { tspec: 9 });
  assertEquals(router.heard(), []);
  router.path("S1", "P9", { tspec: 8 });
  assertEquals(router.heard(), ["1: PATH_EVENT S1"]);
});

Deno.test("[2205-3.8-04] A receiver's ADSPEC tells of hops without RSVP between the last router and its host", () => {
  const router = figure4();
  router.callSession(1);
  const own = new Router({ session: { destination: "192.0.2.20", protocol: 17, port: 5004 } });
  own.neighbour("R1", "c");
  own.sender("S1", undefined, { address: own.ownAddress("a") });
  own.route("*", { out: [{ interface: "c", gateway: "R1" }] });
  own.callSession(1);
  own.callSender(1, "S1", 9);
  const [path] = own.messages;
  const adspec = path.message.objects.find((object) => object.name === "ADSPEC") as unknown as ObjectInput;
  const breaks = () => {
    const [event] = router.events.splice(0);
    const [found] = decodeObjects(event.objects).filter((object) => object.name === "ADSPEC");
    return (found as unknown as { services: { breakBit: number }[] }).services.map(({ breakBit }) => breakBit);
  };
  router.clear();
  router.path("S1", "P1", { tspec: 9, adspec, arrival: { ttl: 64 } });
  assertEquals(breaks()[0], 0);
  // One hop has counted the TTL down and said nothing: that is news, too.
  router.path("S1", "P1", { tspec: 9, adspec, arrival: { ttl: 63 } });
  assertEquals(breaks()[0], 1);
  router.path("S1", "P1", { tspec: 9, adspec, arrival: { ttl: 63 } });
  assertEquals(router.events, []);
});
