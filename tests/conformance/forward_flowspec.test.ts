/** Fwd_Flowspec: what traffic control wants requested upstream in place of what it installed (RFC 2205 section 3.11.2). */
import { assertEquals } from "../assert.ts";
import { encodeObjects } from "../../host/object_list.ts";
import { figure4, unicast } from "./figures.ts";
import { flowspec } from "./notation.ts";
import { objectOf } from "./node.ts";

const forward = (amount: Parameters<typeof flowspec>[0]) => ({ ok: 1, objects: encodeObjects([flowspec(amount)]) });

Deno.test("[2205-3.11.2-02] Traffic control uses up some slack: upstream hears its flowspec, what is installed stays", () => {
  const router = unicast({ trafficControl: "held" });
  const asked = { r: 4, R: 6, S: 5000 };
  const edit = (objects: import("../../host/object_list.ts").ObjectInput[]) =>
    objects.map((object) => object.name === "FLOWSPEC" ? flowspec(asked) : object);
  router.resv("R1", "FF(S1{6G})", { edit });
  router.answer(forward({ r: 4, R: 6, S: 1000 }));
  const [sent] = router.messages.filter(({ text }) => text.startsWith("Resv "));
  assertEquals(objectOf(sent, "FLOWSPEC").slackTermMicroseconds, 1000);
  assertEquals(router.reservedRate("c"), 6000);
  // In refreshes too.
  router.clear();
  router.resv("R1", "FF(S1{6G})", { edit });
  router.advance(31_000);
  const [refresh] = router.messages.filter(({ text }) => text.startsWith("Resv "));
  assertEquals(objectOf(refresh, "FLOWSPEC").slackTermMicroseconds, 1000);
});

Deno.test("[2205-3.11.2-02] It is what merges with the reservations of other interfaces", () => {
  const router = figure4({ trafficControl: "held" });
  router.resv("R1", "FF(S1{4B})");
  router.answer(forward(6));
  router.resv("R2", "FF(S1{3B})");
  router.resv("R3", "FF(S1{B})");
  router.answer();
  router.answer();
  assertEquals(router.sent("a"), ["Resv FF(S1{6B})"]);
  assertEquals([router.reserved("c"), router.reserved("d")], [["S1{4B}"], ["S1{3B}"]]);
  router.clear();
  router.resvTear("R1", "FF(S1)");
  assertEquals(router.sent("a"), ["Resv FF(S1{3B})"]);
});

Deno.test("[2205-3.11.2-02] It holds until the next answer, and a refused change leaves it", () => {
  const router = unicast({ trafficControl: "held" });
  router.resv("R1", "FF(S1{2B})");
  router.answer(forward(3));
  router.clear();
  router.resv("R1", "FF(S1{4B})");
  router.answer({ ok: 0 });
  router.advance(31_000);
  assertEquals(router.sent("a"), ["Resv FF(S1{3B})"]);
  router.clear();
  router.resv("R1", "FF(S1{4B})");
  assertEquals(router.sent("a"), []);
  router.answer();
  assertEquals(router.sent("a"), ["Resv FF(S1{4B})"]);
});

Deno.test("A Fwd_Flowspec that is none, or of another service, is counted and left out", () => {
  for (
    const objects of [encodeObjects([flowspec({ r: 2, R: 2 })]), new Uint8Array([0, 200, 9, 2]), new Uint8Array(8)]
  ) {
    const router = unicast({ trafficControl: "held" });
    router.resv("R1", "FF(S1{2B})");
    router.answer({ ok: 1, objects });
    assertEquals(router.sent("a"), ["Resv FF(S1{2B})"]);
  }
});
