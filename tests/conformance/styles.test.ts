/** RFC 2205 section 1.4, figures 4 to 10: what each style reserves on each interface and sends to each previous hop. */
import { assertEquals } from "../assert.ts";
import { figure4, permutations } from "./figures.ts";
import { Router } from "./router.ts";

type Resvs = readonly (readonly [string, string])[];

/** What each figure's Resv messages are, by next hop. */
const FIGURE_5: Resvs = [["R1", "WF(*{4B})"], ["R2", "WF(*{3B})"], ["R3", "WF(*{2B})"]];
const FIGURE_6: Resvs = [["R1", "FF(S1{4B}, S2{5B})"], ["R2", "FF(S1{3B}, S3{B})"], ["R3", "FF(S1{B})"]];
const FIGURE_7: Resvs = [["R1", "SE((S1,S2){B})"], ["R2", "SE((S1,S3){3B})"], ["R3", "SE(S2{2B})"]];

function run(router: Router, resvs: Resvs): Router {
  for (const [from, descriptors] of resvs) router.resv(from, descriptors);
  return router;
}
/** The last Resv that went out of each interface: what stands upstream. */
const standing = (router: Router) => ({
  a: router.sent("a").filter((text) => text.startsWith("Resv ")).at(-1),
  b: router.sent("b").filter((text) => text.startsWith("Resv ")).at(-1),
});
const reserved = (router: Router) => ({ c: router.reserved("c"), d: router.reserved("d") });

Deno.test("[2205-1.4-01] [2205-1.3-01] Figure 5: WF requests merge on each interface and to each previous hop", () => {
  const router = run(figure4(), FIGURE_5);
  assertEquals(reserved(router), { c: ["*{4B}"], d: ["*{3B}"] });
  assertEquals(standing(router), { a: "Resv WF(*{4B}) SCOPE[S1]", b: "Resv WF(*{4B}) SCOPE[S2,S3]" });
  assertEquals([router.reservedRate("c"), router.reservedRate("d")], [4000, 3000]);
});

Deno.test("[2205-1.3-02] [2205-1.4-03] Figure 6: FF reserves for each sender and packs what goes to one hop", () => {
  const router = run(figure4(), FIGURE_6);
  assertEquals(reserved(router), { c: ["S1{4B}", "S2{5B}"], d: ["S1{3B}", "S3{B}"] });
  assertEquals(standing(router), { a: "Resv FF(S1{4B})", b: "Resv FF(S2{5B}, S3{B})" });
  assertEquals([router.reservedRate("c"), router.reservedRate("d")], [9000, 4000]);
});

Deno.test("[2205-1.3-03] [2205-1.4-04] Figure 7: SE unites the filters, and each hop hears of its own senders", () => {
  const router = run(figure4(), FIGURE_7);
  assertEquals(reserved(router), { c: ["(S1,S2){B}"], d: ["(S1,S2,S3){3B}"] });
  assertEquals(standing(router), { a: "Resv SE(S1{3B})", b: "Resv SE((S2,S3){3B})" });
  assertEquals([router.reservedRate("c"), router.reservedRate("d")], [1000, 3000]);
});

Deno.test("[2205-1.4-02] [2205-2.3-06] Figure 8: a previous hop whose senders do not reach (c) hears nothing of it", () => {
  const router = figure4();
  for (const sender of ["S2", "S3"]) {
    router.route(sender, { in: "b", out: ["d"] });
  }
  router.routesChange("224.1.1.1", 32);
  router.clear();
  run(router, FIGURE_5);
  assertEquals(reserved(router), { c: ["*{4B}"], d: ["*{3B}"] });
  assertEquals(standing(router), { a: "Resv WF(*{4B}) SCOPE[S1]", b: "Resv WF(*{3B}) SCOPE[S2,S3]" });
});

for (const [name, resvs] of [["5", FIGURE_5], ["6", FIGURE_6], ["7", FIGURE_7]] as const) {
  Deno.test(`Figure ${name} with IPv6 ends in what it ends in with IPv4`, () => {
    const [four, six] = [run(figure4(), resvs), run(figure4({ family: 6 }), resvs)];
    assertEquals(reserved(six), reserved(four));
    assertEquals(six.sent(), four.sent());
  });
}

for (const [name, resvs] of [["5", FIGURE_5], ["6", FIGURE_6], ["7", FIGURE_7]] as const) {
  Deno.test(`Figure ${name}: every order of the Resv messages ends in the same state`, () => {
    const wanted = run(figure4(), resvs);
    for (const order of permutations(resvs)) {
      const router = run(figure4(), order);
      assertEquals(reserved(router), reserved(wanted));
      assertEquals(standing(router), standing(wanted));
    }
  });
}

Deno.test("[2205-2.3-04] Figure 5: only a change of the merged request is sent on", () => {
  const rising = run(figure4(), [["R3", "WF(*{2B})"], ["R2", "WF(*{3B})"], ["R1", "WF(*{4B})"]]);
  assertEquals(rising.sent("a"), ["2", "3", "4"].map((size) => `Resv WF(*{${size}B}) SCOPE[S1]`));
  assertEquals(rising.sent("b"), ["2", "3", "4"].map((size) => `Resv WF(*{${size}B}) SCOPE[S2,S3]`));
  const falling = run(figure4(), FIGURE_5);
  assertEquals(falling.sent("a"), ["Resv WF(*{4B}) SCOPE[S1]"]);
  assertEquals(falling.sent("b"), ["Resv WF(*{4B}) SCOPE[S2,S3]"]);
});

Deno.test("[2205-3.8-02] [2205-3.8-03] Figure 5: three senders share (M_Police), and (d) has less than (c) (B_Police)", () => {
  const router = run(figure4(), FIGURE_5);
  assertEquals(router.policing("c"), ["M"]);
  assertEquals(router.policing("d"), ["MB"]);
});

Deno.test("[2205-3.8-02] FF never has M_Police", () => {
  const router = run(figure4(), FIGURE_6);
  // S1 has 4B on (c) and 3B on (d); S2 and S3 are reserved for on one interface each.
  assertEquals(router.policing("c").sort(), ["", ""]);
  assertEquals(router.policing("d").sort(), ["", "B"]);
});

Deno.test("[2209-2-UTC-01] [2205-2.2-01] Figure 5: Path_Te is the sum of the Tspecs of the senders routed there", () => {
  const router = run(figure4({}, [1, 2, 4]), FIGURE_5);
  assertEquals(router.pathTspec("c"), ["7B"]);
  assertEquals(router.pathTspec("d"), ["7B"]);
});

Deno.test("[2209-2-UTC-01] Figure 8: Path_Te on (c) is that of S1 alone", () => {
  const router = figure4({}, [1, 2, 4]);
  for (const sender of ["S2", "S3"]) router.route(sender, { in: "b", out: ["d"] });
  router.routesChange("224.1.1.1", 32);
  run(router, FIGURE_5);
  assertEquals(router.pathTspec("c"), ["B"]);
  assertEquals(router.pathTspec("d"), ["7B"]);
  // What is installed is the lesser of what is asked and what can come.
  assertEquals([router.reservedRate("c"), router.reservedRate("d")], [1000, 3000]);
});

/** Figure 9 and 10: (a) and (c) each have a sender and a receiver. */
function figure10(): Router {
  const router = new Router({ interfaces: "ac" });
  router.neighbour("PA", "a");
  router.neighbour("PC", "c");
  router.neighbour("R1", "a");
  router.neighbour("R2", "c");
  router.sender("S1", { in: "a", out: ["a", "c"] });
  router.sender("S2", { in: "c", out: ["a", "c"] });
  router.path("S1", "PA", { tspec: 9 });
  router.path("S2", "PC", { tspec: 9 });
  router.clear();
  return router;
}

Deno.test("[2205-2.3-05] Figure 10: what is sent on an interface comes from the other interfaces alone", () => {
  const router = figure10();
  router.resv("R1", "WF(*{4B})");
  router.resv("R2", "WF(*{3B})");
  assertEquals([router.reserved("a"), router.reserved("c")], [["*{4B}"], ["*{3B}"]]);
  assertEquals(router.sent("a"), ["Resv WF(*{3B}) SCOPE[S1]"]);
  assertEquals(router.sent("c"), ["Resv WF(*{4B}) SCOPE[S2]"]);
});

Deno.test("[2205-2.3-05] Figure 10: Path messages leave by the interface that they did not come by", () => {
  const router = new Router({ interfaces: "ac" });
  router.neighbour("PA", "a");
  router.sender("S1", { in: "a", out: ["a", "c"] });
  router.path("S1", "PA");
  assertEquals(router.sent(), ["c: Path S1{B}"]);
});

const EXISTING = { WF: "WF(*{2B})", FF: "FF(S1{2B})", SE: "SE(S1{2B})" } as const;
const VALUE = { WF: "0x0011", FF: "0x000a", SE: "0x0012" } as const;
for (const existing of ["WF", "FF", "SE"] as const) {
  for (const wanted of ["WF", "FF", "SE"] as const) {
    const answer = existing === wanted ? "is taken" : `draws ResvErr 05 with value ${VALUE[existing]}`;
    Deno.test(`[2205-1.3-04] [2205-B-07] ${wanted} from another next hop where ${existing} stands ${answer}`, () => {
      const router = figure4();
      router.resv("R2", EXISTING[existing]);
      router.clear();
      router.resv("R1", EXISTING[wanted]);
      const error = `ResvErr 5/${VALUE[existing]} ${EXISTING[wanted]}`;
      assertEquals(router.sent("c"), existing === wanted ? [] : [error]);
      assertEquals(router.reserved("c").length, existing === wanted ? 1 : 0);
      assertEquals(router.reserved("d"), [EXISTING[existing].slice(3, -1)]);
      assertEquals([...router.sent("a"), ...router.sent("b")], []);
    });
  }
}
