/** Hostile but well-formed input: limits hold, are counted, and what stood before is unharmed. */
import { assert, assertEquals } from "../assert.ts";
import { figure4, unicast } from "./figures.ts";
import { Router } from "./router.ts";

const group = (number: number) => ({ destination: `224.2.${number >> 8}.${number & 255}`, protocol: 17, port: 5000 });

Deno.test("A flood of sessions stops at the limit, and the oldest session goes on", () => {
  const router = new Router({ config: { maximumSessions: 100 } });
  for (const [name, letter] of [["P1", "a"], ["P2", "b"], ["R1", "c"]]) router.neighbour(name, letter);
  router.sender("S1", { in: "a", out: ["c"] });
  router.sender("S2", { in: "b", out: ["c"] });
  router.path("S1", "P1", { tspec: 9 });
  router.resv("R1", "FF(S1{B})");
  for (let number = 0; number < 300; number++) router.path("S2", "P2", { session: group(number) });
  assertEquals(router.engine.inspect("sessions").length, 100);
  assertEquals(router.engine.counters().SESSION_LIMIT, 201);
  router.clear();
  router.path("S1", "P1", { tspec: 9 });
  router.resv("R1", "FF(S1{2B})");
  assertEquals([router.reserved("c"), router.sent("a")], [["S1{2B}"], ["Resv FF(S1{2B})"]]);
});

Deno.test("A flood of senders in one session stops at the limit", () => {
  const router = figure4({ config: { maximumSendersPerSession: 10 } });
  router.resv("R1", "FF(S1{B})");
  for (let port = 1; port <= 50; port++) {
    router.sender(`S${port + 100}`, { in: "b", out: ["c"] }, { address: "10.9.9.9", port });
    router.path(`S${port + 100}`, "P2");
  }
  assertEquals(router.senders().length, 10);
  assertEquals(router.engine.counters().SENDER_LIMIT, 43);
  assertEquals(router.reserved("c"), ["S1{B}"]);
});

Deno.test("What one neighbour may hold is bounded, for path state and for reservations, and others are not concerned", () => {
  const router = figure4({ config: { maximumStatePerNeighbour: 4 } });
  for (let port = 1; port <= 20; port++) {
    router.sender(`S${port + 100}`, { in: "b", out: ["c"] }, { address: "10.9.9.9", port });
    router.path(`S${port + 100}`, "P2");
  }
  // P2 had S2 and S3 already.
  assertEquals(router.senders().length, 5);
  assertEquals(router.engine.counters().NEIGHBOUR_LIMIT, 18);
  router.resv("R1", "FF(S1{B}, S2{B}, S3{B}, S101{B}, S102{B})");
  assertEquals(router.reserved("c").length, 4);
  router.resv("R2", "FF(S1{B})");
  assertEquals(router.reserved("d"), ["S1{B}"]);
});

Deno.test("At the limit of memory new state is refused, and what stands is refreshed, changed and torn", () => {
  const router = new Router({ config: { memoryLimitBytes: 1_500_000 } });
  for (const [name, letter] of [["P1", "a"], ["P2", "b"], ["R1", "c"]]) router.neighbour(name, letter);
  router.sender("S1", { in: "a", out: ["c"] });
  router.sender("S2", { in: "b", out: ["c"] });
  router.path("S1", "P1", { tspec: 9 });
  router.resv("R1", "FF(S1{B})");
  for (let number = 0; number < 12_000; number++) {
    router.path("S2", "P2", { session: group(number) });
    if (number % 1000 === 0) router.clear();
  }
  const counters = router.engine.counters();
  assert(counters.OUT_OF_MEMORY > 0, "memory was never short");
  assert(router.engine.memoryBytes <= 2 << 20);
  router.clear();
  router.path("S1", "P1", { tspec: 5 });
  router.resv("R1", "FF(S1{2B})");
  assertEquals([router.sent("c"), router.reserved("c")], [["Path S1{5B}"], ["S1{2B}"]]);
  router.resvTear("R1", "FF(S1)");
  assertEquals(router.reserved("c"), []);
  router.advance(400_000);
  assertEquals(router.engine.inspect("sessions"), []);
});

Deno.test("Spoofed errors from whoever is not the previous hop blockade nothing and go nowhere", () => {
  const router = unicast();
  router.neighbour("EVIL", "a");
  router.resv("R1", "FF(S1{B})");
  router.clear();
  router.resvError("EVIL", 1, 2, "FF(S1{B})");
  router.resvError("P1", 1, 2, "FF(S1{B})", { arrival: { on: "b" }, handle: 999 });
  assertEquals([router.sent(), router.drops()], [[], ["WRONG_HOP", "WRONG_HOP"]]);
  assertEquals(router.engine.inspect("blockade"), []);
});

Deno.test("Spoofed teardowns and confirmations leave state as it is", () => {
  const router = unicast();
  router.neighbour("EVIL", "a");
  router.neighbour("EVIL2", "c");
  router.resv("R1", "FF(S1{B})");
  router.clear();
  router.pathTear("S1", "EVIL");
  router.resvTear("EVIL2", "FF(S1)");
  router.resvConfirm("EVIL", router.ownAddress("c"), "FF(S1{B})");
  assertEquals(router.sent(), []);
  assertEquals([router.reserved("c"), router.senders().length], [["S1{B}"], 3]);
});

Deno.test("A flood of styles, scopes and filters from one next hop leaves the other's reservation", () => {
  const router = figure4();
  router.resv("R2", "SE((S1,S2){4B})");
  router.clear();
  for (let times = 0; times < 200; times++) {
    for (const descriptors of ["WF(*{B})", "FF(S1{B})"]) router.resv("R1", descriptors, { scope: ["S1", "S2", "S3"] });
  }
  assertEquals([router.reserved("c"), router.reserved("d")], [[], ["(S1,S2){4B}"]]);
  assertEquals(router.sent("c").length, 400);
  assertEquals([router.sent("a"), router.sent("b"), router.sent("d")], [[], [], []]);
});

Deno.test("Old messages that are played again bring back no more than one lifetime of state", () => {
  const router = unicast();
  router.resv("R1", "FF(S1{B})");
  router.resvTear("R1", "FF(S1)");
  router.pathTear("S1", "P1");
  router.resv("R1", "FF(S1{B})");
  assertEquals(router.reserved("c"), []);
  router.path("S1", "P1");
  router.resv("R1", "FF(S1{B})");
  router.advance(157_501);
  assertEquals([router.reserved("c"), router.senders(), router.engine.inspect("sessions")], [[], [], []]);
});

Deno.test("After all have left nothing is left: sessions, neighbours, reservations, bandwidth, bytes", () => {
  const router = new Router();
  for (const [name, letter] of [["P1", "a"], ["P2", "b"], ["R1", "c"], ["R2", "d"]]) router.neighbour(name, letter);
  for (const [name, hop] of [["S1", "P1"], ["S2", "P2"]]) {
    router.sender(name, { in: hop === "P1" ? "a" : "b", out: ["c", "d"] });
  }
  const round = (styles: readonly string[]) => {
    for (const descriptors of styles) {
      router.path("S1", "P1", { tspec: 9 });
      router.path("S2", "P2", { tspec: 9 });
      router.resv("R1", descriptors, { confirm: "R1" });
      router.resv("R2", descriptors, { confirm: "R2" });
      router.resvError("P1", 1, 2, descriptors);
      router.resvTear("R1", descriptors);
      router.resvTear("R2", descriptors);
      router.pathTear("S1", "P1");
      router.pathTear("S2", "P2");
    }
    const {
      SESSIONS,
      NEIGHBOURS,
      PATH_STATES,
      RESERVATION_STATES,
      TRAFFIC_CONTROL_STATES,
      BLOCKADE_STATES,
      STATE_BYTES,
    } = router.engine.counters();
    const all = [SESSIONS, NEIGHBOURS, PATH_STATES, RESERVATION_STATES, TRAFFIC_CONTROL_STATES, BLOCKADE_STATES];
    return { all: all.map((value) => value ?? 0), bytes: STATE_BYTES ?? 0, c: router.reservedRate("c") };
  };
  const styles = ["WF(*{4B})", "FF(S1{2B}, S2{3B})", "SE((S1,S2){4B})"];
  const first = round(styles);
  assertEquals(first.all, [0, 0, 0, 0, 0, 0]);
  for (let times = 0; times < 20; times++) assertEquals(round(styles), first);
});
