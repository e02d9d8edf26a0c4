/** How priorities merge (RFC 3181 section 5 and appendix A), and what of POLICY_DATA goes on (RFC 2750). */
import { assertEquals } from "../assert.ts";
import type { ObjectInput } from "../../host/object_list.ts";
import { type MergeStrategy, policyRecords, type PolicyRule, priorityObject } from "../../host/policy.ts";
import { figure4 } from "./figures.ts";
import { objectOf, type Sent } from "./node.ts";
import type { Router } from "./router.ts";

const SIGNALLED: PolicyRule[] = [{ signalledPriority: true }];

function withPolicy(rules: readonly PolicyRule[] = SIGNALLED): Router {
  const router = figure4();
  router.engine.submitAll("POLICY", policyRecords(rules), router.nowMs);
  router.drain();
  for (const name of ["R4", "R5", "R6"]) router.neighbour(name, "d");
  return router;
}

const before = (...added: ObjectInput[]) => ({
  edit: (objects: ObjectInput[]) => {
    const style = objects.findIndex(({ name }) => name === "STYLE");
    return [...objects.slice(0, style), ...added, ...objects.slice(style)];
  },
});
const pr = (preemptionPriority: number, mergeStrategy: MergeStrategy) =>
  before(priorityObject({ preemptionPriority, mergeStrategy }));

/** Elements of a message's POLICY_DATA as `Pr/strategy`, with the error code behind. */
function elementsOf(sent: Sent): string[] {
  return sent.message.objects.filter(({ name }) => name === "POLICY_DATA").flatMap((object) =>
    ((object as unknown as { elements: Record<string, unknown>[] }).elements ?? []).map((element) =>
      element.name === "PREEMPTION_PRI"
        ? `${element.preemptionPriority}/${element.mergeStrategy}${
          element.errorCode ? ` error ${element.errorCode}` : ""
        }`
        : String(element.name)
    )
  );
}
const last = (router: Router, letter: string) => {
  const sent = router.messages.filter((one) => one.interface === letter && one.text.startsWith("Resv ")).at(-1);
  return sent ? elementsOf(sent) : undefined;
};

Deno.test("RFC 3181 A.1, node B: the priority of r3 takes no part, for its QoS does not contribute", () => {
  const router = withPolicy();
  router.resv("R1", "FF(S1{5B})", pr(3, "highest-qos"));
  router.resv("R2", "FF(S1{2B})", pr(4, "highest-priority"));
  router.resv("R3", "FF(S1{2B})", pr(7, "highest-qos"));
  assertEquals(last(router, "a"), ["3/1", "4/2"]);
  // Alone on (d), r2 and r3 ask for the same, so there both take part.
  router.resvTear("R1", "FF(S1)");
  assertEquals(last(router, "a"), ["7/1", "4/2"]);
});

Deno.test("RFC 3181 A.1, node A: r4 takes no part, and hears that its element met heterogeneity", () => {
  const router = withPolicy();
  const merged = before(
    priorityObject({ preemptionPriority: 3 }),
    priorityObject({ preemptionPriority: 4, mergeStrategy: "highest-priority" }),
  );
  router.resv("R1", "FF(S1{5B})", merged);
  router.clear();
  router.resv("R4", "FF(S1{2B})", pr(9, "error"));
  assertEquals(router.messages.map((sent) => [sent.to, sent.text, elementsOf(sent)]), [
    ["R4", "ResvErr 2/0x0008 InPlace FF(S1{2B})", ["9/3 error 2"]],
  ]);
  router.clear();
  router.advance(31_000);
  assertEquals(last(router, "a"), ["3/1", "4/2"]);
  // Where all ask for the same, it does take part, and nobody is told anything.
  router.clear();
  router.resv("R4", "FF(S1{5B})", pr(9, "error"));
  assertEquals(last(router, "a"), ["3/1", "4/2", "9/3"]);
  assertEquals(router.sent("d"), []);
});

Deno.test("RFC 3181 5.1.3: whoever stood before hears of it too, when a new request makes the merge heterogeneous", () => {
  const router = withPolicy();
  router.resv("R4", "FF(S1{2B})", pr(9, "error"));
  router.clear();
  router.resv("R1", "FF(S1{5B})");
  assertEquals(router.sent("d"), ["ResvErr 2/0x0008 InPlace FF(S1{2B})"]);
  // Not again with every refresh.
  router.clear();
  router.resv("R1", "FF(S1{5B})");
  router.resv("R4", "FF(S1{2B})", pr(9, "error"));
  assertEquals(router.sent("d"), []);
});

Deno.test("RFC 3181 A.2: elements are compressed to one for each strategy", () => {
  const router = withPolicy();
  const given: [string, number, MergeStrategy][] = [
    ["R2", 3, "highest-qos"],
    ["R3", 7, "highest-qos"],
    ["R4", 4, "highest-priority"],
    ["R5", 9, "highest-priority"],
    ["R6", 6, "highest-priority"],
  ];
  for (const [hop, value, strategy] of given) router.resv(hop, "SE((S1){2B})", pr(value, strategy));
  assertEquals(last(router, "a"), ["7/1", "9/2"]);
});

Deno.test("RFC 3181 5.1: preemption and defending priority are merged each on its own", () => {
  const router = withPolicy();
  router.resv("R2", "FF(S1{2B})", before(priorityObject({ preemptionPriority: 5, defendingPriority: 6 })));
  router.resv("R3", "FF(S1{2B})", before(priorityObject({ preemptionPriority: 1, defendingPriority: 20 })));
  const sent = router.messages.filter((one) => one.interface === "a").at(-1)!;
  const [element] = objectOf(sent, "POLICY_DATA").elements as Record<string, unknown>[];
  assertEquals([element.preemptionPriority, element.defendingPriority], [5, 20]);
});

Deno.test("RFC 3181 5.1: priorities of different senders do not merge in FF", () => {
  const router = withPolicy();
  router.resv("R2", "FF(S2{5B})", pr(3, "highest-qos"));
  router.resv("R3", "FF(S3{2B})", pr(7, "highest-qos"));
  assertEquals(last(router, "b"), ["7/1"]);
});

Deno.test("RFC 3181 5.2: POLICY_DATA with a digest is not touched, other elements of one without stay where they are", () => {
  const router = withPolicy();
  const integrity = {
    name: "INTEGRITY",
    flags: 0,
    keyIdentifier: "000000000001",
    sequenceNumber: "1",
    digest: "00112233",
  };
  const priority = {
    name: "PREEMPTION_PRI",
    flags: 0,
    mergeStrategy: 1,
    errorCode: 0,
    preemptionPriority: 8,
    defendingPriority: 8,
  };
  const user = { name: "AUTH_USER", attributes: [{ name: "POLICY_LOCATOR", subType: 1, distinguishedName: "CN=a" }] };
  const data = (dataOffset: number, elements: unknown[]) =>
    ({ name: "POLICY_DATA", ctype: 1, dataOffset, elements }) as unknown as ObjectInput;
  router.resv("R2", "FF(S1{2B})", before(data(28, [integrity, priority])));
  assertEquals(last(router, "a"), ["INTEGRITY", "8/1"]);
  router.clear();
  router.resv("R2", "FF(S1{2B})", before(data(8, [priority, user])));
  assertEquals(last(router, "a"), ["AUTH_USER", "8/1"]);
});

Deno.test("RFC 2205 2.7: a node without policy passes priorities on as they came", () => {
  const router = figure4();
  router.resv("R1", "FF(S1{5B})", pr(3, "highest-qos"));
  router.resv("R2", "FF(S1{2B})", pr(7, "highest-qos"));
  assertEquals(last(router, "a"), ["3/1", "7/1"]);
});
