/** The examples of RFC 2205 section 1.4 for a unicast session: several senders, one next hop, and two on one LAN. */
import { assertEquals } from "../assert.ts";
import { unicast } from "./figures.ts";

for (const family of [4, 6] as const) {
  const name = `IPv${family}`;

  Deno.test(`unicast ${name}, WF: one reservation for every sender, and each previous hop hears of it`, () => {
    const router = unicast({ family });
    router.resv("R1", "WF(*{4B})");
    assertEquals(router.reserved("c"), ["*{4B}"]);
    assertEquals(router.sent("a"), ["Resv WF(*{4B}) SCOPE[S1]"]);
    assertEquals(router.sent("b"), ["Resv WF(*{4B}) SCOPE[S2,S3]"]);
    assertEquals(router.sent("c"), []);
  });

  Deno.test(`unicast ${name}, FF: one reservation for each sender, packed for a previous hop`, () => {
    const router = unicast({ family });
    router.resv("R1", "FF(S1{4B}, S2{5B}, S3{B})");
    assertEquals(router.reserved("c"), ["S1{4B}", "S2{5B}", "S3{B}"]);
    assertEquals(router.reservedRate("c"), 10_000);
    assertEquals(router.sent("a"), ["Resv FF(S1{4B})"]);
    assertEquals(router.sent("b"), ["Resv FF(S2{5B}, S3{B})"]);
  });

  Deno.test(`unicast ${name}, SE: one reservation for the senders that are named`, () => {
    const router = unicast({ family });
    router.resv("R1", "SE((S1,S3){3B})");
    assertEquals(router.reserved("c"), ["(S1,S3){3B}"]);
    assertEquals(router.sent("a"), ["Resv SE(S1{3B})"]);
    assertEquals(router.sent("b"), ["Resv SE(S3{3B})"]);
  });
}

Deno.test("unicast: two next hops on one LAN merge into one reservation, in every style", () => {
  const cases = [
    ["WF(*{3B})", "WF(*{2B})", ["*{3B}"], "Resv WF(*{3B}) SCOPE[S1]"],
    ["FF(S1{2B})", "FF(S1{3B})", ["S1{3B}"], "Resv FF(S1{3B})"],
    ["SE((S1,S2){B})", "SE((S1,S3){3B})", ["(S1,S2,S3){3B}"], "Resv SE(S1{3B})"],
  ] as const;
  for (const [first, second, reserved, upstream] of cases) {
    const router = unicast();
    router.resv("R1", first);
    router.resv("R2", second);
    assertEquals(router.reserved("c"), [...reserved]);
    assertEquals(router.sent("a").at(-1), upstream);
  }
});

Deno.test("unicast: senders behind one previous hop alone need no SCOPE", () => {
  const router = unicast();
  router.pathTear("S1", "P1");
  router.clear();
  router.resv("R1", "WF(*{4B})");
  assertEquals(router.sent("b"), ["Resv WF(*{4B})"]);
});

Deno.test("unicast: a ResvTear for one sender leaves the others, whatever the style", () => {
  const shared = unicast();
  shared.resv("R1", "SE((S1,S2){3B})");
  shared.clear();
  shared.resvTear("R1", "SE(S2)");
  assertEquals(shared.reserved("c"), ["S1{3B}"]);
  assertEquals(shared.sent(), ["b: ResvTear SE(S2)"]);
  const distinct = unicast();
  distinct.resv("R1", "FF(S1{4B}, S2{5B})");
  distinct.clear();
  distinct.resvTear("R1", "FF(S1)");
  assertEquals(distinct.reserved("c"), ["S2{5B}"]);
  assertEquals(distinct.sent(), ["a: ResvTear FF(S1)"]);
});
