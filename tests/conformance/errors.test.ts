/** What error and confirmation messages carry, and whom they go to: RFC 2205 sections 3.1.8, 3.1.9, 3.10, appendix B. */
import type { ObjectInput } from "../../host/object_list.ts";
import { decodeObjects } from "../../host/object_list.ts";
import { assertEquals } from "../assert.ts";
import { figure4, unicast } from "./figures.ts";
import type { Sent } from "./node.ts";
import { Router } from "./router.ts";

const unknown = (objectClass: number, bytes = "00000001"): ObjectInput => {
  return { name: "UNKNOWN", class: objectClass, ctype: 1, bytes };
};
const before = (name: string, ...added: ObjectInput[]) => (objects: ObjectInput[]) => {
  const index = objects.findIndex((object) => object.name === name);
  return [...objects.slice(0, index), ...added, ...objects.slice(index)];
};
const names = (sent: Sent) => sent.message.objects.map((object) => object.name);
/** Classes of a message's unknown objects. */
const classes = (sent: Sent) =>
  sent.message.objects.flatMap((object) => object.name === "UNKNOWN" ? [object.class] : []);

Deno.test("[2205-3.1.8-03] Conflicting style: every flow descriptor of an FF Resv has its ResvErr", () => {
  const router = figure4();
  router.resv("R1", "WF(*{4B})");
  router.clear();
  router.resv("R2", "FF(S1{B}, S2{2B}, S3)");
  assertEquals(router.sent(), [
    "d: ResvErr 5/0x0011 FF(S1{B})",
    "d: ResvErr 5/0x0011 FF(S2{2B})",
    // Its FLOWSPEC was left out as that of the descriptor before.
    "d: ResvErr 5/0x0011 FF(S3{2B})",
  ]);
  assertEquals(router.drops(), ["STYLE_CONFLICT"]);
});

Deno.test("[2205-3.1.8-03] No path information: every flow descriptor of an FF Resv has its ResvErr, SE has one", () => {
  const router = new Router();
  router.neighbour("R1", "c");
  for (const sender of ["S1", "S2"]) router.sender(sender);
  router.resv("R1", "FF(S1{B}, S2{2B})");
  router.resv("R1", "SE((S1,S2){B})");
  assertEquals(router.sent("c"), [
    "ResvErr 3/0x0000 FF(S1{B})",
    "ResvErr 3/0x0000 FF(S2{2B})",
    "ResvErr 3/0x0000 SE((S1,S2){B})",
  ]);
});

Deno.test("[2205-3.10-03] Class 11bbbbbb goes along with the errors that answer a Resv, class 10bbbbbb does not", () => {
  const router = unicast({ interface: { c: { reservableBytesPerSecond: 3000 } } });
  router.sender("S9");
  const edit = before("STYLE", unknown(0xa0), unknown(0xef));
  // No sender, no bandwidth, another style.
  router.resv("R1", "FF(S9{B}, S1{4B}, S2{B})", { edit });
  router.resv("R2", "WF(*{B})", { edit });
  assertEquals(router.sent("c"), [
    "ResvErr 4/0x0000 FF(S9{B})",
    "ResvErr 1/0x0002 FF(S1{4B})",
    "ResvErr 5/0x000a WF(*{B})",
  ]);
  const errors = router.messages.filter((sent) => sent.interface === "c");
  assertEquals(errors.map(classes), errors.map(() => [0xef]));
  for (const sent of errors) assertEquals(names(sent).indexOf("UNKNOWN") < names(sent).indexOf("STYLE"), true);
});

Deno.test("[2205-3.10-03] Errors that answer a Resv of many descriptors do not multiply long objects", () => {
  const router = unicast();
  const senders = Array.from({ length: 100 }, (_, index) => `S${index + 100}`);
  for (const sender of senders) router.sender(sender);
  router.resv("R1", `FF(${senders.map((sender) => `${sender}{B}`).join(", ")})`, {
    edit: before("STYLE", unknown(0xef, "01".repeat(40_000))),
  });
  assertEquals(router.messages.length, 100);
  assertEquals(router.messages.every((sent) => sent.bytes.length < 2000), true);
});

Deno.test("[2205-3.10-02] Class 10bbbbbb and INTEGRITY of a ResvConf stay at the node that they came to", () => {
  const router = unicast();
  router.resv("R1", "FF(S1{4B})");
  router.clear();
  const integrity: ObjectInput = {
    name: "INTEGRITY",
    flags: 0,
    keyIdentifier: "000000000001",
    sequenceNumber: "1",
    digest: "00".repeat(16),
  };
  router.resvConfirm("P1", "R1", "FF(S1{4B})", {
    edit: (objects) => [integrity, ...before("STYLE", unknown(0xa0), unknown(0xef))(objects)],
  });
  assertEquals(router.sent(), ["route: ResvConf 0/0x0000 FF(S1{4B}) CONFIRM(R1)"]);
  const [relayed] = router.messages;
  assertEquals([names(relayed), classes(relayed)], [
    ["SESSION", "ERROR_SPEC", "RESV_CONFIRM", "UNKNOWN", "STYLE", "FLOWSPEC", "FILTER_SPEC"],
    [0xef],
  ]);
});

Deno.test("[2205-B-03] [2205-3.5-01] Code 01 with the bit u only informs: it travels on and blockades nothing", () => {
  const router = figure4();
  router.resv("R1", "WF(*{4B})");
  router.resv("R2", "WF(*{2B})");
  router.clear();
  router.resvError("P1", 1, 0x2002, "WF(*{4B})", { scope: ["S1"] });
  assertEquals(router.sent(), [
    "c: ResvErr 1/0x2002 WF(*{4B}) SCOPE[S1]",
    "d: ResvErr 1/0x2002 WF(*{4B}) SCOPE[S1]",
  ]);
  router.clear();
  router.advance(31_000);
  assertEquals(router.sent("a"), ["Resv WF(*{4B}) SCOPE[S1]"]);
});

for (const value of [0x0001, 0x0003, 0x8002, 0xc002]) {
  Deno.test(`[2205-B-02] Code 01 value 0x${value.toString(16)} is an admission failure whoever has defined it`, () => {
    const router = figure4();
    router.resv("R1", "WF(*{4B})");
    router.resv("R2", "WF(*{2B})");
    router.clear();
    router.resvError("P1", 1, value, "WF(*{4B})", { scope: ["S1"] });
    assertEquals(router.sent("a"), ["Resv WF(*{2B}) SCOPE[S1]"]);
  });
}

Deno.test("[2205-3.11.1-06] A RESV_ERROR upcall has the POLICY_DATA of the ResvErr", () => {
  const router = new Router({ session: { destination: "10.0.3.1", protocol: 17, port: 5004 } });
  router.neighbour("P1", "a");
  router.sender("S1");
  router.route("*", { local: true });
  router.path("S1", "P1", { tspec: 9 });
  router.callSession(1);
  router.callReserve(1, "FF(S1{4B})");
  router.clear();
  const policy: ObjectInput = { class: 14, ctype: 1, name: "UNKNOWN", bytes: "0008000000080065cafe0001" };
  router.resvError("P1", 2, 4, "FF(S1{4B})", { edit: before("STYLE", policy) });
  assertEquals(router.heard(), ["1: RESV_ERROR 2/0x0004 FF(S1{4B})"]);
  const objects = decodeObjects(router.events[0].objects).map((object) => object.name);
  assertEquals(objects, ["SESSION", "POLICY_DATA", "FLOWSPEC", "FILTER_SPEC"]);
});

Deno.test("[2205-3.11.4-01] A Resv for an interface that is down reserves nothing, by whatever way it comes", () => {
  const router = figure4();
  router.resv("R1", "WF(*{4B})");
  router.configure("c", { up: 0 });
  router.clear();
  router.resv("R1", "WF(*{4B})", { arrival: { on: "d" } });
  assertEquals([router.reserved("c"), router.sent(), router.drops()], [[], [], ["UNKNOWN_INTERFACE"]]);
  router.configure("c");
  router.clear();
  router.resv("R1", "WF(*{4B})", { arrival: { on: "d" } });
  assertEquals(router.reserved("c"), ["*{4B}"]);
});

Deno.test("[2205-2.9-02] A ResvErr of the previous hop may arrive by another interface, with the LIH of its Paths", () => {
  const router = unicast();
  router.resv("R1", "FF(S1{4B})");
  router.clear();
  router.resvError("P1", 1, 2, "FF(S1{4B})", { arrival: { on: "b" } });
  assertEquals(router.sent(), ["c: ResvErr 1/0x0002 FF(S1{4B})"]);
  assertEquals(router.engine.inspect("blockade").length, 1);
});

Deno.test("[2205-3.11.1-07] [2205-A.5-02] NotGuilty of a ResvErr that comes goes neither on nor to an application", () => {
  const router = figure4();
  router.callSession(1);
  router.callReserve(1, "WF(*{4B})");
  router.resv("R1", "WF(*{4B})");
  router.clear();
  router.resvError("P1", 1, 2, "WF(*{4B})", { flags: 3, scope: ["S1"] });
  assertEquals(router.sent("c"), ["ResvErr 1/0x0002 InPlace WF(*{4B}) SCOPE[S1]"]);
  assertEquals(router.heard(), ["1: RESV_ERROR 1/0x0002 InPlace WF(*{4B})"]);
});

Deno.test("[2205-3.1.9-01] [2205-B-18] A RESV_CONFIRM of a group or of nobody is malformed: nobody makes a group hear of it", () => {
  for (const receiverAddress of ["224.0.0.1", "239.255.255.255", "0.0.0.0"]) {
    const confirm: ObjectInput = { name: "RESV_CONFIRM", ctype: 1, receiverAddress };
    const router = unicast();
    router.resv("R1", "FF(S1{4B})", { edit: before("STYLE", confirm) });
    router.resvConfirm("P1", receiverAddress, "FF(S1{4B})");
    assertEquals([router.sent(), router.reserved("c"), router.drops()], [[], [], ["BAD_VALUE", "BAD_VALUE"]]);
  }
});

for (const family of [4, 6] as const) {
  Deno.test(`[2205-B-18] IPv${family}: a group is no previous hop, no next hop and no sender`, () => {
    const group = family === 4 ? "224.0.0.1" : "ff02::1";
    const router = unicast({ family });
    router.sender("S7", undefined, { address: group });
    router.path("S1", "P1", { tspec: 8, hopAddress: group });
    router.path("S7", "P1");
    router.resv("R1", "FF(S1{B})", { hopAddress: group });
    router.resv("R1", "FF(S7{B})");
    assertEquals([router.sent(), router.drops()], [[], new Array(4).fill("BAD_VALUE")]);
    assertEquals(router.senders(), ["S1 from P1", "S2 from P2", "S3 from P2"]);
  });
}
