/** Routes, interfaces and local repair: RFC 2205 sections 3.3, 3.6 and 3.11.4; RFC 2209, ROUTE CHANGE and local repair. */
import { INTERFACE_OPTION } from "../../host/boundary.gen.ts";
import { assertEquals } from "../assert.ts";
import { figure4, unicast } from "./figures.ts";
import { Router } from "./router.ts";

const at = (router: Router) => router.messages.map((sent) => `${sent.timeMs} ${sent.interface}: ${sent.text}`);

Deno.test("[2205-3.6-01] [2205-3.11.4-02] [2209-2-PATH-07] [2209-2-RCHG-01] A route change: Paths on the new interface after W, for every session to the group", () => {
  const router = figure4({ config: { localRepairDelayMs: 2_000 } });
  const other = { ...router.session, port: 5001 };
  const elsewhere = { ...router.session, destination: "224.7.7.7" };
  router.path("S1", "P1", { session: other, tspec: 9 });
  router.path("S1", "P1", { session: elsewhere, tspec: 9 });
  router.clear();
  router.route("S1", { in: "a", out: ["b", "d"] });
  router.routesChange("224.1.1.1", 32);
  assertEquals(router.sent(), []);
  router.advance(1_999);
  assertEquals(router.sent(), []);
  router.advance(1);
  // S1 of both sessions to the group; S2 and S3, whose routes are what they were, are not sent.
  const sent = at(router).sort();
  assertEquals(sent, ["b", "b", "d", "d"].map((letter) => `2000 ${letter}: Path S1{9B}`));
});

for (const style of ["FF(S1{B})", "SE(S1{B})", "WF(*{B})"]) {
  Deno.test(`After a route change refreshes keep up what ${style} has upstream, while the new branch is not reserved`, () => {
    const router = unicast({ config: { localRepairDelayMs: 60_000 } });
    router.neighbour("R9", "d");
    router.resv("R1", style);
    router.clear();
    router.route("*", { out: [{ interface: "d", gateway: "R9" }] });
    router.routesChange("192.0.2.0", 24);
    // Two refreshes at least, within the lifetime of what stands on the old interface.
    router.advance(100_000);
    const said = router.sent("a");
    assertEquals([said.length >= 2, said.every((text) => text.startsWith("Resv "))], [true, true]);
    router.path("S1", "P1", { tspec: 9 });
    // Nobody has reserved the new branch when that ends: the next refresh at the latest says so.
    router.advance(110_000);
    assertEquals([router.reserved("c"), router.sent("a").some((text) => text.startsWith("ResvTear"))], [[], true]);
  });
}

Deno.test("A route change keeps what is reserved upstream until the new branch is reserved", () => {
  const router = unicast({ config: { localRepairDelayMs: 2_000 } });
  router.neighbour("R9", "d");
  router.resv("R1", "FF(S1{B})");
  router.clear();
  router.route("*", { out: [{ interface: "d", gateway: "R9" }] });
  router.routesChange("192.0.2.0", 24);
  assertEquals(router.sent(), []);
  router.advance(2_000);
  assertEquals(router.sent("d").sort(), ["Path S1{9B}", "Path S2{9B}", "Path S3{9B}"]);
  router.clear();
  router.resv("R9", "FF(S1{B})");
  // The same is asked for upstream as before, so there is nothing to say.
  assertEquals([router.reserved("d"), router.sent("a")], [["S1{B}"], []]);
  // What is left on the old interface ends with its lifetime.
  router.advance(157_500);
  assertEquals(router.reserved("c"), []);
});

Deno.test("[2209-2-RCHG-01] The interface that routing expects changes: the other path state forwards", () => {
  const router = new Router({ config: { localRepairDelayMs: 2_000 } });
  for (const [name, letter] of [["P1", "a"], ["P2", "b"], ["R1", "c"]]) router.neighbour(name, letter);
  router.sender("S1", { in: "a", out: ["c"] });
  router.path("S1", "P1", { tspec: 9 });
  router.path("S1", "P2", { tspec: 9 });
  router.resv("R1", "FF(S1{B})");
  assertEquals(router.senders(), ["S1 from P1", "S1 from P2 (Local_Only)"]);
  router.clear();
  router.route("S1", { in: "b", out: ["c"] });
  router.routesChange("224.0.0.0", 4);
  assertEquals(router.senders(), ["S1 from P1 (Local_Only)", "S1 from P2"]);
  assertEquals(router.sent("b"), ["Resv FF(S1{B})"]);
  router.advance(2_000);
  assertEquals(router.sent("c"), ["Path S1{9B}"]);
});

Deno.test("[2209-2-RCHG-01] A change that concerns other prefixes, or changes nothing, draws nothing", () => {
  const router = figure4();
  router.routesChange("224.1.2.0", 24);
  assertEquals(router.queries.length, 0);
  router.routesChange("224.1.1.0", 24);
  assertEquals(router.queries.length, 3);
  router.advance(3_000);
  assertEquals(router.sent(), []);
});

Deno.test("A route change that takes an interface away from a group: others keep theirs", () => {
  const router = figure4();
  router.resv("R1", "WF(*{4B})");
  router.resv("R2", "WF(*{2B})");
  router.clear();
  router.route("S1", { in: "a", out: ["d"] });
  router.routesChange("224.1.1.1", 32);
  // S1 no more reaches (c): its previous hop hears what (d) asks for.
  assertEquals(router.sent("a"), ["Resv WF(*{2B}) SCOPE[S1]"]);
  assertEquals(router.sent("b"), []);
  assertEquals([router.reserved("c"), router.pathTspec("c")], [["*{4B}"], ["18B"]]);
});

Deno.test("A sender that comes to reach an interface with a reservation is reserved for at once", () => {
  const router = figure4();
  router.route("S1", { in: "a", out: [] });
  router.routesChange("224.1.1.1", 32);
  router.resv("R1", "WF(*{4B})");
  assertEquals(router.sent("a"), []);
  router.route("S1", { in: "a", out: ["c"] });
  router.routesChange("224.1.1.1", 32);
  assertEquals(router.sent("a"), ["Resv WF(*{4B}) SCOPE[S1]"]);
});

Deno.test("A Path that comes while its route is asked for waits; the answer sends the latest", () => {
  const router = new Router();
  router.neighbour("P1", "a");
  router.sender("S1", { in: "a", out: ["c"] });
  router.answersRoutes = false;
  router.path("S1", "P1", { tspec: 1 });
  router.path("S1", "P1", { tspec: 2 });
  assertEquals([router.sent(), router.queries.length], [[], 1]);
  router.answerRoute(router.queries[0]);
  assertEquals(router.sent(), ["c: Path S1{2B}"]);
});

Deno.test("[2205-3.11.4-01] An interface without RSVP: nothing goes out, and what comes in is ignored", () => {
  const router = new Router({ interface: { c: { options: INTERFACE_OPTION.NO_RSVP } } });
  for (const [name, letter] of [["P1", "a"], ["P3", "c"]]) router.neighbour(name, letter);
  router.sender("S1", { in: "a", out: ["c", "d"] });
  router.sender("S3", { in: "c", out: ["d"] });
  router.path("S1", "P1");
  assertEquals(router.sent(), ["d: Path S1{B}"]);
  router.clear();
  router.path("S3", "P3");
  assertEquals([router.sent(), router.senders(), router.drops()], [[], ["S1 from P1"], []]);
});

Deno.test("An interface that goes down lets its reservations go, and previous hops hear what is left", () => {
  const router = figure4();
  router.resv("R1", "WF(*{4B})");
  router.resv("R2", "WF(*{2B})");
  router.clear();
  router.configure("c", { up: 0 });
  assertEquals([router.reserved("c"), router.reserved("d"), router.reservedRate("c")], [[], ["*{2B}"], 0]);
  assertEquals(router.sent("a"), ["Resv WF(*{2B}) SCOPE[S1]"]);
  // (d) has no more less than (c), so B_Police is off.
  assertEquals(router.trafficControl, ["c: REMOVE", "d: CHANGE WF(*{2B}) M"]);
  router.clear();
  router.configure("d", { up: 0 });
  assertEquals(
    router.sent().sort(),
    ["a: ResvTear WF(*)", "b: ResvTear WF(*)"],
  );
  router.clear();
  router.advance(31_000);
  assertEquals(router.sent(), []);
  router.configure("c");
  router.clear();
  router.resv("R1", "WF(*{4B})");
  assertEquals(router.sent("a"), ["Resv WF(*{4B}) SCOPE[S1]"]);
});

Deno.test("[2205-2.9-01] A Resv addressed to another node is left to IP", () => {
  const router = unicast();
  router.resv("R1", "FF(S1{B})", { arrival: { destination: "10.0.1.10", ttl: 40 } });
  assertEquals([router.sent(), router.reserved("c")], [[], []]);
  assertEquals(router.relays.map((relay) => [relay.ttl, relay.payload.length > 0]), [[39, true]]);
});

Deno.test("[2205-3.11.5-01] Path, PathTear and ResvConf for others are processed here, and not relayed besides", () => {
  const router = unicast();
  router.path("S1", "P1", { tspec: 3 });
  router.resvConfirm("P1", "R1", "FF(S1{B})");
  router.pathTear("S1", "P1");
  assertEquals(router.sent().map((text) => text.split(" ")[1]), ["Path", "ResvConf", "PathTear"]);
  assertEquals(router.relays, []);
});

Deno.test("[2205-2.9-01] What goes on as IP with TTL 1 ends here", () => {
  const router = unicast();
  router.resv("R1", "FF(S1{B})", { arrival: { destination: "10.0.1.10", ttl: 1 } });
  assertEquals(router.relays, []);
});

Deno.test("[2205-2.3-05] Our own Path that comes back is no state", () => {
  const router = figure4();
  router.neighbour("SELF", "a");
  router.path("S1", "SELF", { hopAddress: router.ownAddress("c") });
  assertEquals([router.sent(), router.drops()], [[], ["OWN_MESSAGE"]]);
});

Deno.test("A previous hop that changes while its route is asked for again gets the Resv, and a changed Tspec goes on", () => {
  const router = unicast();
  router.resv("R1", "FF(S1{3B})");
  router.answersRoutes = false;
  router.routesChange("192.0.2.0", 24);
  router.clear();
  router.path("S1", "P2", { tspec: 8 });
  for (const query of router.queries.slice()) router.answerRoute(query);
  assertEquals(router.sent("b"), ["Resv FF(S1{3B})"]);
  assertEquals(router.sent("c"), ["Path S1{8B}"]);
});

Deno.test("[2205-3.6-01] While a route is asked for again, Paths are refreshed on the one that stands, and after the answer too", () => {
  const router = new Router();
  for (const [name, letter] of [["P1", "a"], ["R1", "c"]]) router.neighbour(name, letter);
  router.sender("S1", { in: "a", out: ["c"] });
  router.path("S1", "P1", { refreshPeriodMs: 0x3fffffff });
  router.answersRoutes = false;
  router.routesChange("224.0.0.0", 4);
  const [, query] = router.queries;
  router.clear();
  router.advance(45_000);
  assertEquals(router.messages.map(({ timeMs }) => timeMs), [30_000]);
  // The same route: nothing is repaired.
  router.answerRoute(query);
  router.advance(60_000);
  assertEquals(router.messages.map(({ timeMs }) => timeMs), [30_000, 60_000, 90_000]);
});

/** S1 comes by (a) and by (b), and routing does not say which it expects. */
function twoWays(): Router {
  const router = new Router();
  for (const [name, letter] of [["P1", "a"], ["P2", "b"], ["R1", "c"]]) router.neighbour(name, letter);
  router.sender("S1", { out: ["c"] });
  router.callSession(1);
  router.path("S1", "P1", { tspec: 9 });
  router.path("S1", "P2", { tspec: 9 });
  router.resv("R1", "FF(S1{B})");
  assertEquals(router.senders(), ["S1 from P1", "S1 from P2 (Local_Only)"]);
  router.clear();
  return router;
}

Deno.test("[2205-3.9-03] [2205-3.11.4-02] Routing expects no interface: with the path state that forwarded gone, the other forwards", () => {
  const router = twoWays();
  router.pathTear("S1", "P1");
  assertEquals(router.senders(), ["S1 from P2"]);
  // Nothing ends beyond (c); the Resv goes to the new previous hop.
  assertEquals(router.sent(), ["c: Path S1{9B}", "b: Resv FF(S1{B})"]);
  assertEquals([router.reserved("c"), router.pathTspec("c")], [["S1{B}"], ["9B"]]);
  assertEquals([router.trafficControl, router.heard()], [[], ["1: PATH_EVENT S1"]]);
  router.clear();
  router.advance(31_000);
  assertEquals(router.sent("c"), ["Path S1{9B}"]);
  router.pathTear("S1", "P2");
  assertEquals([router.senders(), router.sent("c").at(-1), router.reserved("c")], [[], "PathTear S1", []]);
});

Deno.test("[2205-3.9-03] The same where the path state that forwarded times out", () => {
  const router = twoWays();
  for (let seconds = 0; seconds < 160; seconds += 20) {
    router.advance(20_000);
    router.path("S1", "P2", { tspec: 9 });
    router.resv("R1", "FF(S1{B})");
  }
  assertEquals([router.senders(), router.reserved("c")], [["S1 from P2"], ["S1{B}"]]);
  assertEquals(router.sent("c").filter((text) => text.startsWith("PathTear")), []);
  assertEquals(router.sent("b").at(-1), "Resv FF(S1{B})");
});

Deno.test("[2205-3.11.1-06] An application that a change of route brings a sender's data to hears PATH_EVENT", () => {
  const router = new Router({ config: { localRepairDelayMs: 2_000 } });
  for (const [name, letter] of [["P1", "a"], ["P2", "b"]]) router.neighbour(name, letter);
  router.sender("S1", { in: "a", out: [] });
  router.callSession(1);
  router.path("S1", "P2", { tspec: 9 });
  assertEquals([router.senders(), router.heard()], [["S1 from P2 (Local_Only)"], []]);
  router.route("S1", { in: "b", out: [] });
  router.routesChange("224.0.0.0", 4);
  assertEquals(router.heard(), ["1: PATH_EVENT S1"]);
  // The other path state may say something else of the sender.
  router.path("S1", "P1", { tspec: 9 });
  router.route("S1", { in: "a", out: [] });
  router.routesChange("224.0.0.0", 4);
  router.advance(3_000);
  assertEquals(router.senders(), ["S1 from P1", "S1 from P2 (Local_Only)"]);
  assertEquals(router.heard(), ["1: PATH_EVENT S1", "1: PATH_EVENT S1"]);
  router.routesChange("224.0.0.0", 4);
  assertEquals(router.heard().length, 2);
});
