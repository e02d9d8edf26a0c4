import { assertEquals } from "./assert.ts";
import { ask, type Bucket, controlledLoad, guaranteed, make, nullService, nullTspec, tspec } from "./merge_fixture.ts";

// Section 9.8 of the worked examples: (r, b, p, m, M).
const A: Bucket = [10, 100, 20, 40, 1500];
const B: Bucket = [8, 200, 30, 64, 1000];
const C: Bucket = [5, 50, 10, 64, 1000];
const LESS = -1, EQUAL = 0, GREATER = 1, INCOMPARABLE = 2;

Deno.test("worked example 9.8: A is greater than C, because all five conditions hold", () => {
  for (const make of [controlledLoad, tspec]) {
    const name = make === tspec ? "compareTspecs" : "compareFlowspecs";
    assertEquals(ask(name, make(A), make(C)), GREATER);
    assertEquals(ask(name, make(C), make(A)), LESS);
    assertEquals(ask(name, make(A), make(A)), EQUAL);
  }
});

Deno.test("worked example 9.8: A and B are unordered", () => {
  assertEquals(ask("compareFlowspecs", controlledLoad(A), controlledLoad(B)), INCOMPARABLE);
  assertEquals(ask("compareTspecs", tspec(A), tspec(B)), INCOMPARABLE);
});

Deno.test("worked example 9.8: the merge of A and B takes the smallest M", () => {
  const merged = controlledLoad([10, 200, 30, 40, 1000]);
  assertEquals(make("mergeFlowspecs", controlledLoad(A), controlledLoad(B)), merged);
  assertEquals(make("mergeFlowspecs", controlledLoad(B), controlledLoad(A)), merged);
});

Deno.test("worked example 9.8: the least common of A and B takes the largest M", () => {
  const least = controlledLoad([10, 200, 30, 40, 1500]);
  assertEquals(make("leastUpperBoundFlowspecs", controlledLoad(A), controlledLoad(B)), least);
});

Deno.test("worked example 9.8: the sum of A and B adds r, b, p and takes the smallest m and the largest M", () => {
  assertEquals(make("sumTspecs", tspec(A), tspec(B)), tspec([18, 300, 50, 40, 1500]));
});

Deno.test("worked example 9.8: the minimum of A and C is C, because they are ordered", () => {
  assertEquals(make("minimumTspec", tspec(A), tspec(C)), tspec(C));
  assertEquals(make("minimumTspec", tspec(C), tspec(A)), tspec(C));
});

Deno.test("worked example 9.8: the minimum of A and B, which are unordered, takes the larger b and the smaller m", () => {
  assertEquals(make("minimumTspec", tspec(A), tspec(B)), tspec([8, 200, 20, 40, 1000]));
});

Deno.test("worked example 9.8: RSpecs (R 10, S 5) and (R 8, S 2) merge to (R 10, S 2)", () => {
  const small: Bucket = [5, 50, 10, 64, 1000];
  assertEquals(make("mergeFlowspecs", guaranteed(small, 10, 5), guaranteed(small, 8, 2)), guaranteed(small, 10, 2));
  assertEquals(ask("compareFlowspecs", guaranteed(small, 10, 5), guaranteed(small, 8, 2)), INCOMPARABLE);
  assertEquals(ask("compareFlowspecs", guaranteed(small, 10, 2), guaranteed(small, 8, 2)), GREATER);
  assertEquals(ask("compareFlowspecs", guaranteed(small, 8, 5), guaranteed(small, 8, 2)), LESS);
});

Deno.test("worked example 9.9: two requests merge to the smaller M, and the senders' sum keeps the larger", () => {
  const sender = (M: number): Bucket => [1000, 8000, Infinity, 64, M];
  const merged = make("mergeFlowspecs", controlledLoad(sender(1500)), controlledLoad(sender(1006)));
  assertEquals(merged, controlledLoad(sender(1006)));
  const sum = make("sumTspecs", tspec(sender(4000)), tspec(sender(1500)));
  assertEquals(sum, tspec([2000, 16000, Infinity, 64, 4000]));
  // Installed: the smaller of both, here the request, whose five values are all at or below the senders'.
  assertEquals(make("effectiveFlowspec", merged, sum), merged);
});

Deno.test("the effective flowspec is bounded by what the senders send, and keeps R and S", () => {
  const asked: Bucket = [20000, 6000, 50000, 64, 1500];
  const sent: Bucket = [12500, 3000, 25000, 64, 1200];
  assertEquals(make("effectiveFlowspec", controlledLoad(asked), tspec(sent)), controlledLoad(sent));
  assertEquals(make("effectiveFlowspec", guaranteed(asked, 30000, 7), tspec(sent)), guaranteed(sent, 30000, 7));
  assertEquals(make("effectiveFlowspec", nullService(1500), nullTspec(1200)), nullService(1200));
  assertEquals(
    make("effectiveFlowspec", controlledLoad(asked), nullTspec(1200)),
    controlledLoad([20000, 6000, 50000, 64, 1200]),
  );
});

Deno.test("strictly greater means at least as good and not equal (reading 15.1)", () => {
  const small: Bucket = [5, 100, 20, 40, 1500];
  assertEquals(ask("isStrictlyGreater", controlledLoad(A), controlledLoad(small)), 1);
  assertEquals(ask("isStrictlyGreater", controlledLoad(A), controlledLoad(A)), 0);
  assertEquals(ask("isStrictlyGreater", controlledLoad(A), controlledLoad(B)), 0);
});

Deno.test("the merge of A and C is not greater than A, so ordering and merging are kept apart (reading 15.21)", () => {
  const merged = make("mergeFlowspecs", controlledLoad(A), controlledLoad(C));
  assertEquals(merged, controlledLoad([10, 100, 20, 40, 1000]));
  assertEquals(ask("compareFlowspecs", merged, controlledLoad(A)), LESS);
});

Deno.test("the greatest lower bound takes min r, b, p, M and max m, min R and max S (reading 15.22)", () => {
  assertEquals(
    make("greatestLowerBoundFlowspecs", controlledLoad(A), controlledLoad(B)),
    controlledLoad([8, 100, 20, 64, 1000]),
  );
  const bound = make("greatestLowerBoundFlowspecs", guaranteed(A, 30, 5), guaranteed(B, 40, 9));
  assertEquals(bound, guaranteed([8, 100, 20, 64, 1000], 30, 9));
});

Deno.test("a lower bound never has m above M", () => {
  const left: Bucket = [10, 100, 20, 1400, 1500], right: Bucket = [10, 100, 20, 40, 576];
  assertEquals(
    make("greatestLowerBoundFlowspecs", controlledLoad(left), controlledLoad(right)),
    controlledLoad([10, 100, 20, 576, 576]),
  );
});

Deno.test("different services conflict: neither order nor merge, and nothing is written", () => {
  const pairs = [[controlledLoad(A), guaranteed(A, 10, 0)], [nullService(1500), controlledLoad(A)], [
    guaranteed(A, 10, 0),
    nullService(9),
  ]];
  for (const [left, right] of pairs) {
    assertEquals(ask("canMerge", left, right), 1);
    assertEquals(ask("compareFlowspecs", left, right), INCOMPARABLE);
    for (const name of ["mergeFlowspecs", "leastUpperBoundFlowspecs", "greatestLowerBoundFlowspecs"]) {
      assertEquals(make(name, left, right), "");
    }
  }
  assertEquals(ask("canMerge", controlledLoad(A), controlledLoad(B)), 0);
});

Deno.test("null service flowspecs order and merge by M alone (RFC 2997)", () => {
  assertEquals(ask("compareFlowspecs", nullService(1500), nullService(576)), GREATER);
  assertEquals(make("mergeFlowspecs", nullService(1500), nullService(576)), nullService(576));
});

Deno.test("results are canonical: reserved bits, flags and trailing parameters are not kept", () => {
  // Reserved bits of all three headers set, and an unknown parameter behind the token bucket.
  const odd = "002c0902 0fff0009 05ff0008 7fff0005".replaceAll(" ", "") + controlledLoad(A).slice(32) +
    "1100000100000007";
  assertEquals(make("canonicalFlowspec", odd), controlledLoad(A));
  assertEquals(make("mergeFlowspecs", odd, controlledLoad(A)), controlledLoad(A));
});

Deno.test("a result may be written over an operand", async () => {
  const { engine, put, bytes } = await import("./merge_fixture.ts");
  for (const over of [0, 1]) {
    const at = [put(0, guaranteed(A, 30, 5)), put(1, guaranteed(B, 40, 2))];
    assertEquals(engine.mergeFlowspecs(at[0], at[1], at[over]), 48);
    assertEquals(bytes().slice(at[over], at[over] + 48).toHex(), guaranteed([10, 200, 30, 40, 1000], 40, 2));
  }
});

Deno.test("a running sum over many senders is rounded once and starts a sum of none as nothing", async () => {
  const { engine, put, bytes } = await import("./merge_fixture.ts");
  const sum = engine.region(4), to = engine.region(3);
  engine.startTspecSum(sum);
  assertEquals(engine.finishTspecSum(sum, to), 0);
  // 2^24 + 1 is no float; added pairwise, each of the ones would be lost.
  for (const r of [16777216, 1, 1, 1, 1]) engine.addToTspecSum(sum, put(0, tspec([r, r, r, 64, 1500])));
  assertEquals(engine.finishTspecSum(sum, to), 36);
  assertEquals(bytes().slice(to, to + 36).toHex(), tspec([16777220, 16777220, 16777220, 64, 1500]));
});

Deno.test("sums stay finite in r and b, and an unknown peak rate stays unknown", () => {
  const huge: Bucket = [3e38, 3e38, Infinity, 1, 1];
  const largest = 3.4028234663852886e38;
  assertEquals(make("sumTspecs", tspec(huge), tspec(huge)), tspec([largest, largest, Infinity, 1, 1]));
});

Deno.test("null service TSpecs add up to the largest M, and next to a token bucket only M counts", () => {
  assertEquals(make("sumTspecs", nullTspec(576), nullTspec(1500)), nullTspec(1500));
  assertEquals(make("minimumTspec", nullTspec(576), nullTspec(1500)), nullTspec(576));
  assertEquals(make("sumTspecs", tspec(A), nullTspec(9000)), tspec([10, 100, 20, 40, 9000]));
  assertEquals(make("minimumTspec", tspec(A), nullTspec(576)), tspec([10, 100, 20, 40, 576]));
});

Deno.test("a flowspec from a SENDER_TSPEC takes the path's MTU and, for guaranteed service, at least r", () => {
  const from = (...numbers: number[]) => make("flowspecFromTspec", tspec(A), ...numbers);
  assertEquals(from(5, 0, 0, 0), controlledLoad(A));
  assertEquals(from(5, 1006, 0, 0), controlledLoad([10, 100, 20, 40, 1006]));
  assertEquals(from(2, 30, 25, 9), guaranteed([10, 100, 20, 30, 30], 25, 9));
  assertEquals(from(2, 0, 1, 0), guaranteed(A, 10, 0));
  assertEquals(from(6, 0, 0, 0), nullService(1500));
  assertEquals(from(7, 0, 0, 0), "");
});
