/** SCOPE: RFC 2205 section 3.4, figure 11, and what RFC 2209 says of it in RESV REFRESH and RERR MESSAGE ARRIVES. */
import { assertEquals } from "../assert.ts";
import { CONFIG_OPTION } from "../../host/boundary.gen.ts";
import { figure4 } from "./figures.ts";
import { objectOf } from "./node.ts";
import { Router, type RouterOptions } from "./router.ts";

/** Figure 11: (a) has R4 and S4, (b) R1 and S1, (c) R2, S2 and S3; every sender's data go to the other two interfaces. */
function figure11(options: RouterOptions = {}): Router {
  const router = new Router({ interfaces: "abc", ...options });
  for (const letter of "abc") {
    router.neighbour(`P${letter}`, letter);
    router.neighbour(`N${letter}`, letter);
  }
  const senders = [["S1", "b", ["a", "c"]], ["S2", "c", ["a", "b"]], ["S3", "c", ["a", "b"]], ["S4", "a", ["b", "c"]]];
  for (const [name, letter, out] of senders as [string, string, string[]][]) {
    router.sender(name, { in: letter, out });
    router.path(name, `P${letter}`, { tspec: 9 });
  }
  router.clear();
  return router;
}
const last = (router: Router, letter: string) => router.sent(letter).at(-1);

function withFigure11(options: RouterOptions = {}): Router {
  const router = figure11(options);
  router.resv("Na", "WF(*{B})", { scope: ["S1", "S2", "S3"] });
  router.resv("Nb", "WF(*{B})", { scope: ["S2", "S3", "S4"] });
  router.resv("Nc", "WF(*{B})", { scope: ["S4", "S1"] });
  return router;
}

Deno.test("[2205-3.4-01] [2205-3.1.4-08] Figure 11: each previous hop hears of its own senders", () => {
  const router = withFigure11();
  assertEquals(last(router, "a"), "Resv WF(*{B}) SCOPE[S4]");
  assertEquals(last(router, "b"), "Resv WF(*{B}) SCOPE[S1]");
  assertEquals(last(router, "c"), "Resv WF(*{B}) SCOPE[S2,S3]");
});

Deno.test("[2205-3.4-01] Figure 11: a Resv without SCOPE stands for the senders that route to its interface", () => {
  const router = figure11();
  router.resv("Na", "WF(*{B})", { scope: ["S1", "S2", "S3"] });
  router.resv("Nb", "WF(*{B})", { scope: ["S2", "S3", "S4"] });
  router.resv("Nc", "WF(*{B})");
  assertEquals(last(router, "a"), "Resv WF(*{B}) SCOPE[S4]");
  assertEquals(last(router, "b"), "Resv WF(*{B}) SCOPE[S1]");
  assertEquals(last(router, "c"), "Resv WF(*{B}) SCOPE[S2,S3]");
});

Deno.test("[2205-3.4-01] With a second previous hop the first one hears of its SCOPE at once, with a third nothing new", () => {
  const router = new Router({ interfaces: "abcd" });
  for (const [index, letter] of [..."abc"].entries()) {
    router.neighbour(`P${index + 1}`, letter);
    router.sender(`S${index + 1}`, { in: letter, out: [..."abcd"].filter((other) => other !== letter) });
  }
  router.neighbour("R1", "d");
  const resvs = () => router.sent().filter((text) => text.includes("Resv")).sort();
  router.path("S1", "P1");
  router.resv("R1", "WF(*{B})");
  assertEquals(resvs(), ["a: Resv WF(*{B})"]);
  router.clear();
  router.path("S2", "P2");
  assertEquals(resvs(), ["a: Resv WF(*{B}) SCOPE[S1]", "b: Resv WF(*{B}) SCOPE[S2]"]);
  router.clear();
  router.path("S3", "P3");
  assertEquals(resvs(), ["c: Resv WF(*{B}) SCOPE[S3]"]);
});

Deno.test("[2205-3.4-01] Figure 11: a local sender is left out, and nothing goes where it would be the only one", () => {
  const router = new Router({ interfaces: "abc" });
  for (const [name, letter] of [["Pb", "b"], ["Pc", "c"], ["Nb", "b"], ["Nc", "c"]]) router.neighbour(name, letter);
  router.sender("S1", { in: "b", out: ["a", "c"] });
  router.sender("S2", { in: "c", out: ["a", "b"] });
  router.sender("S4", { out: ["b", "c"] }, { address: router.ownAddress("a") });
  router.path("S1", "Pb", { tspec: 9 });
  router.path("S2", "Pc", { tspec: 9 });
  router.callSession(1);
  router.callSender(1, "S4", 9);
  router.clear();
  router.resv("Nb", "WF(*{B})", { scope: ["S2", "S4"] });
  router.resv("Nc", "WF(*{B})", { scope: ["S4", "S1"] });
  assertEquals(router.sent("a"), []);
  assertEquals(last(router, "b"), "Resv WF(*{B}) SCOPE[S1]");
  assertEquals(last(router, "c"), "Resv WF(*{B}) SCOPE[S2]");
  assertEquals(router.heard().at(-1), "1: RESV_EVENT WF(*{B})");
});

Deno.test("[2205-3.4-02] [2209-2-RREFR-02] Figure 11: an empty SCOPE means that no Resv is sent", () => {
  const router = figure11();
  router.resv("Nb", "WF(*{B})", { scope: ["S1"] });
  router.resv("Nc", "WF(*{B})", { scope: ["S1"] });
  assertEquals(router.sent("a"), []);
  // S1 itself comes by (b): it reaches (c) alone.
  assertEquals(last(router, "b"), "Resv WF(*{B}) SCOPE[S1]");
  assertEquals(router.sent("c"), []);
});

Deno.test("[2205-3.4-03] One previous hop needs no SCOPE", () => {
  const router = figure4();
  router.pathTear("S1", "P1");
  router.clear();
  router.resv("R1", "WF(*{B})");
  assertEquals(router.sent("b"), ["Resv WF(*{B})"]);
});

Deno.test("[2205-3.4-03] [2209-2-RREFR-02] Shared trees need no SCOPE", () => {
  const router = figure4({ config: { options: CONFIG_OPTION.SHARED_TREES } });
  router.resv("R1", "WF(*{B})");
  assertEquals(router.sent().sort(), ["a: Resv WF(*{B})", "b: Resv WF(*{B})"]);
});

Deno.test("[2205-3.4-03] Explicit styles need no SCOPE", () => {
  const router = figure4();
  router.resv("R1", "SE((S1,S2){B})");
  assertEquals(router.sent("a"), ["Resv SE(S1{B})"]);
  assertEquals(router.sent("b"), ["Resv SE(S2{B})"]);
});

Deno.test("[2205-3.1.4-08] A SCOPE that comes restricts the reservation to the senders that it lists", () => {
  const router = figure4();
  router.resv("R1", "WF(*{B})", { scope: ["S1", "S3"] });
  assertEquals(router.sent("a"), ["Resv WF(*{B}) SCOPE[S1]"]);
  assertEquals(router.sent("b"), ["Resv WF(*{B}) SCOPE[S3]"]);
});

for (const family of [4, 6] as const) {
  Deno.test(`[2205-A.6-01] IPv${family}: SCOPE lists addresses in ascending unsigned order`, () => {
    const router = new Router({ family });
    router.neighbour("P1", "a");
    router.neighbour("P2", "b");
    router.neighbour("R1", "c");
    const addresses = family === 4
      ? ["192.0.2.1", "10.0.0.200", "10.0.0.3", "223.1.1.1"]
      : ["fe00::1", "2001:db8::200", "2001:db8::3", "7fff::1"];
    addresses.forEach((address, index) => {
      router.sender(`S${index}`, { in: "a", out: ["c"] }, { address });
      router.path(`S${index}`, "P1");
    });
    router.sender("S9", { in: "b", out: ["c"] });
    router.path("S9", "P2");
    router.clear();
    router.resv("R1", "WF(*{B})");
    const [resv] = router.messages.filter((sent) => sent.interface === "a");
    const wanted = family === 4
      ? ["10.0.0.3", "10.0.0.200", "192.0.2.1", "223.1.1.1"]
      : ["2001:db8::3", "2001:db8::200", "7fff::1", "fe00::1"];
    assertEquals(objectOf(resv, "SCOPE").sourceAddresses, wanted);
  });
}

Deno.test("[2205-3.4-05] A ResvErr goes on with the senders of its SCOPE that route to each interface", () => {
  const router = withFigure11();
  router.clear();
  router.resvError("Pc", 2, 0, "WF(*{B})", { scope: ["S2", "S3"] });
  assertEquals(router.sent("a"), ["ResvErr 2/0x0000 WF(*{B}) SCOPE[S2,S3]"]);
  assertEquals(router.sent("b"), ["ResvErr 2/0x0000 WF(*{B}) SCOPE[S2,S3]"]);
  assertEquals(router.sent("c"), []);
});

for (const [gone, wanted] of [[["S3"], ["S2"]], [["S2", "S3"], []]] as const) {
  Deno.test(`[2205-3.4-05] A ResvErr for S2 and S3 where ${gone.join(" and ")} does not route to (b)`, () => {
    const router = withFigure11();
    for (const name of gone) router.route(name, { in: "c", out: ["a"] });
    router.routesChange("224.1.1.1", 32);
    router.clear();
    router.resvError("Pc", 2, 0, "WF(*{B})", { scope: ["S2", "S3"] });
    assertEquals(router.sent("a"), ["ResvErr 2/0x0000 WF(*{B}) SCOPE[S2,S3]"]);
    assertEquals(router.sent("b"), wanted.map((name) => `ResvErr 2/0x0000 WF(*{B}) SCOPE[${name}]`));
  });
}

Deno.test("[2205-3.4-05] A WF ResvErr without SCOPE stands for the senders of the previous hop that sent it", () => {
  const router = withFigure11();
  router.clear();
  router.resvError("Pb", 2, 0, "WF(*{B})");
  assertEquals(router.sent(), ["a: ResvErr 2/0x0000 WF(*{B}) SCOPE[S1]", "c: ResvErr 2/0x0000 WF(*{B}) SCOPE[S1]"]);
});

Deno.test("[2205-3.4-04] The node that refuses a WF reservation sends its SCOPE back", () => {
  const router = figure11({ interface: { a: { reservableBytesPerSecond: 500 } } });
  router.resv("Na", "WF(*{B})", { scope: ["S1", "S2"] });
  assertEquals(router.sent("a"), ["ResvErr 1/0x0002 WF(*{B}) SCOPE[S1,S2]"]);
});

Deno.test("[2205-3.4-04] The SCOPE goes back with a reservation that traffic control refuses late", () => {
  const router = figure11({ trafficControl: "held" });
  router.resv("Na", "WF(*{B})", { scope: ["S1", "S2"] });
  router.answer({ ok: 0 });
  assertEquals(router.sent("a"), ["ResvErr 1/0x0002 WF(*{B}) SCOPE[S1,S2]"]);
});

Deno.test("[2205-3.4-01] A SCOPE that has come goes on, reduced, where one previous hop alone would need none", () => {
  const router = figure4();
  router.pathTear("S1", "P1");
  router.clear();
  router.resv("R1", "WF(*{B})", { scope: ["S1", "S2"] });
  assertEquals(router.sent("b"), ["Resv WF(*{B}) SCOPE[S2]"]);
  // A next hop without SCOPE stands for all that is routed to it.
  router.resv("R2", "WF(*{B})");
  assertEquals(last(router, "b"), "Resv WF(*{B}) SCOPE[S2,S3]");
  router.clear();
  router.resvTear("R1", "WF(*)");
  assertEquals(router.sent("b"), ["Resv WF(*{B})"]);
});

Deno.test("[2205-3.4-01] Worked by hand: WF requests go round no circle of nodes that have one previous hop each", () => {
  // X asks Y for S1, Y asks P, P asks W for S2, W asks X. Y is routed S2 by P, and W is routed S1 by X, which go no further.
  // If Y and W leave SCOPE out, P takes Y's request to be for S2 as well, and X takes that of W to be for S1: no receiver, and
  // a reservation that each refresh makes anew.
  const w = new Router();
  for (const [name, letter] of [["X", "a"], ["P", "b"], ["R1", "c"]]) w.neighbour(name, letter);
  w.sender("S1", { in: "a", out: [] });
  w.sender("S2", { in: "a", out: ["b"] });
  for (const sender of ["S1", "S2"]) w.path(sender, "X");
  w.clear();
  w.resv("P", "WF(*{B})", { scope: ["S2"] });
  assertEquals(w.sent("a"), ["Resv WF(*{B}) SCOPE[S2]"]);
  const x = new Router();
  for (const [name, letter] of [["Y", "a"], ["H", "b"], ["W", "c"]]) x.neighbour(name, letter);
  x.sender("S1", { in: "a", out: ["c"] });
  x.sender("S2", { in: "b", out: ["c"] });
  x.path("S1", "Y");
  x.path("S2", "H");
  x.clear();
  x.resv("W", "WF(*{B})", { scope: ["S2"] });
  // Nothing goes to Y: the circle is open.
  assertEquals(x.sent(), ["b: Resv WF(*{B}) SCOPE[S2]"]);
});

Deno.test("[2209-2-RESV-07] A SCOPE that waits for traffic control says nothing yet, and a refusal leaves the one before", () => {
  const router = figure4({ trafficControl: "held" });
  router.resv("R1", "WF(*{2B})", { scope: ["S1", "S2"] });
  router.answer();
  assertEquals([last(router, "a"), last(router, "b")], ["Resv WF(*{2B}) SCOPE[S1]", "Resv WF(*{2B}) SCOPE[S2]"]);
  router.clear();
  router.resv("R1", "WF(*{4B})", { scope: ["S3"] });
  router.advance(30_000);
  assertEquals([router.sent("a"), router.sent("b")], [["Resv WF(*{2B}) SCOPE[S1]"], ["Resv WF(*{2B}) SCOPE[S2]"]]);
  router.answer({ ok: 0, errorCode: 1, errorValue: 2 });
  assertEquals(router.sent("c").at(-1), "ResvErr 1/0x0002 InPlace WF(*{4B}) SCOPE[S3]");
  router.clear();
  router.advance(30_000);
  assertEquals([router.sent("a"), router.sent("b")], [["Resv WF(*{2B}) SCOPE[S1]"], ["Resv WF(*{2B}) SCOPE[S2]"]]);
  router.clear();
  router.resv("R1", "WF(*{4B})", { scope: ["S3"] });
  router.answer();
  assertEquals([router.sent("a"), router.sent("b")], [["ResvTear WF(*)"], ["Resv WF(*{4B}) SCOPE[S3]"]]);
});
