/** Local policy and preemption: RFC 2205 sections 2.7 and 3.11.2, appendix B codes 02 and 12; RFC 2750; RFC 3181. */
import { assertEquals, assertThrows } from "../assert.ts";
import type { ObjectInput } from "../../host/object_list.ts";
import { policyRecords, type PolicyRule, priorityObject, type SignalledPriority } from "../../host/policy.ts";
import { figure4 } from "./figures.ts";
import { objectOf } from "./node.ts";
import { Router, type RouterOptions, type Session } from "./router.ts";

const CAPACITY = 10_000;
const other = (port: number): Session => ({ destination: "192.0.2.20", protocol: 17, port });
const A = other(5004), B = other(5006), C = other(5008), D = other(5010);

/** One sender S1 behind P1 in each of four sessions, all of which leave by (c), which may reserve ten units. */
function scarce(rules: readonly PolicyRule[], options: RouterOptions = {}): Router {
  const router = new Router({ session: A, interface: { c: { reservableBytesPerSecond: CAPACITY } }, ...options });
  for (const [name, letter] of [["P1", "a"], ["R1", "c"], ["R2", "c"]]) router.neighbour(name, letter);
  router.route("*", { out: [{ interface: "c", gateway: "R1" }] });
  router.sender("S1");
  router.sender("S2");
  for (const session of [A, B, C, D]) router.path("S1", "P1", { tspec: 20, session });
  setPolicy(router, rules);
  router.clear();
  return router;
}

function setPolicy(router: Router, rules: readonly PolicyRule[]): void {
  router.engine.submitAll("POLICY", policyRecords(rules), router.nowMs);
  router.drain();
}

/** The Resv of a next hop with a priority of its own; a number is both priorities. */
function priority(value: number | SignalledPriority) {
  const object = priorityObject(typeof value === "number" ? { preemptionPriority: value } : value);
  return {
    edit: (objects: ObjectInput[]) => {
      const style = objects.findIndex(({ name }) => name === "STYLE");
      return [...objects.slice(0, style), object, ...objects.slice(style)];
    },
  };
}
const SIGNALLED: PolicyRule[] = [{ signalledPriority: true }];
const installedPorts = (router: Router) =>
  router.engine.inspect("installed").map((row) => row.objects[10] * 256 + row.objects[11]).sort();

Deno.test("[2205-B-04] A Path that policy refuses: PathErr 02 with the rule's value, no state, nothing sent on", () => {
  const router = scarce([{ sender: "10.9.0.2", verdict: "refuse", errorValue: 4 }]);
  router.path("S2", "P1", { tspec: 20 });
  assertEquals(router.sent(), ["a: PathErr 2/0x0004 S2"]);
  assertEquals([router.drops(), router.engine.counters().POLICY_REFUSED], [["POLICY_REFUSED"], 1]);
  assertEquals(router.engine.inspect("senders").length, 4);
  // Others are not concerned.
  router.clear();
  router.path("S1", "P1", { tspec: 19 });
  assertEquals(router.sent(), ["c: Path S1{19B}"]);
});

Deno.test("[2205-B-04] A Resv that policy refuses: ResvErr 02, nothing reserved, the other descriptors go on", () => {
  const router = scarce([{ direction: "resv", sender: "10.9.0.2", verdict: "refuse" }]);
  router.path("S2", "P1", { tspec: 20 });
  router.clear();
  router.resv("R1", "FF(S1{2B}, S2{3B})");
  assertEquals(router.sent(), ["c: ResvErr 2/0x0003 FF(S2{3B})", "a: Resv FF(S1{2B})"]);
  assertEquals(router.reserved("c"), ["S1{2B}"]);
});

Deno.test("[2205-2.7-01] Rules look at destination, ports, protocol, interface and direction; the first that matches decides", () => {
  const refuse = (rule: PolicyRule, before: PolicyRule[] = []) => {
    const router = scarce([...before, { ...rule, verdict: "refuse" }]);
    router.resv("R1", "FF(S1{B})", { session: A });
    return router.reserved("c").length === 0;
  };
  assertEquals(refuse({}), true);
  assertEquals(refuse({}, [{ ports: 5004 }]), false);
  assertEquals(refuse({}, [{ ports: 5005 }]), true);
  assertEquals([refuse({ destination: "192.0.2.0/24" }), refuse({ destination: "192.0.3.0/24" })], [true, false]);
  assertEquals([refuse({ destination: "2001:db8::/32" }), refuse({ destination: "0.0.0.0/0" })], [false, true]);
  assertEquals([refuse({ ports: [5000, 5004] }), refuse({ ports: [5005, 65535] })], [true, false]);
  assertEquals([refuse({ protocol: "udp" }), refuse({ protocol: "tcp" })], [true, false]);
  assertEquals([refuse({ interface: 3 }), refuse({ interface: 1 })], [true, false]);
  assertEquals([refuse({ direction: "resv" }), refuse({ direction: "path" })], [true, false]);
  assertEquals([refuse({ sender: "10.9.0.0/30" }), refuse({ sender: "10.9.0.4/30" })], [true, false]);
});

Deno.test("[2205-2.7-01] A wildcard reservation is refused where one of the senders is that it is for", () => {
  const router = figure4();
  setPolicy(router, [{ direction: "resv", sender: "10.9.0.3", verdict: "refuse" }]);
  router.resv("R1", "WF(*{4B})");
  assertEquals([router.sent("c"), router.reserved("c")], [["ResvErr 2/0x0003 WF(*{4B})"], []]);
  router.resv("R1", "WF(*{4B})", { scope: ["S1", "S2"] });
  assertEquals(router.reserved("c"), ["*{4B}"]);
});

Deno.test("RFC 2750 3.3, RFC 3182 3.3: a rule for an AUTH_USER element and its locator, padding not counted", () => {
  const rules: PolicyRule[] = [
    { direction: "resv", element: "AUTH_USER", attribute: "CN=ada" },
    { direction: "resv", verdict: "refuse" },
  ];
  // A POLICY_LOCATOR with "CN=ada", in the length with its padding and without.
  const locator = (length: string, text: string) => `${length}0101${text}`;
  const as = (attribute: string, type = "0002"): ObjectInput => {
    const element = 4 + attribute.length / 2, bytes = element + 8;
    const hex = (value: number) => value.toString(16).padStart(4, "0");
    return {
      name: "UNKNOWN",
      class: 14,
      ctype: 1,
      bytes: `00080000${hex(element)}${type}${attribute}`.padEnd(bytes * 2 - 8, "0"),
    };
  };
  const resv = (object: ObjectInput) => {
    const router = scarce(rules);
    router.resv("R1", "FF(S1{B})", { edit: (objects) => [...objects.slice(0, 3), object, ...objects.slice(3)] });
    return router.reserved("c");
  };
  const ada = "434e3d616461" + "0000";
  assertEquals(resv(as(locator("000a", ada))), ["S1{B}"]);
  assertEquals(resv(as(locator("000c", ada))), ["S1{B}"]);
  // A second attribute, another name, another element.
  assertEquals(resv(as("00080201aabbccdd" + locator("000a", ada))), ["S1{B}"]);
  assertEquals(resv(as(locator("000a", "434e3d616463" + "0000"))), []);
  assertEquals(resv(as(locator("000a", ada), "0003")), []);
  // Broken ones are nobody's.
  assertEquals(resv(as(locator("00ff", ada))), []);
  assertEquals(resv(as(locator("0000", ada))), []);
});

Deno.test("Policy that changes: what is refused then is not refreshed, and ends with its lifetime (RFC 2205 2.7, 3.7)", () => {
  const router = scarce([]);
  router.resv("R1", "FF(S1{4B})");
  setPolicy(router, [{ direction: "resv", verdict: "refuse" }]);
  router.clear();
  router.resv("R1", "FF(S1{4B})");
  assertEquals([router.sent("c"), router.reserved("c")], [["ResvErr 2/0x0003 InPlace FF(S1{4B})"], ["S1{4B}"]]);
  router.advance(158_000);
  assertEquals(router.reserved("c"), []);
  setPolicy(router, []);
  for (const session of [A, B]) router.path("S1", "P1", { tspec: 20, session });
  router.resv("R1", "FF(S1{4B})");
  assertEquals(router.reserved("c"), ["S1{4B}"]);
});

Deno.test("Applications are under local policy too: their sender and their reservation hear code 02", () => {
  const router = scarce([]);
  router.route("*", { out: ["c"], local: true });
  router.sender("S9", undefined, { address: router.ownAddress("c"), port: 4009 });
  setPolicy(router, [{ verdict: "refuse", errorValue: 5 }]);
  router.callSession(1, D);
  router.callSender(1, "S9");
  assertEquals(router.heard().map((text) => text.split(" ").slice(0, 2)), [["1:", "PATH_ERROR"]]);
  assertEquals(router.events.map(({ errorCode, errorValue }) => [errorCode, errorValue]), [[2, 5]]);
  assertEquals(router.engine.inspect("senders").filter((row) => row.application !== 0), []);
});

Deno.test("[2205-3.11.2-03] [2205-B-11] RFC 3181 4: a new flow takes the place of one with a lower defending priority", () => {
  const router = scarce(SIGNALLED);
  router.resv("R1", "FF(S1{6B})", { session: A, ...priority(3) });
  router.clear();
  router.resv("R2", "FF(S1{6B})", { session: B, ...priority(4) });
  // What goes, goes before what comes is installed.
  assertEquals(router.trafficControl, ["c: REMOVE", "c: INSTALL FF(S1{6B})"]);
  assertEquals(router.messages.filter(({ interface: letter }) => letter === "c").map(({ to, text }) => [to, text]), [
    ["R1", "ResvErr 12/0x0000 FF(S1{6B})"],
  ]);
  assertEquals(router.sent("a"), ["ResvTear FF(S1)", "Resv FF(S1{6B})"]);
  assertEquals([installedPorts(router), router.reservedRate("c")], [[B.port], 6000]);
  assertEquals(router.engine.counters().RESERVATION_PREEMPTED, 1);
});

Deno.test("RFC 3181 6: who had made a priority hears the one that was higher, with error code PREEMPTION", () => {
  const router = scarce(SIGNALLED);
  router.resv("R1", "FF(S1{6B})", { session: A, ...priority(3) });
  router.clear();
  router.resv("R2", "FF(S1{6B})", { session: B, ...priority({ preemptionPriority: 4, defendingPriority: 9 }) });
  const error = router.messages.find(({ text }) => text.startsWith("ResvErr"))!;
  const [element] = objectOf(error, "POLICY_DATA").elements as Record<string, unknown>[];
  const { errorCode, preemptionPriority, defendingPriority } = element;
  assertEquals([errorCode, preemptionPriority, defendingPriority], [1, 4, 9]);
});

Deno.test("RFC 3181 4: equal is not higher, and what stands defends with its defending priority", () => {
  const router = scarce(SIGNALLED);
  router.resv("R1", "FF(S1{6B})", { session: A, ...priority({ preemptionPriority: 1, defendingPriority: 7 }) });
  for (const value of [1, 6, 7]) {
    router.clear();
    router.resv("R1", "FF(S1{6B})", { session: B, ...priority(value) });
    assertEquals(router.sent(), ["c: ResvErr 1/0x0002 FF(S1{6B})"]);
  }
  router.clear();
  // The one that has lost may not come back by the priority that was beaten.
  router.resv("R1", "FF(S1{6B})", { session: B, ...priority(8) });
  router.resv("R1", "FF(S1{6B})", { session: A, ...priority({ preemptionPriority: 1, defendingPriority: 7 }) });
  assertEquals(installedPorts(router), [B.port]);
});

Deno.test("A priority counts where policy says so alone: without rules nobody displaces anybody, and nothing is read", () => {
  for (const rules of [[], [{}], [{ interface: 1, signalledPriority: true }]] as PolicyRule[][]) {
    const router = scarce(rules);
    router.resv("R1", "FF(S1{6B})", { session: A, ...priority(1) });
    router.clear();
    router.resv("R1", "FF(S1{6B})", { session: B, ...priority(60_000) });
    assertEquals(router.sent(), ["c: ResvErr 1/0x0002 FF(S1{6B})"]);
  }
});

Deno.test("Priorities by rule, without any POLICY_DATA, and announced upstream for routers without rules (RFC 3181 2)", () => {
  const router = scarce([{ ports: 5006, preemptionPriority: 5, defendingPriority: 6, announcePriority: true }]);
  router.resv("R1", "FF(S1{6B})", { session: A });
  router.clear();
  router.resv("R1", "FF(S1{6B})", { session: B });
  assertEquals(installedPorts(router), [B.port]);
  const sent = router.messages.find(({ text }) => text.startsWith("Resv FF"))!;
  const [element] = objectOf(sent, "POLICY_DATA").elements as Record<string, unknown>[];
  const { name, mergeStrategy, preemptionPriority, defendingPriority } = element;
  assertEquals([name, mergeStrategy, preemptionPriority, defendingPriority], ["PREEMPTION_PRI", 1, 5, 6]);
});

Deno.test("Only as many go as must: the lowest first, and whoever need not go after all is spared", () => {
  const router = scarce(SIGNALLED);
  router.resv("R1", "FF(S1{2B})", { session: A, ...priority(1) });
  router.resv("R1", "FF(S1{B})", { session: B, ...priority(2) });
  router.resv("R1", "FF(S1{7B})", { session: C, ...priority(3) });
  router.resv("R1", "FF(S1{7B})", { session: D, ...priority(9) });
  // C alone must go: with it there is room enough, and A and B keep theirs.
  assertEquals([installedPorts(router), router.reservedRate("c")], [[A.port, B.port, D.port], 10_000]);
  const lower = scarce(SIGNALLED);
  lower.resv("R1", "FF(S1{5B})", { session: A, ...priority(1) });
  lower.resv("R1", "FF(S1{5B})", { session: B, ...priority(2) });
  lower.resv("R1", "FF(S1{4B})", { session: D, ...priority(9) });
  assertEquals(installedPorts(lower), [B.port, D.port]);
});

Deno.test("What would not make room enough stays: no victim for nothing", () => {
  const router = scarce(SIGNALLED);
  router.resv("R1", "FF(S1{2B})", { session: A, ...priority(1) });
  router.resv("R1", "FF(S1{8B})", { session: B, ...priority(8) });
  router.clear();
  router.resv("R1", "FF(S1{5B})", { session: C, ...priority(5) });
  assertEquals(router.sent(), ["c: ResvErr 1/0x0002 FF(S1{5B})"]);
  assertEquals(installedPorts(router), [A.port, B.port]);
  // Nor for what no reservation of this interface may have.
  router.configure("c", { reservableBytesPerSecond: CAPACITY, perFlowBytesPerSecond: 4_000 });
  router.resv("R1", "FF(S1{5B})", { session: C, ...priority(9) });
  assertEquals(installedPorts(router), [A.port, B.port]);
});

Deno.test("An increase displaces like anything new, and never itself", () => {
  const router = scarce(SIGNALLED);
  router.resv("R1", "FF(S1{4B})", { session: A, ...priority(1) });
  router.resv("R1", "FF(S1{4B})", { session: B, ...priority(5) });
  router.clear();
  router.resv("R1", "FF(S1{8B})", { session: B, ...priority(5) });
  assertEquals(router.trafficControl, ["c: REMOVE", "c: CHANGE FF(S1{8B})"]);
  assertEquals([installedPorts(router), router.reservedRate("c")], [[B.port], 8000]);
  router.clear();
  router.resv("R1", "FF(S1{12B})", { session: B, ...priority(5) });
  assertEquals(router.sent("c"), ["ResvErr 1/0x0002 InPlace FF(S1{12B})"]);
});

Deno.test("Two senders of one session are two flows: FF displaces its own sibling", () => {
  const router = scarce([{ sender: "10.9.0.2", preemptionPriority: 5 }]);
  router.path("S2", "P1", { tspec: 20 });
  router.resv("R1", "FF(S1{6B})");
  router.clear();
  router.resv("R2", "FF(S2{6B})");
  assertEquals(router.sent("c"), ["ResvErr 12/0x0000 FF(S1{6B})"]);
  assertEquals(router.reserved("c"), ["S2{6B}"]);
  assertEquals(router.sent("a").sort(), ["Resv FF(S2{6B})", "ResvTear FF(S1)"]);
});

Deno.test("Pending reservations hold their capacity and may be displaced: never more is asked for than there is", () => {
  const router = scarce(SIGNALLED, { trafficControl: "held" });
  router.resv("R1", "FF(S1{6B})", { session: A, ...priority(1) });
  router.resv("R1", "FF(S1{6B})", { session: B, ...priority(2) });
  assertEquals(router.trafficControl, ["c: INSTALL FF(S1{6B})", "c: REMOVE", "c: INSTALL FF(S1{6B})"]);
  assertEquals(router.reservedRate("c"), 6000);
  // The answer for what has gone meanwhile finds nothing.
  router.answer();
  assertEquals([installedPorts(router), router.reservedRate("c")], [[B.port], 6000]);
  assertEquals(router.engine.counters().STALE_RESULT, 1);
});

Deno.test("Two changes that waited for one answer: the second may displace the first, and nothing is left pending", () => {
  const rules: PolicyRule[] = [{ sender: "10.9.0.2", preemptionPriority: 5 }, { signalledPriority: true }];
  const router = scarce(rules, { trafficControl: "held" });
  router.path("S2", "P1", { tspec: 20 });
  router.resv("R1", "FF(S1{2B})");
  router.resv("R2", "FF(S2{2B})");
  router.resv("R1", "FF(S1{4B})");
  router.resv("R2", "FF(S2{9B})");
  while (router.asked.length > 0) router.answer();
  assertEquals([router.reserved("c"), router.reservedRate("c")], [["S2{9B}"], 9000]);
  assertEquals(router.engine.inspect("installed").map((row) => row.pending), [0]);
});

Deno.test("A refusal that comes late after somebody made room: the room is free again, and those that had to go stay gone", () => {
  const router = scarce(SIGNALLED, { trafficControl: "held" });
  router.resv("R1", "FF(S1{6B})", { session: A, ...priority(1) });
  router.answer();
  router.resv("R1", "FF(S1{8B})", { session: B, ...priority(2) });
  router.clear();
  router.answer({ ok: 0 });
  assertEquals([router.sent("c"), router.reservedRate("c")], [["ResvErr 1/0x0002 FF(S1{8B})"], 0]);
  router.resv("R1", "FF(S1{6B})", { session: A, ...priority(1) });
  router.answer();
  assertEquals([installedPorts(router), router.reservedRate("c")], [[A.port], 6000]);
});

Deno.test("What is left of POLICY_DATA without its priorities is a whole object, whatever lengths its elements had", () => {
  const router = scarce(SIGNALLED, { trafficControl: "none" });
  // An element of six bytes, PREEMPTION_PRI behind it, and two bytes that are nothing.
  const bytes = "00080000" + "00060063aaaa" + "000c000100010000" + "00050005" + "0000";
  const odd: ObjectInput = { name: "UNKNOWN", class: 14, ctype: 1, bytes };
  // What is inside is not ours to judge, so that the codec has nothing to say here.
  router.drain = () => {};
  router.resv("R1", "FF(S1{2B})", { edit: (objects) => [...objects.slice(0, 3), odd, ...objects.slice(3)] });
  const sent = [...router.engine.drain()].filter((action) => action.action === "SEND");
  assertEquals(sent.map(({ payload }) => payload.length % 4), [0]);
  const view = new DataView(sent[0].payload.slice().buffer), objects: number[][] = [];
  for (let at = 8; at < view.byteLength; at += view.getUint16(at)) {
    objects.push([view.getUint8(at + 2), view.getUint16(at)]);
  }
  // SESSION RSVP_HOP TIME_VALUES, what is left, the merged priority, STYLE FLOWSPEC FILTER_SPEC.
  assertEquals(objects, [[1, 12], [3, 12], [5, 8], [14, 16], [14, 20], [8, 8], [9, 36], [10, 12]]);
});

Deno.test("A priority that changes with a refresh counts from then on", () => {
  const router = scarce(SIGNALLED);
  router.resv("R1", "FF(S1{6B})", { session: A, ...priority(9) });
  router.resv("R1", "FF(S1{6B})", { session: A, ...priority(2) });
  router.resv("R1", "FF(S1{6B})", { session: B, ...priority(5) });
  assertEquals(installedPorts(router), [B.port]);
});

Deno.test("New rules rank what stands with its next refresh", () => {
  const router = scarce([]);
  router.resv("R1", "FF(S1{6B})", { session: A });
  setPolicy(router, [{ ports: 5006, preemptionPriority: 5 }]);
  router.resv("R1", "FF(S1{6B})", { session: B });
  assertEquals(installedPorts(router), [A.port]);
  router.resv("R1", "FF(S1{6B})", { session: A });
  router.resv("R1", "FF(S1{6B})", { session: B });
  assertEquals(installedPorts(router), [B.port]);
});

Deno.test("What had no room when its senders grew takes it with the next refresh, if it has the priority", () => {
  const router = scarce(SIGNALLED);
  router.path("S1", "P1", { tspec: 2, session: B });
  router.resv("R1", "FF(S1{6B})", { session: A, ...priority(1) });
  router.resv("R1", "FF(S1{9B})", { session: B, ...priority(5) });
  assertEquals(router.reservedRate("c"), 8000);
  router.path("S1", "P1", { tspec: 9, session: B });
  assertEquals(router.reservedRate("c"), 8000);
  router.resv("R1", "FF(S1{9B})", { session: B, ...priority(5) });
  assertEquals([installedPorts(router), router.reservedRate("c")], [[B.port], 9000]);
});

Deno.test("Bad lists of rules are refused whole, and the old ones stay", () => {
  const router = scarce([{ direction: "resv", verdict: "refuse" }]);
  assertThrows(() => policyRecords([{ preemptionPriority: 5, defendingPriority: 4 }]), RangeError, "rule 1");
  assertThrows(() => policyRecords([{}, { destination: "10.0.0.0/33" }]), RangeError, "rule 2");
  assertThrows(() => policyRecords(new Array(257).fill({})), RangeError, "256");
  const submit = (record: Record<string, number>) => () => {
    router.engine.submit("POLICY", record, router.nowMs);
  };
  assertThrows(submit({ position: 1, count: 2 }), Error);
  router.drain();
  assertThrows(submit({ position: 0, count: 1, preemptionPriority: 2, defendingPriority: 1 }), Error);
  router.drain();
  assertThrows(submit({ position: 0, count: 257 }), Error);
  router.drain();
  // A list of which the end never comes does not count.
  router.engine.submit("POLICY", { position: 0, count: 2 }, router.nowMs);
  router.drain();
  router.resv("R1", "FF(S1{B})");
  assertEquals(router.reserved("c"), []);
});
