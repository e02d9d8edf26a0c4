/** R, K, Kb, W and Slew.Max of single interfaces: RFC 2205 sections 3.5, 3.6 and 3.7. */
import { assertEquals, assertThrows } from "../assert.ts";
import { CONFIG_OPTION } from "../../host/boundary.gen.ts";
import { interfaceRecord } from "../../host/node_settings.ts";
import { figure4, unicast } from "./figures.ts";
import { objectOf } from "./node.ts";
import { Router } from "./router.ts";

const times = (router: Router, letter: string, kind: string) =>
  router.messages.filter((sent) => sent.interface === letter && sent.text.startsWith(kind)).map((sent) => sent.timeMs);
const periods = (router: Router, letter: string) =>
  router.messages.filter((sent) => sent.interface === letter && /^(Path|Resv) /.test(sent.text))
    .map((sent) => objectOf(sent, "TIME_VALUES").refreshPeriodMs);

/** S1 through (a) to (c), refreshed by nobody for a very long time. */
function line(letters: ConstructorParameters<typeof Router>[0] = {}): Router {
  const router = new Router(letters);
  for (const [name, letter] of [["P1", "a"], ["R1", "c"]]) router.neighbour(name, letter);
  router.sender("S1", { in: "a", out: ["c"] });
  router.path("S1", "P1", { refreshPeriodMs: 0x3fffffff });
  return router;
}

Deno.test("[2205-3.7-08] R of an interface: Paths by (c) and Resvs by (a) keep to their own, and say so", () => {
  const router = line({ interface: { a: { refreshIntervalMs: 12_000 }, c: { refreshIntervalMs: 7_000 } } });
  router.resv("R1", "FF(S1{B})", { refreshPeriodMs: 0x3fffffff });
  router.advance(25_000);
  assertEquals([times(router, "c", "Path"), periods(router, "c")], [[0, 7_000, 14_000, 21_000], Array(4).fill(7_000)]);
  assertEquals([times(router, "a", "Resv"), periods(router, "a")], [[0, 12_000, 24_000], Array(3).fill(12_000)]);
});

Deno.test("[2205-3.7-08] A sender that leaves by several interfaces is refreshed by the shortest R of them", () => {
  const router = figure4({ interface: { d: { refreshIntervalMs: 10_000 } } });
  router.advance(20_000);
  for (const letter of ["c", "d"]) {
    assertEquals(times(router, letter, "Path S1"), [10_000, 20_000]);
    assertEquals([...new Set(periods(router, letter))], [10_000]);
  }
});

Deno.test("[2205-3.7-06] R that is raised weeks after it was set goes up as it would have on the first day", () => {
  const router = new Router({ interfaces: "abc", interface: { b: { refreshIntervalMs: 20_000 } } });
  // Beyond 2^31 ms, so that the time at which R was set seems to lie ahead.
  for (let leap = 0; leap < 3; leap++) router.advance(2 ** 30 - 1);
  router.config({ seed: 1, refreshIntervalMs: 90_000, options: CONFIG_OPTION.NO_JITTER });
  router.configure("b", { refreshIntervalMs: 60_000 });
  for (const [name, letter] of [["P1", "a"], ["R1", "b"], ["R2", "c"]]) router.neighbour(name, letter);
  router.sender("S1", { in: "a", out: ["c"] });
  router.sender("S2", { in: "a", out: ["b"] });
  router.path("S1", "P1", { refreshPeriodMs: 0x3fffffff });
  router.path("S2", "P1", { refreshPeriodMs: 0x3fffffff });
  router.advance(600_000);
  assertEquals([periods(router, "c").at(-1), periods(router, "b").at(-1)], [90_000, 60_000]);
});

Deno.test("[2205-3.7-08] K of an interface: state that came by it lives so long, other state as the node says", () => {
  const router = unicast({ interface: { c: { lifetimeMultiplier: 1 }, b: { lifetimeMultiplier: 5 } } });
  router.resv("R1", "FF(S1{B})");
  router.advanceTo(67_499);
  assertEquals(router.reserved("c"), ["S1{B}"]);
  router.advanceTo(67_500);
  assertEquals([router.reserved("c"), router.senders().length], [[], 3]);
  router.advanceTo(157_500);
  assertEquals(router.senders(), ["S2 from P2", "S3 from P2"]);
  router.advanceTo(247_500);
  assertEquals(router.senders(), []);
});

Deno.test("[2205-3.7-08] K of an interface holds for refreshes that say nothing new, too", () => {
  const router = unicast({ interface: { c: { lifetimeMultiplier: 1 }, a: { lifetimeMultiplier: 5 } } });
  for (let times = 0; times < 3; times++) {
    router.path("S1", "P1", { tspec: 9 });
    router.resv("R1", "FF(S1{B})");
    router.advance(10_000);
  }
  router.advanceTo(20_000 + 67_499);
  assertEquals(router.reserved("c"), ["S1{B}"]);
  router.advanceTo(20_000 + 67_500);
  assertEquals(router.reserved("c"), []);
  router.advanceTo(20_000 + 247_499);
  assertEquals(router.senders(), ["S1 from P1"]);
  router.advanceTo(20_000 + 247_500);
  assertEquals(router.senders(), []);
});

Deno.test("[2205-3.7-08] [2205-3.5-01] Kb of an interface, with its own R: how long what was refused there is held back", () => {
  const router = unicast({ interface: { a: { blockadeMultiplier: 2, refreshIntervalMs: 20_000 } } });
  router.resv("R1", "FF(S1{4B})");
  router.resvError("P1", 1, 2, "FF(S1{4B})");
  assertEquals(router.engine.inspect("blockade").map((row) => row.expiresInMs), [40_000]);
  const usual = unicast();
  usual.resv("R1", "FF(S1{4B})");
  usual.resvError("P1", 1, 2, "FF(S1{4B})");
  assertEquals(usual.engine.inspect("blockade").map((row) => row.expiresInMs), [90_000]);
});

Deno.test("[2205-3.6-01] W of an interface: the Path goes out on it after that time", () => {
  const router = figure4({ config: { localRepairDelayMs: 2_000 }, interface: { c: { localRepairDelayMs: 5_000 } } });
  router.route("S1", { in: "a", out: [] });
  router.routesChange("224.1.1.1", 32);
  router.advance(3_000);
  router.clear();
  const start = router.nowMs - router.startMs;
  router.route("S1", { in: "a", out: ["c"] });
  router.route("S2", { in: "b", out: ["d"] });
  router.routesChange("224.1.1.1", 32);
  router.advance(6_000);
  assertEquals(times(router, "c", "Path S1"), [start + 5_000]);
  assertEquals(times(router, "d", "Path S2"), [start + 2_000]);
});

Deno.test("[2205-3.7-08] [2205-3.7-06] Slew.Max of node and interface: R goes up in steps of it, from what it was, and back to the node's", () => {
  const router = line({ config: { slewMaximumPercent: 100 } });
  const settings = { memoryLimitBytes: 64 << 20, maximumSendersPerSession: 400, options: 4, slewMaximumPercent: 100 };
  router.config({ ...settings, refreshIntervalMs: 100_000 });
  router.advance(1_000_000);
  assertEquals([...new Set(periods(router, "c"))], [30_000, 60_000, 100_000]);
  router.clear();
  // Its own from here on: down at once, up by ten percent at a time.
  router.configure("c", { refreshIntervalMs: 50_000, slewMaximumPercent: 10 });
  router.advance(200_000);
  assertEquals(new Set(periods(router, "c")).has(50_000), true);
  router.clear();
  router.configure("c", { refreshIntervalMs: 60_000, slewMaximumPercent: 10 });
  router.advance(1_000_000);
  assertEquals([...new Set(periods(router, "c"))], [55_000, 60_000]);
  router.clear();
  router.configure("c", { slewMaximumPercent: 50 });
  router.advance(1_000_000);
  assertEquals([...new Set(periods(router, "c"))], [90_000, 100_000]);
  router.clear();
  // It is the node's again, and follows it.
  router.config({ ...settings, refreshIntervalMs: 40_000 });
  router.advance(200_000);
  assertEquals(periods(router, "c").at(-1), 40_000);
  assertEquals(periods(router, "a"), []);
});

Deno.test("Timing of an interface that is out of range is refused by name", () => {
  for (const name of ["refreshIntervalMs", "lifetimeMultiplier", "localRepairDelayMs", "slewMaximumPercent"]) {
    for (const value of [0, -1, 1.5, NaN]) {
      const settings = { interface: 1, addresses: ["10.0.0.1/24"], [name]: value };
      assertThrows(() => interfaceRecord(settings), RangeError, name);
    }
  }
});
