/** Unknown classes and C-Types: RFC 2205 section 3.10 and appendix B, codes 13 and 14. */
import type { ObjectInput } from "../../host/object_list.ts";
import { assertEquals } from "../assert.ts";
import { figure4, unicast } from "./figures.ts";
import type { Sent } from "./node.ts";
import type { Router } from "./router.ts";

const unknown = (objectClass: number, bytes: string, ctype = 1): ObjectInput => {
  return { name: "UNKNOWN", class: objectClass, ctype, bytes };
};
/** Puts an object before the one of that name. */
const before = (name: string, ...added: ObjectInput[]) => (objects: ObjectInput[]) => {
  const index = objects.findIndex((object) => object.name === name);
  return [...objects.slice(0, index), ...added, ...objects.slice(index)];
};
/** Hex contents of a message's unknown objects. */
const unknowns = (sent: Sent) =>
  sent.message.objects.flatMap((object) =>
    object.name === "UNKNOWN" ? [`${object.class.toString(16)}:${object.bytes}`] : []
  );
const X1 = unknown(0xef, "00000001");
const X2 = unknown(0xef, "00000002");

function path(router: Router, ...added: ObjectInput[]) {
  router.path("S1", "P1", { tspec: 9, edit: before("SENDER_TEMPLATE", ...added) });
}
function fresh(): Router {
  const router = unicast();
  for (const [sender, hop] of [["S1", "P1"], ["S2", "P2"], ["S3", "P2"]]) router.pathTear(sender, hop);
  router.clear();
  return router;
}

Deno.test("[2205-3.10-01] [2205-B-12] Class 0bbbbbbb in a Path: PathErr 13 with class and C-Type, nothing kept", () => {
  const router = fresh();
  path(router, unknown(0x7b, "00000001"));
  assertEquals(router.sent(), ["a: PathErr 13/0x7b01 S1"]);
  assertEquals(router.senders(), []);
  assertEquals(router.drops(), ["UNKNOWN_CLASS"]);
});

Deno.test("[2205-3.10-01] [2205-B-12] Class 0bbbbbbb in a Resv: ResvErr 13, nothing reserved", () => {
  const router = unicast();
  router.resv("R1", "FF(S1{B})", { edit: before("STYLE", unknown(0x7b, "00000001")) });
  assertEquals(router.sent().map((text) => text.slice(0, 21)), ["c: ResvErr 13/0x7b01 "]);
  assertEquals(router.reserved("c"), []);
});

Deno.test("[2205-3.10-02] [2205-B-12] Class 10bbbbbb is ignored and left out of what is sent on", () => {
  const router = fresh();
  path(router, unknown(0xa0, "00000001"));
  assertEquals(router.sent(), ["c: Path S1{9B}"]);
  assertEquals(unknowns(router.messages[0]), []);
});

Deno.test("[2205-3.10-03] [2205-3.10-05] Class 11bbbbbb goes on as it came, in refreshes too", () => {
  const router = fresh();
  path(router, unknown(0xef, "deadbeef00000007", 9));
  router.advance(65_000);
  assertEquals(router.sent("c"), ["Path S1{9B}", "Path S1{9B}", "Path S1{9B}"]);
  for (const sent of router.messages) {
    const found = sent.message.objects.filter((object) => object.name === "UNKNOWN");
    assertEquals(found.map(({ class: number, ctype }) => [number, ctype]), [[0xef, 9]]);
    assertEquals(unknowns(sent), ["ef:deadbeef00000007"]);
  }
});

Deno.test("[2205-3.10-03] A Path with another such object is a changed Path, and travels on at once", () => {
  const router = fresh();
  path(router, X1);
  router.clear();
  path(router, X1);
  assertEquals(router.sent(), []);
  path(router, X2);
  assertEquals(router.messages.map(unknowns), [["ef:00000002"]]);
});

Deno.test("[2205-3.10-08] [2205-B-13] An unknown C-Type of SENDER_TSPEC: PathErr 14 value 0x0C09", () => {
  const router = fresh();
  router.path("S1", "P1", {
    edit: (objects) => objects.map((object) => object.name === "SENDER_TSPEC" ? unknown(12, "00000000", 9) : object),
  });
  assertEquals(router.sent().map((text) => text.slice(0, 20)), ["a: PathErr 14/0x0c09"]);
  assertEquals(router.senders(), []);
});

for (const [ctype, value] of [[77, "0x094d"], [1, "0x0901"]] as const) {
  Deno.test(`[2205-3.10-09] [2205-A.8-01] FLOWSPEC C-Type ${ctype}: ResvErr 14 value ${value}`, () => {
    const router = unicast();
    router.resv("R1", "FF(S1{B})", {
      edit: (objects) => objects.map((object) => object.name === "FLOWSPEC" ? unknown(9, "00000000", ctype) : object),
    });
    assertEquals(router.sent("c").map((text) => text.slice(0, 17)), [`ResvErr 14/${value}`]);
    assertEquals(router.reserved("c"), []);
  });
}

Deno.test("[2205-3.1.2-02] NULL objects of any C-Type and length are ignored wherever they stand", () => {
  const router = fresh();
  const none = (content: string, ctype: number): ObjectInput => ({ name: "NULL", ctype, content });
  router.path("S1", "P1", {
    tspec: 9,
    edit: (objects) => objects.flatMap((object, index) => [none("00".repeat(4 * index), index), object]),
  });
  assertEquals(router.sent(), ["c: Path S1{9B}"]);
  router.clear();
  router.resv("R1", "FF(S1{4B})", {
    edit: (objects) => [...objects.flatMap((object) => [none("", 3), object]), none("ffffffff", 255)],
  });
  assertEquals(router.reserved("c"), ["S1{4B}"]);
});

Deno.test("[2205-3.10-06] [2205-3.10-07] A merged Resv has each unknown object once, before STYLE", () => {
  const router = figure4();
  router.resv("R1", "WF(*{4B})", { edit: before("STYLE", X1) });
  router.resv("R2", "WF(*{4B})", { edit: before("STYLE", X1, X2) });
  const last = router.messages.filter((sent) => sent.interface === "a").at(-1)!;
  assertEquals(unknowns(last), ["ef:00000001", "ef:00000002"]);
  const names = last.message.objects.map((object) => object.name);
  assertEquals(names, ["SESSION", "RSVP_HOP", "TIME_VALUES", "SCOPE", "UNKNOWN", "UNKNOWN", "STYLE", "FLOWSPEC"]);
  router.clear();
  router.advance(65_000);
  const refreshes = router.messages.filter((sent) => sent.interface === "a");
  assertEquals(refreshes.map(unknowns), refreshes.map(() => ["ef:00000001", "ef:00000002"]));
});

for (const [style, descriptors] of [["FF", "FF(S1{4B})"], ["SE", "SE(S1{4B})"]]) {
  Deno.test(`[2205-3.10-05] ${style}: a Resv that brings another unknown object is a changed Resv`, () => {
    const router = figure4();
    router.resv("R1", descriptors, { edit: before("STYLE", X1) });
    router.clear();
    router.resv("R1", descriptors, { edit: before("STYLE", X1) });
    assertEquals(router.sent(), []);
    router.resv("R1", descriptors, { edit: before("STYLE", X2) });
    assertEquals(router.messages.map(unknowns), [["ef:00000002"]]);
  });
}

Deno.test("[2205-3.10-04] Unknown objects of class 11bbbbbb go on in tears and errors at once", () => {
  const router = figure4();
  router.resv("R1", "FF(S1{4B}, S2{4B})");
  router.clear();
  router.pathError("S1", "R1", 2, 0, { edit: before("SENDER_TEMPLATE", X1) });
  router.resvError("P1", 2, 0, "FF(S1{4B})", { edit: before("STYLE", X1) });
  router.resvTear("R1", "FF(S2)", { edit: before("STYLE", X1) });
  router.pathTear("S1", "P1", { edit: before("SENDER_TEMPLATE", X1) });
  assertEquals(router.sent(), [
    "a: PathErr 2/0x0000 S1",
    "c: ResvErr 2/0x0000 FF(S1{4B})",
    "b: ResvTear FF(S2)",
    "c: PathTear S1",
    "d: PathTear S1",
  ]);
  assertEquals(router.messages.map(unknowns), router.messages.map(() => ["ef:00000001"]));
});

Deno.test("[2205-3.10-01] [2205-3.10-08] Unknown classes and C-Types in other messages: dropped, and nobody is told", () => {
  const router = figure4();
  router.resv("R1", "FF(S1{4B})");
  router.clear();
  const strange = [unknown(0x7b, "00000001"), unknown(5, "00000001", 9)];
  for (const object of strange) {
    router.pathError("S1", "R1", 2, 0, { edit: before("SENDER_TEMPLATE", object) });
    router.resvError("P1", 2, 0, "FF(S1{4B})", { edit: before("STYLE", object) });
    router.resvTear("R1", "FF(S1)", { edit: before("STYLE", object) });
    router.pathTear("S1", "P1", { edit: before("SENDER_TEMPLATE", object) });
    router.resvConfirm("P1", "R1", "FF(S1{4B})", { edit: before("STYLE", object) });
  }
  const [classes, types] = [new Array(5).fill("UNKNOWN_CLASS"), new Array(5).fill("UNKNOWN_CTYPE")];
  assertEquals([router.sent(), router.drops()], [[], [...classes, ...types]]);
  assertEquals([router.reserved("c"), router.senders().length], [["S1{4B}"], 3]);
});

Deno.test("[2205-3.10-08] A SESSION of an unknown C-Type, however long, is answered in a Path and dropped elsewhere", () => {
  for (const words of [1, 3, 100, 10_000]) {
    const router = figure4();
    const edit = (objects: ObjectInput[]) =>
      objects.map((object) => object.name === "SESSION" ? unknown(1, "c0000201".repeat(words), 99) : object);
    router.path("S1", "P1", { edit });
    assertEquals(router.sent().map((text) => text.slice(0, 20)), ["a: PathErr 14/0x0163"]);
    router.clear();
    router.pathTear("S1", "P1", { edit });
    router.resvTear("R1", "WF(*)", { edit });
    router.resvError("P1", 1, 2, "WF(*{B})", { edit });
    router.resvConfirm("P1", "R1", "WF(*{B})", { edit });
    router.pathError("S1", "R1", 2, 0, { edit });
    assertEquals([router.sent(), router.drops()], [[], new Array(5).fill("UNKNOWN_CTYPE")]);
    router.resv("R1", "FF(S1{4B})");
    assertEquals(router.reserved("c"), ["S1{4B}"]);
  }
});

Deno.test("[2205-2.7-01] [2205-A.13-01] POLICY_DATA travels on as it came, in Path and Resv and their refreshes", () => {
  const policy: ObjectInput = { class: 14, ctype: 77, name: "UNKNOWN", bytes: "0102030405060708" };
  const known: ObjectInput = { class: 14, ctype: 1, name: "UNKNOWN", bytes: "0008000000080065cafe0001" };
  const router = fresh();
  const contents = (sent: Sent) => [...sent.bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  path(router, known);
  router.resv("R1", "FF(S1{4B})", { edit: before("STYLE", known) });
  router.advance(31_000);
  assertEquals(router.sent("a").length > 1 && router.sent("c").length > 1, true);
  for (const sent of router.messages) {
    assertEquals(contents(sent).includes("00100e010008000000080065cafe0001"), true, sent.text);
  }
  // A C-Type that policy control does not know is an error like any other.
  router.clear();
  path(router, policy);
  assertEquals(router.sent(), ["a: PathErr 14/0x0e4d S1"]);
});

Deno.test("[2209-2-RESV-07] Objects to be forwarded of a Resv that is refused do not take the place of those that stand", () => {
  const router = unicast({ interface: { c: { reservableBytesPerSecond: 3000 } } });
  router.resv("R1", "FF(S1{2B})", { edit: before("STYLE", X1) });
  router.resv("R1", "FF(S1{4B})", { edit: before("STYLE", X2) });
  assertEquals(router.sent("c"), ["ResvErr 1/0x0002 InPlace FF(S1{4B})"]);
  router.clear();
  router.advance(31_000);
  assertEquals(router.messages.filter((sent) => sent.interface === "a").map(unknowns), [["ef:00000001"]]);
  router.clear();
  router.resv("R1", "FF(S1{3B})", { edit: before("STYLE", X2) });
  assertEquals(router.messages.filter((sent) => sent.interface === "a").map(unknowns), [["ef:00000002"]]);
});
