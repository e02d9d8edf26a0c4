/** Int-Serv in the node: RFC 2210 section 2.3.2, RFC 2211 section 5, RFC 2212. The arithmetic itself is tested in tests/merge*. */
import { assertEquals } from "../assert.ts";
import type { ObjectInput } from "../../host/object_list.ts";
import { flowspec } from "./notation.ts";
import { figure4, unicast } from "./figures.ts";
import { objectOf } from "./node.ts";
import { Router } from "./router.ts";

const instead = (amount: Parameters<typeof flowspec>[0]) => ({
  edit: (objects: ObjectInput[]) => objects.map((object) => object.name === "FLOWSPEC" ? flowspec(amount) : object),
});

Deno.test("[2210-2.3.2-02] [2210-2.3.2-03] Worked example 9.9: requests of M 1500 and 1006 go upstream as 1006, and 1006 is reserved", () => {
  const router = new Router({ interface: { c: { mtuBytes: 9000 }, d: { mtuBytes: 9000 } } });
  for (const [name, letter] of [["P1", "a"], ["R1", "c"], ["R2", "c"]]) router.neighbour(name, letter);
  for (const [name, M] of [["S1", 4000], ["S2", 1500]] as const) {
    router.sender(name, { in: "a", out: ["c"] });
    router.path(name, "P1", { tspec: { r: 9, M } });
  }
  router.clear();
  router.resv("R1", "SE((S1,S2){4B})", instead({ r: 4, M: 1500 }));
  router.resv("R2", "SE((S1,S2){4B})", instead({ r: 4, M: 1006 }));
  const resv = router.messages.filter((sent) => sent.interface === "a").at(-1)!;
  assertEquals(objectOf(resv, "FLOWSPEC").maximumPacketSizeBytes, 1006);
  assertEquals(router.reserved("c"), ["(S1,S2){r=4 b=4 p=8 m=64 M=1006}"]);
  assertEquals(router.pathTspec("c"), ["r=18 b=18 p=36 m=64 M=4000"]);
});

Deno.test("[2210-2.3.2-04] The Path of a sender keeps its M when a Resv with a smaller one comes", () => {
  const router = unicast();
  router.resv("R1", "FF(S1{4B})", instead({ r: 4, M: 576 }));
  router.clear();
  router.advance(31_000);
  for (const sent of router.messages.filter((sent) => sent.text.startsWith("Path"))) {
    assertEquals(objectOf(sent, "SENDER_TSPEC").maximumPacketSizeBytes, 1500);
  }
});

Deno.test("[2210-2.3.2-01] The receiver is told the path's MTU, from which it takes its M", () => {
  const router = new Router({ session: { destination: "10.0.3.1", protocol: 17, port: 5004 } });
  router.neighbour("P1", "a");
  router.sender("S1");
  router.route("*", { local: true });
  const adspec = "0000000a010000080400000100000003060000014998968008000001000005dc0a000001000003ee05000000";
  router.callSession(1);
  router.path("S1", "P1", { adspec: { name: "UNKNOWN", class: 13, ctype: 2, bytes: adspec } });
  assertEquals(router.heard(), ["1: PATH_EVENT S1"]);
  assertEquals(router.events[0].objects.toHex().includes("0a000001000003ee"), true);
});

Deno.test("[2212-Guidelines-01] [2212-Invocation-04] Slack is kept with the reservation and said again in every refresh", () => {
  const router = unicast();
  router.resv("R1", "FF(S1{4G})", instead({ r: 4, R: 5, S: 123_456 }));
  router.clear();
  router.resv("R1", "FF(S1{4G})", instead({ r: 4, R: 5, S: 123_456 }));
  assertEquals([router.sent(), router.trafficControl], [[], []]);
  router.advance(65_000);
  assertEquals(router.sent("a"), ["Resv FF(S1{r=4 R=5 S=123456})", "Resv FF(S1{r=4 R=5 S=123456})"]);
  assertEquals(router.reservedRate("c"), 5000);
});

Deno.test("[2211-5-03] [2212-Invocation-05] A smaller request is never refused, even where the limit has sunk below what stands", () => {
  const router = figure4();
  router.resv("R1", "WF(*{4B})");
  router.configure("c", { reservableBytesPerSecond: 1000 });
  router.clear();
  router.resv("R1", "WF(*{3B})");
  assertEquals([router.sent("c"), router.reserved("c"), router.reservedRate("c")], [[], ["*{3B}"], 3000]);
  router.resv("R1", "WF(*{4B})");
  assertEquals(router.sent("c"), ["ResvErr 1/0x0002 InPlace WF(*{4B})"]);
});
