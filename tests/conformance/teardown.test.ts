/** Teardown: RFC 2205 sections 2.4, 3.1.5 and 3.1.6, in the states of figures 5 to 7. */
import { assertEquals } from "../assert.ts";
import { figure4 } from "./figures.ts";

function figure5() {
  const router = figure4();
  router.resv("R1", "WF(*{4B})");
  router.resv("R2", "WF(*{3B})");
  router.resv("R3", "WF(*{2B})");
  router.clear();
  return router;
}
function figure6() {
  const router = figure4();
  router.resv("R1", "FF(S1{4B}, S2{5B})");
  router.resv("R2", "FF(S1{3B}, S3{B})");
  router.resv("R3", "FF(S1{B})");
  router.clear();
  return router;
}
function figure7() {
  const router = figure4();
  router.resv("R1", "SE((S1,S2){B})");
  router.resv("R2", "SE((S1,S3){3B})");
  router.resv("R3", "SE(S2{2B})");
  router.clear();
  return router;
}

Deno.test("[2205-3.1.6-04] Figure 6: R2 tears S3, nobody else wants it, so a ResvTear goes to its previous hop", () => {
  const router = figure6();
  router.resvTear("R2", "FF(S3)");
  assertEquals(router.reserved("d"), ["S1{3B}"]);
  assertEquals(router.reserved("c"), ["S1{4B}", "S2{5B}"]);
  assertEquals(router.sent(), ["b: ResvTear FF(S3)"]);
  assertEquals(router.trafficControl, ["d: REMOVE"]);
});

Deno.test("[2205-3.1.6-04] [2209-2-RTEAR-02] Figure 6: R1 tears S1, a smaller Resv goes at once and no ResvTear", () => {
  const router = figure6();
  router.resvTear("R1", "FF(S1)");
  assertEquals(router.reserved("c"), ["S2{5B}"]);
  assertEquals(router.sent(), ["a: Resv FF(S1{3B})"]);
});

Deno.test("[2205-3.1.6-04] [2205-2.3-04] Figure 6: R3 tears its smaller S1, and nothing is sent", () => {
  const router = figure6();
  router.resvTear("R3", "FF(S1)");
  assertEquals(router.reserved("d"), ["S1{3B}", "S3{B}"]);
  assertEquals(router.sent(), []);
});

Deno.test("[2209-2-RTEAR-02] One ResvTear that leaves a sender wanted and another not: a Resv to one hop, a tear to the other", () => {
  const router = figure6();
  router.resvTear("R1", "FF(S1, S2)");
  assertEquals(router.sent("a"), ["Resv FF(S1{3B})"]);
  assertEquals(router.sent("b"), ["ResvTear FF(S2)"]);
});

Deno.test("[2205-2.4-04] Figure 7: R1 tears S2 alone; S1 stays for R1, and nothing changes upstream", () => {
  const router = figure7();
  router.resvTear("R1", "SE(S2)");
  assertEquals(router.reserved("c"), ["S1{B}"]);
  assertEquals(router.reserved("d"), ["(S1,S2,S3){3B}"]);
  assertEquals(router.sent(), []);
});

Deno.test("[2205-3.1.5-05] [2205-3.1.5-06] Figure 5: a PathTear leaves a WF reservation to the senders that remain", () => {
  const router = figure5();
  router.pathTear("S1", "P1");
  assertEquals(router.sent(), ["c: PathTear S1", "d: PathTear S1"]);
  assertEquals([router.reserved("c"), router.reserved("d")], [["*{4B}"], ["*{3B}"]]);
  router.clear();
  router.pathTear("S2", "P2");
  assertEquals(router.sent(), ["c: PathTear S2", "d: PathTear S2"]);
  assertEquals([router.reserved("c"), router.reserved("d")], [["*{4B}"], ["*{3B}"]]);
  router.clear();
  router.pathTear("S3", "P2");
  assertEquals(router.sent(), ["c: PathTear S3", "d: PathTear S3"]);
  assertEquals([router.reserved("c"), router.reserved("d")], [[], []]);
  assertEquals(router.engine.inspect("sessions"), []);
});

Deno.test("[2205-3.1.5-05] [2205-3.1.5-06] Figure 6: a PathTear takes the sender's FF reservations and no others", () => {
  const router = figure6();
  router.pathTear("S1", "P1");
  assertEquals(router.reserved("c"), ["S2{5B}"]);
  assertEquals(router.reserved("d"), ["S3{B}"]);
  assertEquals(router.sent(), ["c: PathTear S1", "d: PathTear S1"]);
});

Deno.test("[2205-3.1.5-05] Figure 7: a PathTear takes the sender's filter out of SE reservations", () => {
  const router = figure7();
  router.pathTear("S1", "P1");
  assertEquals(router.reserved("c"), ["S2{B}"]);
  assertEquals(router.reserved("d"), ["(S2,S3){3B}"]);
  assertEquals(router.sent(), ["c: PathTear S1", "d: PathTear S1"]);
});

Deno.test("[2209-2-PTEAR-01] A PathTear is forwarded before traffic control is adjusted, and path state goes last", () => {
  const router = figure6();
  router.pathTear("S2", "P2");
  assertEquals(router.trafficControl, ["c: REMOVE"]);
  assertEquals(router.senders(), ["S1 from P1", "S3 from P2"]);
});

Deno.test("[2205-3.1.6-02] [2205-2.4-05] FLOWSPECs of a ResvTear are ignored", () => {
  const router = figure6();
  router.resvTear("R2", "FF(S1{9B}, S3)");
  assertEquals(router.reserved("d"), ["S1{B}"]);
});

Deno.test("[2205-3.1.6-03] SCOPE of a ResvTear is ignored", () => {
  const router = figure5();
  router.resvTear("R1", "WF(*)", { scope: ["S2"] });
  assertEquals(router.reserved("c"), []);
  assertEquals(router.sent("a"), ["Resv WF(*{3B}) SCOPE[S1]"]);
});

Deno.test("[2205-3.1.6-01] [2209-2-RTEAR-01] A ResvTear of another style, LIH or sender changes nothing", () => {
  const router = figure6();
  router.resvTear("R1", "SE(S1)");
  router.resvTear("R1", "FF(S1)", { handle: router.handle("d") });
  router.resvTear("R1", "FF(S3)");
  assertEquals([router.reserved("c"), router.reserved("d")], [["S1{4B}", "S2{5B}"], ["S1{3B}", "S3{B}"]]);
  assertEquals(router.sent(), []);
  assertEquals(router.drops(), ["STYLE_CONFLICT", "NO_STATE", "NO_STATE"]);
});

Deno.test("R2's ResvTear on a LAN leaves R3's reservation", () => {
  const router = figure5();
  router.resvTear("R2", "WF(*)");
  assertEquals(router.reserved("d"), ["*{2B}"]);
  assertEquals(router.sent(), []);
  router.resvTear("R3", "WF(*)");
  assertEquals(router.reserved("d"), []);
});

Deno.test("[2205-3.1.6-05] A ResvTear is addressed to the previous hop, without Router Alert", () => {
  const router = figure6();
  router.resvTear("R2", "FF(S3)");
  const [tear] = router.messages;
  assertEquals([tear.to, tear.source, tear.routerAlert], ["P2", router.ownAddress("b"), 0]);
});

Deno.test("[2205-3.1.5-03] A PathTear travels as its Path did, from the sender's address to the session's", () => {
  const router = figure5();
  router.pathTear("S1", "P1");
  for (const tear of router.messages) {
    assertEquals([tear.source, tear.destination, tear.routerAlert], ["10.9.0.1", "224.1.1.1", 1]);
  }
});

Deno.test("[2205-3.1.5-01] A PathTear from another previous hop, or by another interface, changes nothing", () => {
  const router = figure5();
  router.neighbour("P9", "a");
  router.pathTear("S1", "P9");
  router.pathTear("S1", "P1", { arrival: { on: "b" } });
  assertEquals(router.drops(), ["WRONG_HOP", "WRONG_HOP"]);
  assertEquals(router.sent(), []);
  assertEquals(router.senders(), ["S1 from P1", "S2 from P2", "S3 from P2"]);
});

Deno.test("[2205-3.1.5-04] A SENDER_TSPEC in a PathTear is ignored", () => {
  const router = figure5();
  router.pathTear("S1", "P1", { tspec: { r: 0, b: 0, m: 0 } });
  assertEquals(router.senders(), ["S2 from P2", "S3 from P2"]);
});

Deno.test("[2205-3.4-06] A ResvTear that comes round a second time finds no state and ends", () => {
  const router = figure5();
  router.resvTear("R1", "WF(*)");
  router.clear();
  router.resvTear("R1", "WF(*)");
  assertEquals(router.sent(), []);
  assertEquals(router.drops(), ["NO_STATE"]);
});

Deno.test("[2205-2.4-02] Teardowns travel on in the instant in which they come", () => {
  const router = figure6();
  router.pathTear("S2", "P2");
  router.resvTear("R2", "FF(S3)");
  assertEquals(router.sent(), ["c: PathTear S2", "d: PathTear S2", "b: ResvTear FF(S3)"]);
});
