/** Soft state and its timers: RFC 2205 sections 2.3, 3.5, 3.6 and 3.7. */
import { assert, assertAlmostEquals, assertEquals } from "../assert.ts";
import { figure4, unicast } from "./figures.ts";
import { CONFIG_OPTION } from "../../host/boundary.gen.ts";
import { objectOf } from "./node.ts";
import { Router } from "./router.ts";

const times = (router: Router, letter: string, kind: string) =>
  router.messages.filter((sent) => sent.interface === letter && sent.text.startsWith(kind)).map((sent) => sent.timeMs);
const periods = (router: Router, letter: string) =>
  router.messages.filter((sent) => sent.interface === letter && /^(Path|Resv) /.test(sent.text))
    .map((sent) => objectOf(sent, "TIME_VALUES").refreshPeriodMs);

for (const [K, lifetimeMs] of [[1, 67_500], [2, 112_500], [3, 157_500], [4, 202_500], [5, 247_500]]) {
  Deno.test(`[2205-3.7-02] K = ${K}: state of R = 30 s lives ${lifetimeMs / 1000} s`, () => {
    const router = unicast({ config: { lifetimeMultiplier: K } });
    router.resv("R1", "FF(S1{B})");
    router.advanceTo(lifetimeMs - 1);
    assertEquals([router.senders().length, router.reserved("c").length], [3, 1]);
    router.advanceTo(lifetimeMs);
    assertEquals([router.senders().length, router.reserved("c").length], [0, 0]);
  });
}

Deno.test("[2205-3.7-02] [2205-3.7-03] The lifetime follows the R that came: 10 s lives 52.5 s, 60 s lives 315 s", () => {
  const router = unicast();
  for (const sender of ["S2", "S3"]) router.pathTear(sender, "P2");
  router.path("S1", "P1", { refreshPeriodMs: 10_000 });
  router.path("S2", "P2", { refreshPeriodMs: 60_000 });
  router.advanceTo(52_499);
  assertEquals(router.senders(), ["S1 from P1", "S2 from P2"]);
  router.advanceTo(52_500);
  assertEquals(router.senders(), ["S2 from P2"]);
  router.advanceTo(314_999);
  assertEquals(router.senders(), ["S2 from P2"]);
  router.advanceTo(315_000);
  assertEquals(router.senders(), []);
});

Deno.test("A refresh with a new R changes L", () => {
  const router = unicast();
  for (const sender of ["S2", "S3"]) router.pathTear(sender, "P2");
  router.path("S1", "P1", { refreshPeriodMs: 10_000, tspec: 9 });
  router.path("S1", "P1", { refreshPeriodMs: 60_000, tspec: 9 });
  router.resv("R1", "FF(S1{B})", { refreshPeriodMs: 60_000 });
  router.resv("R1", "FF(S1{B})", { refreshPeriodMs: 10_000 });
  router.advanceTo(52_499);
  assertEquals(router.reserved("c"), ["S1{B}"]);
  router.advanceTo(52_500);
  assertEquals([router.reserved("c"), router.senders()], [[], ["S1 from P1"]]);
  router.advanceTo(315_000);
  assertEquals(router.senders(), []);
});

Deno.test("A shorter R holds whenever it comes, and a cleanup time that has moved away does not come back", () => {
  const router = unicast();
  const refresh = (refreshPeriodMs: number) => {
    router.path("S1", "P1", { refreshPeriodMs: 60_000 });
    router.resv("R1", "FF(S1{B})", { refreshPeriodMs });
  };
  refresh(60_000);
  router.advanceTo(200_000);
  refresh(60_000);
  router.advanceTo(400_000);
  assertEquals(router.reserved("c"), ["S1{B}"]);
  refresh(10_000);
  router.advanceTo(452_499);
  assertEquals(router.reserved("c"), ["S1{B}"]);
  router.advanceTo(452_500);
  assertEquals([router.reserved("c"), router.senders()], [[], ["S1 from P1"]]);
});

Deno.test("[2205-2.3-01] K - 1 refreshes may be lost with the worst jitter, K may not", () => {
  for (const [arrival, alive] of [[135_000, true], [180_000, false]] as const) {
    const router = unicast();
    router.advanceTo(arrival - 1);
    const before = router.senders().length > 0;
    assertEquals(before, alive);
  }
});

Deno.test("[2205-2.4-03] Path state that times out sends a PathTear on, reservation state a ResvTear", () => {
  const router = unicast();
  router.resv("R1", "FF(S1{B})", { refreshPeriodMs: 10_000 });
  router.clear();
  router.advanceTo(52_500);
  assertEquals(times(router, "a", "ResvTear"), [52_500]);
  router.clear();
  router.advanceTo(157_500);
  assertEquals(times(router, "c", "PathTear"), [157_500, 157_500, 157_500]);
});

Deno.test("[2205-2.3-02] [2205-2.3-04] [2209-2-RESV-05] Repeated messages change nothing but lifetimes", () => {
  const router = unicast();
  router.resv("R1", "FF(S1{B})");
  router.clear();
  router.advanceTo(20_000);
  for (const [sender, hop] of [["S1", "P1"], ["S2", "P2"], ["S3", "P2"]]) router.path(sender, hop, { tspec: 9 });
  router.resv("R1", "FF(S1{B})");
  assertEquals([router.sent(), router.trafficControl, router.heard()], [[], [], []]);
  router.advanceTo(177_499);
  assertEquals([router.senders().length, router.reserved("c").length], [3, 1]);
  router.advanceTo(177_500);
  assertEquals([router.senders().length, router.reserved("c").length], [0, 0]);
});

Deno.test("The same bytes on another interface, or with another TTL, are not the same refresh", () => {
  const router = figure4();
  router.path("S1", "P1", { tspec: 9, arrival: { ttl: 60 } });
  assertEquals(router.sent(), ["c: Path S1{9B}", "d: Path S1{9B}"]);
  assertEquals(router.messages.map((sent) => sent.ttl), [59, 59]);
  router.clear();
  router.path("S1", "P1", { tspec: 9, arrival: { on: "b", ttl: 60 } });
  assertEquals(router.senders(), ["S1 from P1", "S1 from P1 (Local_Only)", "S2 from P2", "S3 from P2"]);
});

Deno.test("[2209-2-RESV-06] SE: a filter that is not refreshed times out alone", () => {
  const router = unicast();
  router.resv("R1", "SE((S1,S2){B})");
  router.advanceTo(100_000);
  for (const [sender, hop] of [["S1", "P1"], ["S2", "P2"], ["S3", "P2"]]) router.path(sender, hop, { tspec: 9 });
  router.resv("R1", "SE(S1{B})");
  router.clear();
  router.advanceTo(157_500);
  assertEquals(router.reserved("c"), ["S1{B}"]);
  assertEquals(times(router, "b", "ResvTear"), [157_500]);
  assertEquals(times(router, "a", "ResvTear"), []);
});

Deno.test("[2205-3.7-01] Refresh intervals are spread evenly over 0.5 R to 1.5 R", () => {
  const router = new Router({ jitter: true });
  router.neighbour("P1", "a");
  router.sender("S1", { in: "a", out: ["c"] });
  router.path("S1", "P1", { refreshPeriodMs: 0x3fffffff });
  router.advance(33_000_000);
  const sent = times(router, "c", "Path");
  const intervals = sent.slice(1).map((time, index) => time - sent[index]);
  assert(intervals.length > 1000, `only ${intervals.length} intervals`);
  assert(intervals.every((interval) => interval >= 15_000 && interval <= 45_000));
  assertAlmostEquals(intervals.reduce((sum, interval) => sum + interval, 0) / intervals.length, 30_000, 1_500);
  // A tenth of them in each tenth of the range, near enough, and no run of one length.
  const tenths = new Array(10).fill(0);
  for (const interval of intervals) tenths[Math.min(9, Math.floor((interval - 15_000) / 3_000))]++;
  for (const tenth of tenths) assert(tenth > 60, `an empty part of the range: ${tenths}`);
});

Deno.test("[2205-3.7-04] [2205-3.7-05] TIME_VALUES says our own R, whatever came", () => {
  const router = new Router({ config: { refreshIntervalMs: 20_000 } });
  for (const [name, letter] of [["P1", "a"], ["R1", "c"]]) router.neighbour(name, letter);
  router.sender("S1", { in: "a", out: ["c"] });
  router.path("S1", "P1", { refreshPeriodMs: 5_000 });
  router.resv("R1", "FF(S1{B})", { refreshPeriodMs: 5_000 });
  assertEquals([...periods(router, "c"), ...periods(router, "a")], [20_000, 20_000]);
  router.clear();
  router.advance(20_000);
  assertEquals(times(router, "c", "Path"), [20_000]);
  assertEquals(times(router, "a", "Resv"), [20_000]);
});

Deno.test("[2205-3.7-06] R grows by at most 30% at a time, and shrinks at once", () => {
  const router = new Router();
  router.neighbour("P1", "a");
  router.sender("S1", { in: "a", out: ["c"] });
  router.path("S1", "P1", { refreshPeriodMs: 0x3fffffff });
  const settings = { memoryLimitBytes: 64 << 20, maximumSendersPerSession: 400, options: 4 };
  router.config({ ...settings, refreshIntervalMs: 100_000 });
  router.advance(2_000_000);
  const said = periods(router, "c") as number[];
  const sent = times(router, "c", "Path");
  assertEquals([...new Set(said)], [30_000, 39_000, 50_700, 65_910, 85_683, 100_000]);
  for (let index = 1; index < said.length; index++) {
    assert(said[index] / said[index - 1] <= 1.3);
    // What was said last is what the refresh that follows keeps to.
    assert(sent[index] - sent[index - 1] <= 1.3 * said[index - 1]);
  }
  router.clear();
  router.config({ ...settings, refreshIntervalMs: 30_000 });
  router.advance(300_000);
  assertEquals([...new Set(periods(router, "c"))], [30_000]);
});

Deno.test("[2205-3.7-06] Slewing to a longer R, one loss is survived, as the lifetime of the R that was said allows", () => {
  const lifetime = 5.25 * 30_000;
  assert(1.5 * 39_000 + 1.5 * 50_700 < lifetime);
  assert(1.5 * 39_000 + 1.5 * 50_700 + 1.5 * 65_910 > lifetime);
});

Deno.test("[2205-2.3-03] A changed Tspec goes downstream in the same instant", () => {
  const router = unicast();
  router.advance(1_000);
  router.path("S1", "P1", { tspec: 5 });
  assertEquals(times(router, "c", "Path S1{5B}"), [1_000]);
});

Deno.test("[2205-3.7-07] With a fast start the first refresh after a change comes after a tenth of R, and R is told as it is", () => {
  const router = unicast({ config: { options: CONFIG_OPTION.FAST_START } });
  for (const sender of ["S2", "S3"]) router.pathTear(sender, "P2");
  router.advanceTo(40_000);
  router.clear();
  router.path("S1", "P1", { tspec: 5 });
  router.resv("R1", "FF(S1{B})");
  router.advanceTo(80_000);
  assertEquals(times(router, "c", "Path"), [40_000, 43_000, 73_000]);
  assertEquals(times(router, "a", "Resv"), [40_000, 43_000, 73_000]);
  assertEquals([...new Set([...periods(router, "c"), ...periods(router, "a")])], [30_000]);
});

Deno.test("[2205-3.7-07] Messages for a change do not shorten the R that is told", () => {
  const router = unicast();
  for (const tspec of [1, 2, 3]) router.path("S1", "P1", { tspec });
  assertEquals(periods(router, "c"), [30_000, 30_000, 30_000]);
});

Deno.test("[2205-3.7-01] A previous hop's interface that has lost its address is tried again every R, and not without end", () => {
  const router = figure4();
  router.resv("R1", "WF(*{4B})");
  router.configure("a", { ipv4: new Uint8Array(4), ipv4PrefixLength: 0 });
  router.clear();
  let ticks = 0;
  for (const end = router.nowMs + 31_000; router.engine.deadline() <= end && ticks < 1000; ticks++) {
    router.nowMs = Math.max(router.nowMs, router.engine.deadline());
    router.engine.submit("TICK", {}, router.nowMs);
    router.drain();
  }
  assertEquals([ticks < 10, router.sent("a")], [true, []]);
  router.configure("a");
  router.advance(31_000);
  assertEquals(router.sent("a"), ["Resv WF(*{4B}) SCOPE[S1]"]);
});
