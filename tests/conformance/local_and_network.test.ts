/** Applications of a router beside its neighbours: merging, styles and teardown where both take part. */
import { assertEquals } from "../assert.ts";
import { STATUS } from "../../host/boundary.gen.ts";
import { figure4 } from "./figures.ts";
import { flowspec } from "./notation.ts";
import { Router } from "./router.ts";

Deno.test("A local receiver and next hops merge towards the previous hop; traffic control has the network's alone", () => {
  const router = figure4();
  router.callSession(1);
  router.callReserve(1, "WF(*{3B})");
  assertEquals(router.sent("a"), ["Resv WF(*{3B}) SCOPE[S1]"]);
  assertEquals(router.trafficControl, []);
  router.resv("R1", "WF(*{2B})");
  assertEquals([router.reserved("c"), router.sent("a")], [["*{2B}"], ["Resv WF(*{3B}) SCOPE[S1]"]]);
  router.clear();
  router.callReserve(1, "");
  assertEquals(router.sent("a"), ["Resv WF(*{2B}) SCOPE[S1]"]);
});

Deno.test("Two applications of one session merge, and each withdraws its own", () => {
  const router = figure4();
  for (const application of [1, 2]) router.callSession(application);
  router.callReserve(1, "SE(S1{2B})");
  router.callReserve(2, "SE((S1,S2){4B})");
  assertEquals(router.sent("a").at(-1), "Resv SE(S1{4B})");
  router.clear();
  router.call(2, "RELEASE");
  assertEquals(router.sent("a"), ["Resv SE(S1{2B})"]);
  assertEquals(router.sent("b"), ["ResvTear SE(S2)"]);
});

Deno.test("An application's style must be the session's", () => {
  const router = figure4();
  router.resv("R1", "WF(*{2B})");
  router.callSession(1);
  router.clear();
  router.callReserve(1, "FF(S1{B})");
  assertEquals(router.heard(), [`1: CALL_ERROR ${STATUS.STYLE_CONFLICT}`]);
  assertEquals(router.sent(), []);
});

Deno.test("A next hop's style must be that of the application's reservation", () => {
  const router = figure4();
  router.callSession(1);
  router.callReserve(1, "SE(S1{B})");
  router.clear();
  router.resv("R1", "WF(*{B})");
  assertEquals(router.sent(), ["c: ResvErr 5/0x0012 WF(*{B})"]);
});

Deno.test("A sender whose template changes is another sender: the old one is torn, the new one announced", () => {
  const router = figure4();
  router.sender("S8", { out: ["c"] }, { address: router.ownAddress("a"), port: 8 });
  router.sender("S9", { out: ["c"] }, { address: router.ownAddress("a"), port: 9 });
  router.callSession(1);
  router.callSender(1, "S8");
  router.clear();
  router.callSender(1, "S9");
  assertEquals(router.sent("c"), ["PathTear S8", "Path S9{B}"]);
});

Deno.test("A sender that is withdrawn takes the reservations for it along", () => {
  const router = figure4();
  router.sender("S8", { out: ["c"] }, { address: router.ownAddress("a"), port: 8 });
  router.callSession(1);
  router.callSender(1, "S8", 9);
  router.resv("R1", "FF(S8{2B})");
  assertEquals(router.reserved("c"), ["S8{2B}"]);
  router.clear();
  router.call(1, "SENDER");
  assertEquals([router.sent("c"), router.reserved("c"), router.trafficControl], [["PathTear S8"], [], ["c: REMOVE"]]);
});

Deno.test("A RESERVE of the same style replaces the one before: filters that it does not name are torn", () => {
  const router = figure4();
  router.callSession(1);
  router.callReserve(1, "FF(S1{2B}, S2{3B})");
  router.clear();
  router.callReserve(1, "FF(S2{3B}, S3{B})");
  assertEquals(router.sent("a"), ["ResvTear FF(S1)"]);
  assertEquals(router.sent("b"), ["Resv FF(S2{3B}, S3{B})"]);
});

/** A host with S1 on its interface (a), S0 on the same address without a port; data go to R1 on (c). */
function senderHost(): Router {
  const router = new Router({ session: { destination: "192.0.2.20", protocol: 17, port: 5004 } });
  router.neighbour("R1", "c");
  router.neighbour("P1", "b");
  router.sender("S1", undefined, { address: router.ownAddress("a") });
  router.sender("S0", undefined, { address: router.ownAddress("a"), port: 0 });
  router.route("*", { out: [{ interface: "c", gateway: "R1" }] });
  router.callSession(1);
  router.callSession(2);
  return router;
}

Deno.test("[2205-3.11.1-02] Two applications are not one sender: the second is refused, and tears nothing down", () => {
  const router = senderHost();
  router.callSender(1, "S1", 9);
  router.callSender(2, "S1", 9);
  assertEquals(router.heard(), [`2: CALL_ERROR ${STATUS.BAD_CALL}`]);
  router.resv("R1", "FF(S1{4B})");
  assertEquals(router.pathTspec("c"), ["9B"]);
  router.clear();
  router.call(2, "RELEASE");
  assertEquals([router.sent(), router.senders()], [[], ["S1 from local"]]);
  router.call(1, "RELEASE");
  assertEquals(router.sent(), ["c: PathTear S1"]);
});

Deno.test("[2205-3.2-03] Applications of one host with and without a source port are conflicting senders", () => {
  const router = senderHost();
  router.callSender(1, "S1", 9);
  router.callSender(2, "S0", 9);
  assertEquals(router.heard(), [`2: CALL_ERROR ${STATUS.SENDER_PORT_CONFLICT}`]);
  assertEquals(router.senders(), ["S1 from local"]);
  // The one that it is may change.
  router.callSender(1, "S0", 9);
  assertEquals(router.senders(), ["S0 from local"]);
});

Deno.test("[2209-2-PATH-05] Path state that the network has made of an application's sender ends when the application speaks", () => {
  const router = senderHost();
  router.path("S1", "P1", { tspec: 5 });
  router.clear();
  router.callSender(1, "S1", 9);
  assertEquals([router.senders(), router.sent("c")], [["S1 from local"], ["PathTear S1", "Path S1{9B}"]]);
  router.path("S1", "P1", { tspec: 5 });
  assertEquals(router.drops(), ["OWN_MESSAGE"]);
  router.clear();
  router.advance(31_000);
  assertEquals(router.sent("c"), ["Path S1{9B}"]);
});

Deno.test("[2205-1.3-04] Applications that wait for a first Path with different styles: the second is refused", () => {
  const router = figure4();
  const session = { destination: "224.1.1.2", protocol: 17, port: 5000 };
  router.callSession(1, session);
  router.callSession(2, session);
  router.callReserve(1, "WF(*{3B})");
  router.callReserve(2, "FF(S1{B})");
  assertEquals(router.heard(), [`2: CALL_ERROR ${STATUS.STYLE_CONFLICT}`]);
  router.callReserve(2, "WF(*{4B})");
  router.path("S1", "P1", { session });
  assertEquals(router.sent("a"), ["Resv WF(*{4B})"]);
});

Deno.test("[2205-B-07] What an application has heard 05 for is made when the conflict is over, whoever ends it", () => {
  const ends: Record<string, (router: Router) => void> = {
    "another style of the same hop": (router) => router.resv("R1", "FF(S1{2B})"),
    "a teardown": (router) => router.resvTear("R1", "WF(*)"),
    "its lifetime": (router) => {
      for (let refresh = 0; refresh < 12; refresh++) {
        router.advance(20_000);
        router.path("S1", "P1", { tspec: 9 });
        router.path("S1", "P2", { tspec: 9 });
      }
    },
  };
  for (const [name, end] of Object.entries(ends)) {
    const router = new Router();
    for (const [node, letter] of [["P1", "a"], ["P2", "b"], ["R1", "c"]]) router.neighbour(node, letter);
    router.sender("S1", { in: "a", out: ["c"] });
    router.callSession(1);
    router.call(1, "RESERVE", [flowspec(3), router.filter("S1")], { style: "FF", interface: "b" });
    router.path("S1", "P1", { tspec: 9 });
    router.resv("R1", "WF(*{B})");
    router.path("S1", "P2", { tspec: 9 });
    const own = () => router.engine.inspect("reservations").filter((row) => row.application === 1).length;
    assertEquals(own(), 0, name);
    end(router);
    assertEquals(own(), 1, name);
  }
});

Deno.test("[2205-B-07] An application that waits hears 05, once, when a neighbour's reservation of another style stands first", () => {
  const router = new Router();
  for (const [name, letter] of [["P1", "a"], ["P2", "b"], ["R1", "c"]]) router.neighbour(name, letter);
  router.sender("S1", { in: "a", out: ["c"] });
  // Joined on (b): it hears S1 by path state there alone.
  router.callSession(1);
  router.call(1, "RESERVE", [flowspec(3), router.filter("S1")], { style: "FF", interface: "b" });
  router.path("S1", "P1", { tspec: 9 });
  router.resv("R1", "WF(*{B})");
  router.clear();
  router.path("S1", "P2", { tspec: 9 });
  router.path("S1", "P2", { tspec: 8 });
  assertEquals(router.heard(), ["1: PATH_EVENT S1", "1: RESV_ERROR 5/0x0011 FF(S1{3B})", "1: PATH_EVENT S1"]);
});
