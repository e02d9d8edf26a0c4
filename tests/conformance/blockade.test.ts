/** Blockade state and killer reservations: RFC 2205 sections 2.5 and 3.5, figure 12. */
import type { ObjectInput } from "../../host/object_list.ts";
import { assertEquals } from "../assert.ts";
import { unicast } from "./figures.ts";
import { type Bucket, flowspec } from "./notation.ts";
import { Router, type RouterOptions } from "./router.ts";

/** Figure 12: previous hops on (a) and (b), next hops on (c) and (d), a sender behind each previous hop. */
function figure12(options: RouterOptions = {}): Router {
  const router = new Router(options);
  for (const [name, letter] of [["PA", "a"], ["PB", "b"], ["C", "c"], ["D", "d"]]) router.neighbour(name, letter);
  router.sender("S1", { in: "a", out: ["c", "d"] });
  router.sender("S2", { in: "b", out: ["c", "d"] });
  router.path("S1", "PA", { tspec: 9 });
  router.path("S2", "PB", { tspec: 9 });
  router.clear();
  return router;
}
/** Paths and Resvs are refreshed, so that time may pass. */
function refresh(router: Router, resvs: readonly (readonly [string, string])[]) {
  router.path("S1", "PA", { tspec: 9 });
  router.path("S2", "PB", { tspec: 9 });
  for (const [from, descriptors] of resvs) router.resv(from, descriptors);
}
const blockades = (router: Router) => router.engine.inspect("blockade").length;
const resvs = (router: Router, letter: string) => router.sent(letter).filter((text) => text.startsWith("Resv "));

Deno.test("[2205-3.5-04] [2205-3.5-09] [2205-2.5-02] Figure 12: 4B failed beyond (a), so (a) hears 2B and (b) 4B", () => {
  const router = figure12();
  router.resv("C", "WF(*{4B})");
  router.resvError("PA", 1, 2, "WF(*{4B})");
  router.clear();
  router.resv("D", "WF(*{2B})");
  assertEquals(resvs(router, "a"), ["Resv WF(*{2B}) SCOPE[S1]"]);
  assertEquals(resvs(router, "b"), []);
  router.clear();
  router.advance(31_000);
  assertEquals(resvs(router, "a"), ["Resv WF(*{2B}) SCOPE[S1]"]);
  assertEquals(resvs(router, "b"), ["Resv WF(*{4B}) SCOPE[S2]"]);
  assertEquals([router.reserved("c"), router.reserved("d")], [["*{4B}"], ["*{2B}"]]);
});

Deno.test("[2205-3.5-01] [2205-3.5-02] [2205-3.5-10] The timeline of figure 12: Tb is Kb times R", () => {
  const router = figure12();
  const held = [["C", "WF(*{4B})"], ["D", "WF(*{2B})"]] as const;
  router.resv("C", "WF(*{4B})");
  assertEquals(router.sent().sort(), ["a: Resv WF(*{4B}) SCOPE[S1]", "b: Resv WF(*{4B}) SCOPE[S2]"]);
  router.clear();
  router.advanceTo(1_000);
  router.resvError("PA", 1, 2, "WF(*{4B})");
  // All that is asked for is blockaded, so nothing is sent up now; the next hop that asked hears of it.
  assertEquals(router.sent(), ["c: ResvErr 1/0x0002 WF(*{4B}) SCOPE[S1]"]);
  assertEquals(blockades(router), 1);
  router.clear();
  router.advanceTo(2_000);
  router.resv("D", "WF(*{2B})");
  assertEquals(router.sent(), ["a: Resv WF(*{2B}) SCOPE[S1]"]);
  for (const time of [30_000, 60_000, 90_000]) {
    router.advanceTo(time);
    refresh(router, held);
  }
  router.advanceTo(90_900);
  assertEquals(blockades(router), 1);
  router.clear();
  router.advanceTo(123_000);
  refresh(router, held);
  assertEquals(blockades(router), 0);
  assertEquals(resvs(router, "a").at(-1), "Resv WF(*{4B}) SCOPE[S1]");
  router.clear();
  router.resvError("PA", 1, 2, "WF(*{4B})", { flags: 1 });
  assertEquals(router.sent("a"), ["Resv WF(*{2B}) SCOPE[S1]"]);
  assertEquals(router.sent("c"), ["ResvErr 1/0x0002 InPlace WF(*{4B}) SCOPE[S1]"]);
  assertEquals(router.sent("d"), []);
  assertEquals(router.reserved("c"), ["*{4B}"]);
});

Deno.test("[2205-3.5-03] [2205-3.5-05] [2209-2-RERR-03] Where all is blockaded, the refresh carries the smallest", () => {
  for (const [local, wanted] of [[["4B", "5B"], "4B"], [["5B", "6B"], "5B"]] as const) {
    const router = figure12();
    router.resv("C", `WF(*{${local[0]}})`);
    router.resv("D", `WF(*{${local[1]}})`);
    router.clear();
    router.resvError("PA", 1, 2, "WF(*{4B})");
    assertEquals(resvs(router, "a"), []);
    router.advance(31_000);
    assertEquals(resvs(router, "a"), [`Resv WF(*{${wanted}}) SCOPE[S1]`]);
  }
});

Deno.test("[2205-3.5-03] A request is blockaded unless Qb is strictly greater", () => {
  for (const [size, wanted] of [["2B", "2B"], ["4B", "4B"], ["5B", "4B"]]) {
    const router = figure12();
    router.resv("C", "WF(*{4B})");
    router.resvError("PA", 1, 2, "WF(*{4B})");
    router.resv("D", `WF(*{${size}})`);
    router.clear();
    router.advance(31_000);
    assertEquals(resvs(router, "a"), [`Resv WF(*{${wanted}}) SCOPE[S1]`]);
  }
});

Deno.test("[2205-3.5-06] A ResvErr with something free left draws an immediate Resv of that", () => {
  const router = figure12();
  router.resv("C", "WF(*{4B})");
  router.resv("D", "WF(*{2B})");
  router.clear();
  router.resvError("PA", 1, 2, "WF(*{4B})");
  assertEquals(resvs(router, "a"), ["Resv WF(*{2B}) SCOPE[S1]"]);
  assertEquals(resvs(router, "b"), []);
});

Deno.test("[2205-3.5-07] Without InPlace every next hop with a part in it hears of the error", () => {
  const router = figure12();
  router.resv("C", "WF(*{4B})");
  router.resv("D", "WF(*{2B})");
  router.clear();
  router.resvError("PA", 1, 2, "WF(*{4B})");
  assertEquals(router.sent("c"), ["ResvErr 1/0x0002 WF(*{4B}) SCOPE[S1]"]);
  assertEquals(router.sent("d"), ["ResvErr 1/0x0002 WF(*{4B}) SCOPE[S1]"]);
});

Deno.test("[2205-3.5-08] With InPlace only those hear of it whose request is blockaded", () => {
  const router = figure12();
  router.resv("C", "WF(*{4B})");
  router.resv("D", "WF(*{2B})");
  router.clear();
  router.resvError("PA", 1, 2, "WF(*{4B})", { flags: 1 });
  assertEquals(router.sent("c"), ["ResvErr 1/0x0002 InPlace WF(*{4B}) SCOPE[S1]"]);
  assertEquals(router.sent("d"), []);
});

/** Three senders behind (a), next hops on (c) and (d). */
function threeSenders(): Router {
  const router = new Router();
  for (const [name, letter] of [["PA", "a"], ["C", "c"], ["D", "d"]]) router.neighbour(name, letter);
  for (const name of ["S1", "S2", "S3"]) {
    router.sender(name, { in: "a", out: ["c", "d"] });
    router.path(name, "PA", { tspec: 9 });
  }
  router.clear();
  return router;
}

Deno.test("[2205-3.5-01] FF: each sender of the error is blockaded, the others from the same previous hop are not", () => {
  const router = threeSenders();
  router.resv("C", "FF(S1{4B}, S2{4B}, S3{4B})");
  router.resvError("PA", 1, 2, "FF(S1{4B})");
  assertEquals(blockades(router), 1);
  router.clear();
  router.resv("D", "FF(S1{2B}, S3{5B})");
  assertEquals(router.sent("a"), ["Resv FF(S1{2B}, S2{4B}, S3{5B})"]);
});

Deno.test("[2209-2-RERR-03] FF: the refresh after an error says nothing of a sender that is all blockaded", () => {
  const router = threeSenders();
  router.resv("C", "FF(S1{4B}, S2{4B})");
  router.clear();
  router.resvError("PA", 1, 2, "FF(S1{4B})");
  assertEquals(router.sent(), ["c: ResvErr 1/0x0002 FF(S1{4B})"]);
  router.clear();
  router.advance(31_000);
  assertEquals(router.sent("a"), ["Resv FF(S1{4B}, S2{4B})"]);
});

Deno.test("[2205-3.5-01] SE: an error for two senders makes a blockade for each", () => {
  const router = threeSenders();
  router.resv("C", "SE((S1,S2){4B})");
  router.clear();
  router.resvError("PA", 1, 2, "SE((S1,S2){4B})");
  assertEquals(blockades(router), 2);
  router.resv("D", "SE(S3{5B})");
  assertEquals(router.sent("a").at(-1), "Resv SE((S1,S2,S3){5B})");
});

Deno.test("SE blockade with one clean sender: a request that is blockaded for one sender does not size the others", () => {
  const router = threeSenders();
  router.resv("C", "SE((S1,S2){4B})");
  router.resv("D", "SE(S1{2B})");
  router.clear();
  router.resvError("PA", 1, 2, "SE(S1{4B})");
  assertEquals(router.sent("a"), ["Resv SE((S1,S2){2B})"]);
});

Deno.test("Two next hops on one LAN: a blockaded request does not hold back its smaller neighbour", () => {
  const router = threeSenders();
  router.neighbour("C2", "c");
  router.resv("C", "FF(S1{4B})");
  router.resv("C2", "FF(S1{2B})");
  router.clear();
  router.resvError("PA", 1, 2, "FF(S1{4B})");
  assertEquals(router.sent("a"), ["Resv FF(S1{2B})"]);
  assertEquals(router.reserved("c"), ["S1{4B}"]);
});

Deno.test("[2205-3.5-01] Errors of other codes blockade nothing", () => {
  const router = figure12();
  router.resv("C", "WF(*{4B})");
  for (const code of [2, 3, 4, 12, 21, 22, 23]) router.resvError("PA", code, 0, "WF(*{4B})");
  assertEquals(blockades(router), 0);
});

Deno.test("[2205-3.5-02] Another such error starts Tb anew; Kb is configurable", () => {
  const router = figure12({ config: { blockadeMultiplier: 1 } });
  router.resv("C", "WF(*{4B})");
  router.resvError("PA", 1, 2, "WF(*{4B})");
  router.advanceTo(20_000);
  router.resvError("PA", 1, 2, "WF(*{4B})");
  router.advanceTo(49_000);
  assertEquals(router.engine.inspect("blockade").map((row) => row.expiresInMs), [1_000]);
  router.advanceTo(91_000);
  assertEquals(blockades(router), 0);
});

Deno.test("[2205-2.5-01] [2205-3.1.8-05] Killer reservation I: an increase that is refused leaves what stands", () => {
  const router = figure12({ interface: { c: { reservableBytesPerSecond: 3000 } } });
  router.resv("C", "WF(*{2B})");
  router.clear();
  router.resv("C", "WF(*{4B})");
  assertEquals(router.sent(), ["c: ResvErr 1/0x0002 InPlace WF(*{4B})"]);
  assertEquals(router.reserved("c"), ["*{2B}"]);
  router.clear();
  router.neighbour("C2", "c");
  router.resv("C2", "WF(*{4B})");
  // The one who asked hears of it, not who holds what stands; its own request is new, so none of its is in place.
  assertEquals(router.messages.map((sent) => [sent.to, sent.text]), [["C2", "ResvErr 1/0x0002 WF(*{4B})"]]);
  assertEquals(router.reserved("c"), ["*{2B}"]);
});

Deno.test("[2205-2.5-03] What is refused upstream stays here and is refreshed", () => {
  const router = figure12();
  router.resv("C", "WF(*{4B})");
  router.resvError("PA", 1, 2, "WF(*{4B})");
  router.clear();
  router.advance(31_000);
  assertEquals(router.reserved("c"), ["*{4B}"]);
  assertEquals(resvs(router, "b"), ["Resv WF(*{4B}) SCOPE[S2]"]);
});

Deno.test("[2205-3.11.1-07] NotGuilty is told to the receiver whose own request is smaller than what failed", () => {
  for (const [own, flag] of [["2B", " NotGuilty"], ["4B", ""]]) {
    const router = new Router();
    router.neighbour("PA", "a");
    router.neighbour("C", "c");
    router.sender("S1", { in: "a", out: ["c"] });
    router.path("S1", "PA", { tspec: 9 });
    router.callSession(1);
    router.callReserve(1, `WF(*{${own}})`);
    router.resv("C", "WF(*{4B})");
    router.clear();
    router.resvError("PA", 1, 2, "WF(*{4B})");
    assertEquals(router.heard(), [`1: RESV_ERROR 1/0x0002${flag} WF(*{4B})`]);
    assertEquals(router.sent("c"), ["ResvErr 1/0x0002 WF(*{4B})"]);
  }
});

/** R1 wants a high rate, R2 a deep bucket: neither is greater, and their least upper bound is greater than both. */
function unordered(style: "FF(S1{4B})" | "SE(S1{4B})"): { router: Router; failed: ReturnType<typeof replaced> } {
  const router = unicast();
  router.resv("R1", style, replaced({ r: 2, b: 1, p: 10 }));
  router.resv("R2", style, replaced({ r: 1, b: 2, p: 10 }));
  const failed = replaced({ r: 2, b: 2, p: 10 });
  router.clear();
  return { router, failed };
}
function replaced(amount: Bucket) {
  return {
    edit: (objects: ObjectInput[]) => objects.map((object) => object.name === "FLOWSPEC" ? flowspec(amount) : object),
  };
}

for (const style of ["FF(S1{4B})", "SE(S1{4B})"] as const) {
  Deno.test(`[2205-3.5-03] [2205-3.5-05] ${style.slice(0, 2)}: where only the merge of requests fails, the next refresh asks for their GLB`, () => {
    const { router, failed } = unordered(style);
    router.resvError("P1", 1, 2, style, failed);
    // Qb is as large as each in one component, so each is blockaded: nothing is said at once.
    assertEquals(router.sent("a"), []);
    assertEquals(router.sent("c").length, 2);
    router.clear();
    router.advance(31_000);
    const text = style.replace("4B", "r=1 b=1 p=10 m=64 M=1500");
    assertEquals(router.sent("a"), [`Resv ${text}`]);
    // Until the blockade ends.
    router.clear();
    router.advance(60_000);
    assertEquals(router.sent("a").at(-1), `Resv ${style.replace("4B", "r=2 b=2 p=10 m=64 M=1500")}`);
  });
}

Deno.test("[2205-3.5-05] SE: a merge is not judged by the blockade of a sender that not all of it is for", () => {
  const router = unicast();
  router.resv("R1", "SE(S2{4B})", replaced({ r: 2, b: 1, p: 10 }));
  router.resv("R2", "SE(S3{4B})", replaced({ r: 1, b: 2, p: 10 }));
  router.clear();
  router.resvError("P2", 1, 2, "SE(S2{4B})", replaced({ r: 2, b: 2, p: 10 }));
  router.advance(31_000);
  assertEquals(router.sent("b"), ["Resv SE((S2,S3){r=2 b=2 p=10 m=64 M=1500})"]);
});
