/** Resv messages: RFC 2205 sections 3.1.4, 3.1.8 and 3.3; RFC 2209, RESV MESSAGE ARRIVES. */
import { assertEquals } from "../assert.ts";
import { flowspec } from "./notation.ts";
import { figure4, unicast } from "./figures.ts";
import { objectOf } from "./node.ts";

const MALFORMED = "FLOW_DESCRIPTOR";

Deno.test("[2205-3.1.4-01] [2205-2.1-03] [2205-3.3-03] A Resv goes to the previous hop, from this node, without Router Alert", () => {
  const router = unicast();
  router.resv("R1", "FF(S1{B})");
  const [resv] = router.messages;
  assertEquals([resv.to, resv.source, resv.routerAlert], ["P1", router.ownAddress("a"), 0]);
});

Deno.test("[2205-3.1.4-03] [2205-3.3-06] NHOP is our interface, with the LIH that came in Path bit by bit", () => {
  const router = unicast();
  router.path("S1", "P1", { tspec: 9, handle: 0xdeadbeef });
  router.clear();
  router.resv("R1", "FF(S1{B})");
  const hop = objectOf(router.messages[0], "RSVP_HOP");
  assertEquals([hop.hopAddress, hop.logicalInterfaceHandle], [router.ownAddress("a"), 0xdeadbeef]);
});

Deno.test("[2205-1.2-02] [2205-2.9-02] [2209-2-RESV-01] The reservation is made where the LIH says, by whatever interface the Resv came", () => {
  const router = figure4();
  router.resv("R1", "WF(*{B})", { arrival: { on: "b" } });
  assertEquals(["a", "b", "c", "d"].map((letter) => router.reserved(letter)), [[], [], ["*{B}"], []]);
  assertEquals(router.trafficControl.map((line) => line[0]), ["c"]);
});

Deno.test("[2209-2-RESV-01] Without LIH the reservation is made where the Resv came", () => {
  const router = figure4();
  router.resv("R1", "WF(*{B})", { handle: 0 });
  assertEquals(router.reserved("c"), ["*{B}"]);
});

Deno.test("[2205-3.3-06] [2205-B-17] A LIH that was never given out: dropped without an answer", () => {
  const router = figure4();
  router.resv("R1", "WF(*{B})", { handle: 0xdeadbeef });
  assertEquals([router.sent(), router.drops()], [[], ["BAD_VALUE"]]);
});

Deno.test("[2205-3.1.4-04] WF with a FILTER_SPEC or two FLOWSPECs is dropped", () => {
  const router = figure4();
  router.resv("R1", "WF(*{B})", { edit: (objects) => [...objects, router.filter("S1")] });
  router.resv("R1", "WF(*{B})", { edit: (objects) => [...objects, flowspec(2)] });
  router.resv("R1", "WF()");
  assertEquals([router.sent(), router.drops()], [[], [MALFORMED, MALFORMED, MALFORMED]]);
});

Deno.test("[2205-3.1.4-05] FF: a FLOWSPEC that is left out is the one before; the first may not be", () => {
  const router = figure4();
  router.resv("R1", "FF(S1{4B}, S2, S3{B})");
  assertEquals(router.reserved("c"), ["S1{4B}", "S2{4B}", "S3{B}"]);
  router.clear();
  router.resv("R2", "FF(S1, S2{B})");
  router.resv("R2", "FF(S1{B})", { edit: (objects) => [...objects, flowspec(2)] });
  assertEquals([router.sent(), router.reserved("d"), router.drops()], [[], [], [MALFORMED, MALFORMED]]);
});

Deno.test("[2205-3.1.4-06] SE without FILTER_SPEC or with a second FLOWSPEC is dropped", () => {
  const router = figure4();
  router.resv("R1", "SE(*{B})");
  router.resv("R1", "SE(S1{B})", { edit: (objects) => [...objects, flowspec(2)] });
  assertEquals([router.sent(), router.drops()], [[], [MALFORMED, MALFORMED]]);
});

Deno.test("[2205-3.1.4-02] Flow descriptors before STYLE, or anything after them, is an order violation", () => {
  const router = figure4();
  router.resv("R1", "WF(*{B})", { edit: (objects) => [...objects.slice(0, -2), objects.at(-1)!, objects.at(-2)!] });
  router.resv("R1", "WF(*{B})", { edit: ([session, hop, time, ...rest]) => [session, hop, ...rest, time] });
  assertEquals([router.sent(), router.drops()], [[], ["OBJECT_ORDER", "OBJECT_ORDER"]]);
});

Deno.test("[2205-3.1.4-07] [2209-2-RESV-08] Explicit styles go only to the previous hops of the senders that they name", () => {
  const router = figure4();
  router.resv("R1", "FF(S1{B})");
  assertEquals(router.sent(), ["a: Resv FF(S1{B})"]);
  router.resv("R1", "FF(S2{B})");
  router.clear();
  router.resv("R1", "FF(S1{2B})");
  assertEquals(router.sent(), ["a: Resv FF(S1{2B})"]);
});

Deno.test("[2205-3.1.8-03] [2209-2-RESV-03] [2205-B-06] FF: 2 of 3 descriptors fail, each with its own ResvErr; the good one stands", () => {
  const router = figure4();
  router.sender("S8");
  router.sender("S9");
  router.resv("R1", "FF(S8{2B}, S1, S9{3B})");
  assertEquals(router.sent("c"), ["ResvErr 4/0x0000 FF(S8{2B})", "ResvErr 4/0x0000 FF(S9{3B})"]);
  assertEquals(router.reserved("c"), ["S1{2B}"]);
  assertEquals(router.sent("a"), ["Resv FF(S1{2B})"]);
});

Deno.test("[2205-3.1.8-03] FF: admission fails for one descriptor, and those that fit stand", () => {
  const router = figure4({ interface: { c: { reservableBytesPerSecond: 5000 } } });
  router.resv("R1", "FF(S1{3B}, S2{4B}, S3{2B})");
  assertEquals(router.sent("c"), ["ResvErr 1/0x0002 FF(S2{4B})"]);
  assertEquals([router.reserved("c"), router.reservedRate("c")], [["S1{3B}", "S3{2B}"], 5000]);
  assertEquals([router.sent("a"), router.sent("b")], [["Resv FF(S1{3B})"], ["Resv FF(S3{2B})"]]);
});

Deno.test("[2209-2-RESV-04] [2205-3.1.8-04] SE: filters that match nobody are left out; 04 only if none matches", () => {
  const router = figure4();
  router.sender("S9");
  router.resv("R1", "SE((S1,S9){B})");
  assertEquals([router.reserved("c"), router.sent("c")], [["S1{B}"], []]);
  router.resv("R2", "SE(S9{B})");
  assertEquals([router.reserved("d"), router.sent("d")], [[], ["ResvErr 4/0x0000 SE(S9{B})"]]);
});

Deno.test("[2205-B-06] A sender whose data do not go to the interface is no sender for it", () => {
  const router = figure4();
  router.route("S1", { in: "a", out: ["d"] });
  router.routesChange("224.1.1.1", 32);
  router.clear();
  router.resv("R1", "FF(S1{B})");
  assertEquals(router.sent(), ["c: ResvErr 4/0x0000 FF(S1{B})"]);
});

Deno.test("[2205-B-05] [2209-2-RESV-02] A Resv without path state draws ResvErr 03, whatever else is wrong with it", () => {
  const router = figure4();
  const session = { destination: "224.9.9.9", protocol: 17, port: 1 };
  router.resv("R1", "WF(*{B})", { session });
  assertEquals(router.sent(), ["c: ResvErr 3/0x0000 WF(*{B})"]);
  assertEquals(router.engine.inspect("sessions").length, 1);
});

Deno.test("[2209-2-RESV-02] A conflicting style is told before filters that match nobody", () => {
  const router = figure4();
  router.sender("S9");
  router.resv("R1", "WF(*{B})");
  router.clear();
  router.resv("R2", "FF(S9{B})");
  assertEquals(router.sent(), ["d: ResvErr 5/0x0011 FF(S9{B})"]);
});

Deno.test("A next hop whose own reservation is the only one may change its style", () => {
  const router = unicast();
  router.resv("R1", "WF(*{4B})");
  router.clear();
  router.resv("R1", "FF(S1{2B})");
  assertEquals(router.reserved("c"), ["S1{2B}"]);
  assertEquals(router.sent("a"), ["ResvTear WF(*)", "Resv FF(S1{2B})"]);
  assertEquals(router.sent("b"), ["ResvTear WF(*)"]);
  assertEquals(router.sent("c"), []);
});

for (const vector of [0x09, 0x1f, 0, 0x13]) {
  Deno.test(`[2205-B-08] [2205-A.7-02] STYLE 0x${vector.toString(16)} is unknown: ResvErr 06`, () => {
    const router = figure4();
    router.resv("R1", "WF(*{B})", {
      edit: (objects) =>
        objects.map((object) => object.name === "STYLE" ? { ...object, optionVector: vector } : object),
    });
    assertEquals(router.sent().map((text) => text.slice(0, 19)), ["c: ResvErr 6/0x0000"]);
    assertEquals(router.reserved("c"), []);
  });
}

Deno.test("[2205-3.1.8-01] [2205-3.1.8-02] A ResvErr goes to the next hop that asked, with our RSVP_HOP and the style in error", () => {
  const router = figure4({ interface: { d: { reservableBytesPerSecond: 0 } } });
  router.resv("R2", "WF(*{B})");
  const [error] = router.messages;
  assertEquals([error.to, error.interface, error.routerAlert], ["R2", "d", 0]);
  const names = error.message.objects.map((object) => object.name);
  assertEquals(names, ["SESSION", "RSVP_HOP", "ERROR_SPEC", "STYLE", "FLOWSPEC"]);
  assertEquals(objectOf(error, "RSVP_HOP").hopAddress, router.ownAddress("d"));
  assertEquals(objectOf(error, "ERROR_SPEC").errorNodeAddress, router.ownAddress("d"));
  assertEquals(objectOf(error, "STYLE").optionVector, 0x11);
});

Deno.test("[2205-1.2-01] [2205-B-02] What admission refuses is not installed and not sent upstream", () => {
  const router = unicast({ interface: { c: { reservableBytesPerSecond: 3000, mtuBytes: 1000 } } });
  router.resv("R1", "FF(S1{4B})", {
    edit: (objects) =>
      objects.map((object) => object.name === "FLOWSPEC" ? { ...object, maximumPacketSizeBytes: 1000 } : object),
  });
  assertEquals(router.sent().map((text) => text.slice(0, 19)), ["c: ResvErr 1/0x0002"]);
  router.clear();
  router.resv("R1", "FF(S1{B})");
  assertEquals(router.sent(), ["c: ResvErr 1/0x0003 FF(S1{B})"]);
  assertEquals([router.reserved("c"), router.trafficControl], [[], []]);
});

Deno.test("[2205-2.2-02] Flowspecs that cannot be ordered merge to an upper bound", () => {
  const router = figure4({}, [90, 90, 90]);
  const shaped = (r: number, b: number) => ({
    edit: (
      objects: import("../../host/object_list.ts").ObjectInput[],
    ) => [...objects.slice(0, -2), flowspec({ r, b, p: 20 }), objects.at(-1)!],
  });
  router.resv("R1", "FF(S1{B})", shaped(10, 1));
  router.resv("R2", "FF(S1{B})", shaped(1, 10));
  assertEquals(router.sent("a").at(-1), "Resv FF(S1{10B})");
});

Deno.test("[2205-3.11.6-01] [2205-B-15] Controlled load and guaranteed service do not merge: ResvErr 21 value 1", () => {
  const router = figure4();
  router.resv("R1", "FF(S1{4B})");
  router.clear();
  router.resv("R2", "FF(S1{2G})");
  assertEquals(router.sent(), ["d: ResvErr 21/0x0001 FF(S1{2G})"]);
  assertEquals(router.reserved("d"), []);
});

Deno.test("[2205-B-15] Traffic control errors by value: service, flowspec, Tspec, ADSPEC", () => {
  const router = figure4({ interface: { c: { services: 1 } } });
  router.resv("R1", "FF(S1{2G})");
  assertEquals(router.sent("c"), ["ResvErr 21/0x0002 FF(S1{2G})"]);
  router.clear();
  router.resv("R2", "FF(S1{B})", {
    edit: (objects) => [...objects.slice(0, -2), flowspec({ r: 2, R: 1 }), objects.at(-1)!],
  });
  assertEquals(router.sent("d").map((text) => text.slice(0, 17)), ["ResvErr 21/0x0003"]);
  router.clear();
  router.path("S1", "P1", { tspec: { r: 1, m: 0 } });
  router.path("S1", "P1", { adspec: { name: "UNKNOWN", class: 13, ctype: 2, bytes: "0000000101000000" } });
  assertEquals(router.sent("a"), ["PathErr 21/0x0004 S1", "PathErr 21/0x0005 S1"]);
});

Deno.test("[2205-3.3-04] A Resv on a LAN draws nothing out of that LAN", () => {
  const router = figure4();
  router.resv("R2", "WF(*{B})");
  router.resv("R3", "WF(*{2B})");
  assertEquals([router.sent("c"), router.sent("d")], [[], []]);
});

Deno.test("[2205-2.3-02] [2209-1-02] One RSB for each filter (FF), for each next hop (SE and WF)", () => {
  for (const [descriptors, count] of [["FF(S1{B}, S2{B})", 2], ["SE((S1,S2){B})", 1], ["WF(*{B})", 1]] as const) {
    const router = figure4();
    router.resv("R2", descriptors);
    router.resv("R3", descriptors);
    assertEquals(router.engine.inspect("reservations").length, 2 * count);
  }
});

Deno.test("[2209-1-03] Traffic control state: one for each interface, and for each filter with FF", () => {
  for (const [descriptors, count] of [["FF(S1{B}, S2{B})", 2], ["SE((S1,S2){B})", 1], ["WF(*{B})", 1]] as const) {
    const router = figure4();
    for (const hop of ["R1", "R2", "R3"]) router.resv(hop, descriptors);
    assertEquals(router.engine.inspect("installed").length, 2 * count);
  }
});

Deno.test("[2205-3.3-05] A Resv of a hundred senders is one message", () => {
  const router = figure4();
  const names = Array.from({ length: 100 }, (_, index) => `S${index + 10}`);
  for (const name of names) {
    router.sender(name, { in: "a", out: ["c"] });
    router.path(name, "P1", { tspec: 9 });
  }
  router.clear();
  router.resv("R1", `FF(${names.map((name) => `${name}{B}`).join(", ")})`);
  assertEquals(router.messages.length, 1);
  assertEquals(router.messages[0].bytes.length > 4000, true);
  router.clear();
  router.advance(30_000);
  assertEquals(router.sent("a").length, 1);
});

Deno.test("[2209-2-RREFR-01] A refresh is one Resv for each previous hop, FF packed", () => {
  const router = figure4();
  router.resv("R1", "FF(S1{B}, S2{2B}, S3{3B})");
  router.clear();
  router.advance(30_000);
  assertEquals([router.sent("a"), router.sent("b")], [["Resv FF(S1{B})"], ["Resv FF(S2{2B}, S3{3B})"]]);
});

Deno.test("[2209-2-RERR-01] [2205-B-10] A ResvErr without path state is dropped", () => {
  const router = figure4();
  router.resvError("P1", 2, 0, "WF(*{B})", { session: { destination: "224.9.9.9", protocol: 17, port: 1 } });
  assertEquals([router.sent(), router.drops()], [[], ["NO_STATE"]]);
});

Deno.test("[2209-2-RERR-02] [2205-3.1.8-06] A ResvErr goes to the next hops that share a filter with it, and names theirs", () => {
  const router = figure4();
  router.resv("R1", "SE((S2,S3){4B})");
  router.resv("R2", "SE(S3{4B})");
  router.resv("R3", "SE(S1{4B})");
  router.clear();
  router.resvError("P2", 2, 7, "SE((S2,S3){4B})");
  assertEquals(router.messages.map((sent) => [sent.to, sent.text]), [
    ["R1", "ResvErr 2/0x0007 SE((S2,S3){4B})"],
    ["R2", "ResvErr 2/0x0007 SE(S3{4B})"],
  ]);
});

Deno.test("[2209-2-RERR-02] A ResvErr never goes back by the interface that it came by", () => {
  const router = figure4();
  router.neighbour("RA", "a");
  router.route("S2", { in: "b", out: ["a", "c", "d"] });
  router.routesChange("224.1.1.1", 32);
  router.resv("RA", "WF(*{4B})");
  router.resv("R1", "WF(*{4B})");
  router.clear();
  router.resvError("P1", 2, 0, "WF(*{4B})");
  assertEquals(router.sent("a"), []);
  assertEquals(router.sent("c"), ["ResvErr 2/0x0000 WF(*{4B}) SCOPE[S1]"]);
});

Deno.test("[2205-B-16] Codes 22 and 23 are passed on with their values", () => {
  const router = unicast();
  router.resv("R1", "FF(S1{B})");
  router.clear();
  router.resvError("P1", 22, 0xbeef, "FF(S1{B})");
  router.pathError("S1", "R1", 23, 0xcafe);
  assertEquals(router.sent(), ["c: ResvErr 22/0xbeef FF(S1{B})", "a: PathErr 23/0xcafe S1"]);
});

Deno.test("[2205-B-03] An informational value (u = 1) removes nothing", () => {
  const router = unicast();
  router.resv("R1", "FF(S1{B})");
  router.clear();
  router.resvError("P1", 1, 0x2002, "FF(S1{B})");
  assertEquals(router.reserved("c"), ["S1{B}"]);
  assertEquals(router.sent("c"), ["ResvErr 1/0x2002 FF(S1{B})"]);
});
