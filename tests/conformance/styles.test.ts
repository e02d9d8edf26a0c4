/** Worked examples of RFC 2205 section 1.4 (figures 4 to 10): styles, merging, what is sent upstream. */
import { assertEquals } from "../assert.ts";
import { figure4 } from "./figures.ts";

Deno.test("[2205-1.4-01] [2205-1.3-01] Figure 5: WF requests merge on each interface and towards each previous hop", () => {
  const router = figure4();
  router.resv("R1", "WF(*{4B})");
  router.resv("R2", "WF(*{3B})");
  router.resv("R3", "WF(*{2B})");
  assertEquals(router.reserved("c"), ["*{4B}"]);
  assertEquals(router.reserved("d"), ["*{3B}"]);
  assertEquals(router.sent("a"), ["Resv WF(*{4B}) SCOPE[S1]"]);
  assertEquals(router.sent("b"), ["Resv WF(*{4B}) SCOPE[S2,S3]"]);
});
