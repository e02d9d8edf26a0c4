/** Confirmation: RFC 2205 sections 2.6, 3.1.4 and 3.1.9. */
import { CALL_OPTION } from "../../host/boundary.gen.ts";
import { assertEquals, assertObjectMatch } from "../assert.ts";
import { figure4, unicast } from "./figures.ts";
import { objectOf } from "./node.ts";
import { Router } from "./router.ts";

/** One sender behind (a), R1 on (c), R2 on (d). */
function oneSender(): Router {
  const router = figure4();
  router.pathTear("S2", "P2");
  router.pathTear("S3", "P2");
  router.clear();
  return router;
}

Deno.test("[2205-2.6-01] A confirmation asked for with the largest request goes upstream once", () => {
  const router = oneSender();
  router.resv("R2", "WF(*{2B})");
  router.clear();
  router.resv("R1", "WF(*{4B})", { confirm: "R1" });
  assertEquals(router.sent(), ["a: Resv WF(*{4B}) CONFIRM(R1)"]);
  router.clear();
  router.advance(31_000);
  assertEquals(router.sent("a"), ["Resv WF(*{4B})"]);
});

Deno.test("[2205-2.6-01] A member of a group that is also a sender's host hears confirmations, its own and from upstream", () => {
  const router = new Router();
  router.neighbour("P1", "a");
  router.sender("S1", { in: "a", out: [] });
  router.sender("S9", { out: [] }, { address: router.ownAddress("b") });
  router.callSession(1);
  router.callSession(2);
  router.callSender(1, "S9");
  // The only sender is here: it confirms.
  router.callReserve(2, "WF(*{B})", CALL_OPTION.CONFIRM);
  router.callReserve(2, "WF(*{2B})", CALL_OPTION.CONFIRM);
  const confirmed = () => router.heard().filter((text) => text.includes("RESV_CONFIRM"));
  assertEquals(confirmed(), ["2: RESV_CONFIRM WF(*{B})", "2: RESV_CONFIRM WF(*{2B})"]);
  // Another one is behind (a), where the answer is to arrive.
  router.path("S1", "P1");
  router.clear();
  router.callReserve(2, "WF(*{3B})", CALL_OPTION.CONFIRM);
  assertEquals(router.sent("a"), ["Resv WF(*{3B}) CONFIRM((a))"]);
});

Deno.test("[2205-2.6-03] [2209-2-RREFR-04] The sender's host answers with a ResvConf to the receiver", () => {
  const router = new Router({ session: { destination: "192.0.2.20", protocol: 17, port: 5004 } });
  router.neighbour("R1", "c");
  router.sender("S1", undefined, { address: router.ownAddress("a") });
  router.route("*", { out: [{ interface: "c", gateway: "R1" }] });
  router.callSession(1);
  router.callSender(1, "S1", 9);
  router.clear();
  router.resv("R1", "FF(S1{4B})", { confirm: "R1" });
  assertEquals(router.sent(), ["route: ResvConf 0/0x0000 FF(S1{4B}) CONFIRM(R1)"]);
  assertEquals([router.messages[0].to, router.messages[0].routerAlert], ["R1", 1]);
  assertEquals(router.heard(), ["1: RESV_EVENT FF(S1{4B})"]);
});

for (const size of ["2B", "4B"]) {
  Deno.test(`[2205-2.6-02] [2209-2-UTC-05] Where 4B stands, ${size} from another interface is confirmed here`, () => {
    const router = oneSender();
    router.resv("R1", "WF(*{4B})");
    router.clear();
    router.resv("R2", `WF(*{${size}})`, { confirm: "R2" });
    assertEquals(router.sent(), [`route: ResvConf 0/0x0000 WF(*{${size}}) CONFIRM(R2)`]);
    const [confirmation] = router.messages;
    assertEquals(confirmation.to, "R2");
    assertObjectMatch(objectOf(confirmation, "ERROR_SPEC"), {
      errorNodeAddress: router.ownAddress("d"),
      errorCode: 0,
      errorValue: 0,
      flags: 0,
    });
  });

  Deno.test(`[2205-2.6-02] [2209-2-UTC-05] Where 4B stands, ${size} from the same interface is confirmed here`, () => {
    const router = oneSender();
    router.resv("R3", "WF(*{4B})");
    router.clear();
    router.resv("R2", `WF(*{${size}})`, { confirm: "R2" });
    assertEquals(router.sent(), [`route: ResvConf 0/0x0000 WF(*{${size}}) CONFIRM(R2)`]);
  });
}

Deno.test("[2205-3.1.4-09] A request that cannot be ordered with what stands is confirmed here", () => {
  const router = unicast();
  router.resv("R2", "FF(S1{4B})");
  router.clear();
  const odd = { r: 2, b: 8, p: 4 };
  router.resv("R1", "FF(S1{4B})", {
    confirm: "R1",
    edit: (objects) =>
      objects.map((object) =>
        object.name === "FLOWSPEC"
          ? { ...object, tokenBucketRateBytesPerSecond: odd.r * 1000, tokenBucketSizeBytes: odd.b * 1000 }
          : object
      ),
  });
  assertEquals(router.sent("route").map((text) => text.slice(0, 8)), ["ResvConf"]);
  // The merged request has changed, so a Resv goes on, without the confirmation.
  assertEquals(router.sent("a"), ["Resv FF(S1{r=4 b=8 p=8 m=64 M=1500})"]);
});

Deno.test("The race of section 2.6: confirmed at the merge point, then refused upstream; R2 hears both in that order", () => {
  const router = oneSender();
  router.resv("R1", "WF(*{4B})");
  router.resv("R2", "WF(*{2B})", { confirm: "R2" });
  router.clear();
  router.resvError("P1", 1, 2, "WF(*{4B})");
  // R1's request has failed above: 2B, which is not blockaded, goes up at once and is refused too.
  assertEquals(router.sent("a"), ["Resv WF(*{2B})"]);
  router.resvError("P1", 1, 2, "WF(*{2B})");
  assertEquals(router.sent("d"), ["ResvErr 1/0x0002 WF(*{4B})", "ResvErr 1/0x0002 WF(*{2B})"]);
});

Deno.test("[2209-2-UTC-04] A request that is refused here is not confirmed", () => {
  const router = figure4({ interface: { c: { reservableBytesPerSecond: 3000 } } });
  router.resv("R1", "WF(*{4B})", { confirm: "R1" });
  assertEquals(router.sent(), ["c: ResvErr 1/0x0002 WF(*{4B})"]);
  router.clear();
  router.resv("R1", "WF(*{2B})");
  assertEquals(router.sent("a"), ["Resv WF(*{2B}) SCOPE[S1]"]);
});

Deno.test("[2205-3.1.4-10] [2209-2-RREFR-03] A confirmation asked for in a blockaded request is dropped", () => {
  const router = oneSender();
  router.resv("R1", "WF(*{4B})");
  router.resvError("P1", 1, 2, "WF(*{4B})");
  router.clear();
  router.resv("R1", "WF(*{5B})", { confirm: "R1" });
  router.advance(31_000);
  assertEquals(router.sent("route"), []);
  assertEquals(router.sent("a").filter((text) => text.includes("CONFIRM")), []);
});

Deno.test("[2209-2-RACK-01] [2205-3.1.9-01] A ResvConf for another node goes on to the receiver with Router Alert", () => {
  const router = unicast();
  router.resv("R1", "FF(S1{4B})");
  router.clear();
  router.resvConfirm("P1", "R1", "FF(S1{4B})", { message: { sendTtl: 60 }, node: "P1" });
  assertEquals(router.sent(), ["route: ResvConf 0/0x0000 FF(S1{4B}) CONFIRM(R1)"]);
  const [relayed] = router.messages;
  assertEquals([relayed.to, relayed.ttl, relayed.message.sendTtl, relayed.routerAlert], ["R1", 59, 59, 1]);
});

Deno.test("[2209-2-RACK-01] A ResvConf for this node is an upcall", () => {
  const router = new Router({ session: { destination: "10.0.3.1", protocol: 17, port: 5004 } });
  router.neighbour("P1", "a");
  router.sender("S1");
  router.route("*", { local: true });
  router.path("S1", "P1", { tspec: 9 });
  router.callSession(1);
  router.callReserve(1, "FF(S1{4B})", 1);
  assertEquals(router.sent("a"), ["Resv FF(S1{4B}) CONFIRM((c))"]);
  router.clear();
  router.resvConfirm("P1", "10.0.3.1", "FF(S1{4B})");
  assertEquals(router.heard(), ["1: RESV_CONFIRM FF(S1{4B})"]);
  assertEquals(router.sent(), []);
});

Deno.test("[2205-B-18] A ResvConf whose destination is not its RESV_CONFIRM address is dropped", () => {
  const router = unicast();
  router.resvConfirm("P1", "R1", "FF(S1{4B})", { arrival: { destination: "10.0.3.99" } });
  assertEquals(router.sent(), []);
  assertEquals(router.drops(), ["BAD_CONFIRM_ADDRESS"]);
});

Deno.test("[2205-3.1.9-02] [2205-3.1.9-03] A ResvConf has SESSION, ERROR_SPEC, RESV_CONFIRM, STYLE and what is confirmed", () => {
  const router = oneSender();
  router.path("S2", "P2", { tspec: 9 });
  router.resv("R1", "FF(S1{4B}, S2{B})");
  router.clear();
  router.resv("R2", "FF(S1{2B}, S2{2B})", { confirm: "R2" });
  // S1 is confirmed here, S2 is the largest and goes up with the request.
  assertEquals(router.sent("route"), ["ResvConf 0/0x0000 FF(S1{2B}) CONFIRM(R2)"]);
  assertEquals(router.sent("b"), ["Resv FF(S2{2B}) CONFIRM(R2)"]);
  const [confirmation] = router.messages.filter((sent) => sent.interface === "route");
  const names = confirmation.message.objects.map((object) => object.name);
  assertEquals(names, ["SESSION", "ERROR_SPEC", "RESV_CONFIRM", "STYLE", "FLOWSPEC", "FILTER_SPEC"]);
});

Deno.test("[2205-2.6-01] One RESV_CONFIRM of an FF Resv for senders behind one previous hop goes upstream once", () => {
  const router = unicast();
  router.resv("R1", "FF(S2{4B}, S3{4B})", { confirm: "R1" });
  assertEquals(router.sent("b"), ["Resv FF(S2{4B}, S3{4B}) CONFIRM(R1)"]);
  router.clear();
  router.advance(65_000);
  assertEquals(router.sent("b"), ["Resv FF(S2{4B}, S3{4B})", "Resv FF(S2{4B}, S3{4B})"]);
});

Deno.test("[2205-2.6-01] Confirmations of two receivers that become free together go upstream at once, each once", () => {
  const router = unicast({ trafficControl: "held" });
  router.resv("R1", "FF(S2{4B})", { confirm: "R1" });
  router.resv("R2", "FF(S3{4B})", { confirm: "R2" });
  assertEquals(router.sent("b"), []);
  router.answer();
  assertEquals(router.sent("b"), ["Resv FF(S2{4B}, S3{4B}) CONFIRM(R1)", "Resv FF(S2{4B}, S3{4B}) CONFIRM(R2)"]);
  router.clear();
  router.advance(65_000);
  assertEquals(router.sent("b"), ["Resv FF(S2{4B}, S3{4B})", "Resv FF(S2{4B}, S3{4B})"]);
});

Deno.test("[2209-2-RACK-01] A ResvConf goes up to the applications whose reservation it is for", () => {
  const router = new Router({ session: { destination: "10.0.3.1", protocol: 17, port: 5004 } });
  router.neighbour("P1", "a");
  router.route("*", { local: true });
  for (const sender of ["S1", "S2"]) {
    router.sender(sender);
    router.path(sender, "P1", { tspec: 9 });
  }
  router.callSession(1);
  router.callSession(2);
  router.callReserve(1, "FF(S1{4B})", 1);
  router.callReserve(2, "FF(S2{4B})");
  router.clear();
  router.resvConfirm("P1", "10.0.3.1", "FF(S1{4B})");
  router.resvConfirm("P1", "10.0.3.1", "WF(*{4B})");
  assertEquals(router.heard(), ["1: RESV_CONFIRM FF(S1{4B})"]);
});
