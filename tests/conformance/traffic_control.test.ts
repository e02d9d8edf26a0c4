/** Traffic control: RFC 2205 sections 2.2, 3.8 and 3.11.2; RFC 2209, UPDATE TRAFFIC CONTROL. */
import { STATUS } from "../../host/boundary.gen.ts";
import { assertEquals } from "../assert.ts";
import { figure4, unicast } from "./figures.ts";
import { Router } from "./router.ts";

Deno.test("[2205-3.11.2-01] [2209-2-RESV-07] An increase that traffic control refuses leaves what stood, and what was sent", () => {
  const router = unicast({ trafficControl: "held" });
  router.resv("R1", "FF(S1{2B})");
  // Nothing is sent upstream before the kernel has it.
  assertEquals(router.sent(), []);
  router.answer();
  assertEquals(router.sent(), ["a: Resv FF(S1{2B})"]);
  router.clear();
  router.resv("R1", "FF(S1{4B})");
  router.answer({ ok: 0 });
  assertEquals(router.sent(), ["c: ResvErr 1/0x0002 InPlace FF(S1{4B})"]);
  assertEquals([router.reserved("c"), router.reservedRate("c")], [["S1{2B}"], 2000]);
  router.clear();
  router.advance(31_000);
  assertEquals(router.sent("a"), ["Resv FF(S1{2B})"]);
});

Deno.test("[2209-2-RESV-07] A new reservation that traffic control refuses is gone", () => {
  const router = unicast({ trafficControl: "held" });
  router.resv("R1", "FF(S1{2B})");
  router.answer({ ok: 0, errorCode: 21, errorValue: 2 });
  assertEquals(router.sent(), ["c: ResvErr 21/0x0002 FF(S1{2B})"]);
  assertEquals([router.reserved("c"), router.reservedRate("c")], [[], 0]);
  assertEquals(router.engine.inspect("reservations"), []);
});

Deno.test("An increase refused late by the kernel while a ResvTear arrives: the answer finds nothing and harms nothing", () => {
  const router = unicast({ trafficControl: "held" });
  router.resv("R1", "FF(S1{2B})");
  router.answer();
  router.resv("R1", "FF(S1{4B})");
  router.clear();
  router.resvTear("R1", "FF(S1)");
  assertEquals(router.sent(), ["a: ResvTear FF(S1)"]);
  assertEquals(router.trafficControl, ["c: REMOVE"]);
  router.clear();
  router.answer({ ok: 0 });
  assertEquals([router.sent(), router.reserved("c"), router.reservedRate("c")], [[], [], 0]);
  router.resv("R1", "FF(S1{3B})");
  router.answer();
  assertEquals([router.sent(), router.reserved("c"), router.reservedRate("c")], [
    ["a: Resv FF(S1{3B})"],
    ["S1{3B}"],
    3000,
  ]);
});

Deno.test("A second next hop's increase refused late, while the first tears: the second keeps what stood for it", () => {
  const router = unicast({ trafficControl: "held" });
  router.resv("R1", "FF(S1{3B})");
  router.answer();
  router.resv("R2", "FF(S1{B})");
  router.answer();
  router.resv("R2", "FF(S1{5B})");
  router.clear();
  router.resvTear("R1", "FF(S1)");
  router.answer({ ok: 0 });
  // What is left is R2's first request; traffic control is asked for it once the refusal is in.
  assertEquals(router.asked.length, 1);
  router.answer();
  assertEquals([router.reserved("c"), router.reservedRate("c")], [["S1{B}"], 1000]);
  assertEquals(router.sent("c"), ["ResvErr 1/0x0002 InPlace FF(S1{5B})"]);
  assertEquals(router.sent("a").at(-1), "Resv FF(S1{B})");
});

Deno.test("[2205-3.11.2-03] [2205-B-11] What traffic control takes away is gone, with code 12 to the receivers", () => {
  const router = figure4();
  router.resv("R2", "WF(*{3B})");
  router.resv("R3", "WF(*{2B})");
  router.resv("R1", "WF(*{B})");
  router.clear();
  router.preempt("d");
  assertEquals(router.messages.filter((sent) => sent.interface === "d").map((sent) => [sent.to, sent.text]), [
    ["R2", "ResvErr 12/0x0000 WF(*{3B})"],
    ["R3", "ResvErr 12/0x0000 WF(*{2B})"],
  ]);
  assertEquals([router.reserved("c"), router.reserved("d")], [["*{B}"], []]);
  assertEquals(router.sent("a"), ["Resv WF(*{B}) SCOPE[S1]"]);
});

Deno.test("A loss of what has been replaced since, or of a number's former owner, takes nothing away", () => {
  const router = unicast({ trafficControl: "held" });
  const lose = ({ handle, generation }: { handle: number; generation: number }) => {
    router.engine.submit("TRAFFIC_CONTROL_RESULT", { handle, generation, preempted: 1 }, router.nowMs);
    router.drain();
  };
  const stands = () => [router.reserved("c"), router.sent()];
  const reserve = (text: string) => {
    router.resv("R1", text);
    const [asked] = router.asked;
    router.answer();
    router.clear();
    return asked;
  };
  const first = reserve("FF(S1{2B})"), second = reserve("FF(S1{4B})");
  assertEquals(second.handle, first.handle);
  lose(first);
  assertEquals(stands(), [["S1{4B}"], []]);

  // While a change is in flight: what stands may be lost, and so may what was asked for last.
  router.resv("R1", "FF(S1{5B})");
  lose(first);
  assertEquals(stands(), [["S1{4B}"], []]);
  lose(second);
  assertEquals(stands(), [[], ["c: ResvErr 12/0x0000 FF(S1{5B})", "a: ResvTear FF(S1)"]]);
  router.asked = [];

  const third = reserve("FF(S1{B})");
  router.resvTear("R1", "FF(S1)");
  const fourth = reserve("FF(S1{3B})");
  assertEquals(fourth.handle, third.handle);
  lose(third);
  assertEquals(stands(), [["S1{3B}"], []]);
  lose(fourth);
  assertEquals(router.reserved("c"), []);
  const stale = router.engine.inspect("counters").find((row) => row.counter === STATUS.STALE_RESULT);
  assertEquals(stale?.value, 3);
});

Deno.test("[2205-B-04] Policy control refuses with code 02 by way of traffic control's answer", () => {
  const router = unicast({ trafficControl: "held" });
  router.resv("R1", "FF(S1{2B})");
  router.answer({ ok: 0, errorCode: 2, errorValue: 0x0005 });
  assertEquals(router.sent(), ["c: ResvErr 2/0x0005 FF(S1{2B})"]);
  assertEquals(router.reserved("c"), []);
});

Deno.test("[2205-3.8-03] [2209-2-UTC-02] B_Police follows what stands on other interfaces, without a message", () => {
  const router = figure4();
  router.resv("R2", "WF(*{3B})");
  assertEquals(router.policing("d"), ["M"]);
  router.resv("R1", "WF(*{4B})");
  assertEquals([router.policing("c"), router.policing("d")], [["M"], ["MB"]]);
  router.clear();
  router.resvTear("R1", "WF(*)");
  assertEquals(router.policing("d"), ["M"]);
  assertEquals(router.trafficControl, ["c: REMOVE", "d: CHANGE WF(*{3B}) M"]);
  assertEquals(router.sent(), ["a: Resv WF(*{3B}) SCOPE[S1]", "b: Resv WF(*{3B}) SCOPE[S2,S3]"].reverse());
});

Deno.test("[2205-3.8-03] B_Police compares reservations for the same filter alone", () => {
  const router = figure4();
  router.resv("R1", "FF(S1{4B})");
  router.resv("R2", "FF(S1{3B}, S2{B})");
  // S1 has 4B on (c); S2 nothing anywhere else.
  assertEquals(router.policing("d").sort(), ["", "B"]);
  assertEquals(router.policing("c"), [""]);
});

Deno.test("[2205-3.8-03] B_Police goes with the last filter in common, also where its sender had been routed elsewhere", () => {
  const router = figure4();
  router.callSession(1);
  router.callReserve(1, "SE((S1,S2){3B})");
  router.resv("R1", "SE((S2,S3){B})");
  assertEquals(router.policing("c"), ["MB"]);
  // S2 leaves (c), R1 names it no more, and it ends.
  router.route("S2", { in: "b", out: [] });
  router.routesChange("224.1.1.1", 32);
  router.resv("R1", "SE(S3{B})");
  router.advance(100);
  router.pathTear("S2", "P2");
  assertEquals(router.policing("c"), [""]);
});

Deno.test("[2205-3.8-03] Flowspecs that cannot be ordered police each other", () => {
  const router = figure4({}, [90, 90, 90]);
  const odd = (r: number, b: number) => ({
    edit: (objects: import("../../host/object_list.ts").ObjectInput[]) =>
      objects.map((object) =>
        object.name === "FLOWSPEC"
          ? { ...object, tokenBucketRateBytesPerSecond: r, tokenBucketSizeBytes: b, peakRateBytesPerSecond: 20_000 }
          : object
      ),
  });
  router.resv("R1", "WF(*{B})", odd(10_000, 1_000));
  router.resv("R2", "WF(*{B})", odd(1_000, 10_000));
  assertEquals([router.policing("c"), router.policing("d")], [["MB"], ["MB"]]);
});

Deno.test("[2205-3.8-02] M_Police is off while one sender is all there is", () => {
  const router = unicast();
  router.resv("R1", "SE(S1{B})");
  assertEquals(router.policing("c"), [""]);
  router.resv("R1", "SE((S1,S2){B})");
  assertEquals(router.policing("c"), ["M"]);
  router.pathTear("S2", "P2");
  assertEquals(router.policing("c"), [""]);
});

Deno.test("[2209-2-UTC-02] A larger Path_Te changes traffic control alone where nothing changes upstream", () => {
  const router = figure4({}, [1, 1, 1]);
  router.resv("R1", "WF(*{9B})");
  assertEquals(router.reservedRate("c"), 3000);
  router.clear();
  router.path("S1", "P1", { tspec: 4 });
  assertEquals([router.reservedRate("c"), router.pathTspec("c")], [6000, ["6B"]]);
  assertEquals(router.trafficControl, ["c: CHANGE WF(*{9B}) M"]);
  assertEquals(router.sent(), ["c: Path S1{4B}", "d: Path S1{4B}"]);
});

Deno.test("[2209-2-UTC-03] The last reservation gone is taken out of traffic control and torn upstream", () => {
  const router = unicast();
  router.resv("R1", "WF(*{B})");
  router.clear();
  router.resvTear("R1", "WF(*)");
  assertEquals(router.trafficControl, ["c: REMOVE"]);
  assertEquals(router.sent().sort(), ["a: ResvTear WF(*)", "b: ResvTear WF(*)"]);
  assertEquals(router.reservedRate("c"), 0);
});

Deno.test("[2205-2.2-01] What is reserved is the lesser of what is asked and what can come", () => {
  const router = figure4({}, [1, 1, 9]);
  router.resv("R1", "FF(S1{4B}, S3{4B})");
  assertEquals(router.reservedRate("c"), 5000);
});

Deno.test("Bandwidth in use is never above what may be reserved, whatever the order of answers", () => {
  const router = figure4({ trafficControl: "held", interface: { c: { reservableBytesPerSecond: 10_000 } } });
  router.neighbour("R4", "c");
  for (const size of ["4B", "6B", "5B", "7B"]) {
    router.resv("R1", `FF(S1{${size}})`);
    router.resv("R4", `FF(S2{${size}})`);
    assertEquals(router.reservedRate("c") <= 10_000, true);
    if (router.asked.length > 1) router.answer({ ok: 1 }, 1);
    assertEquals(router.reservedRate("c") <= 10_000, true);
  }
  while (router.asked.length > 0) router.answer();
  assertEquals(router.reservedRate("c") <= 10_000, true);
});

Deno.test("What waited behind an install that is refused, and is covered by what stands, is settled with the refusal", () => {
  const router = unicast({ trafficControl: "held" });
  router.resv("R1", "FF(S1{3B})");
  router.answer();
  router.resv("R1", "FF(S1{5B})");
  router.resv("R2", "FF(S1{B})");
  router.answer({ ok: 0 });
  router.clear();
  router.resvTear("R1", "FF(S1)");
  assertEquals(router.sent("a").filter((message) => message.startsWith("ResvTear")), []);
});

Deno.test("An answer that comes too late does not keep back what follows from the one submitted before it", () => {
  const router = new Router({ trafficControl: "held" });
  for (const [name, letter] of [["P1", "a"], ["R1", "c"], ["R2", "d"]]) router.neighbour(name, letter);
  router.sender("S1", { in: "a", out: ["c", "d"] });
  router.path("S1", "P1");
  router.resv("R1", "FF(S1{B})");
  router.resv("R2", "FF(S1{B})");
  router.clear();
  const [first, second] = router.asked;
  const late = { handle: second.handle, generation: second.generation - 1, ok: 1 };
  const records = [{ handle: first.handle, generation: first.generation, ok: 1 }, late];
  router.engine.submitAll("TRAFFIC_CONTROL_RESULT", records, router.nowMs);
  router.drain();
  assertEquals([router.sent("a"), router.engine.counters().STALE_RESULT], [["Resv FF(S1{B})"], 1]);
});

Deno.test("[2205-3.8-03] SE requests of two interfaces without a sender in common are no branch", () => {
  const router = figure4();
  router.resv("R1", "SE(S1{2B})");
  router.resv("R2", "SE(S2{4B})");
  assertEquals([router.policing("c"), router.policing("d")], [[""], [""]]);
  // S1 goes to (d) as well now, where more is reserved for it.
  router.resv("R2", "SE((S1,S2){4B})");
  assertEquals([router.policing("c"), router.policing("d")], [["B"], ["M"]]);
  router.resv("R1", "SE((S1,S3){2B})");
  assertEquals([router.policing("c"), router.policing("d")], [["MB"], ["M"]]);
  router.resvTear("R1", "SE(S1)");
  assertEquals([router.policing("c"), router.policing("d")], [[""], ["M"]]);
});
