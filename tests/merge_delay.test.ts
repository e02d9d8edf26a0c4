import fc from "fast-check";
import { assert, assertEquals } from "./assert.ts";
import { engine, seed } from "./merge_fixture.ts";

// Section 10 of the worked examples.
const r = 12500, b = 3000, p = 25000, M = 1500, C = 4500, D = 3600;

const near = (actual: number, expected: number, digits: number) =>
  assertEquals(actual.toFixed(digits), expected.toFixed(digits));

for (
  const [R, withPeak, without] of [[12500, 0.6036, 0.6036], [20000, 0.3336, 0.3786], [25000, 0.2436, 0.3036], [
    30000,
    0.2036,
    0.2536,
  ]]
) {
  Deno.test(`worked example 10: at R = ${R} the delay bound is ${withPeak} s, ignoring the peak rate ${without} s`, () => {
    near(engine.delayBound(r, b, p, M, R, C, D), withPeak, 9);
    near(engine.delayBoundWithoutPeak(r, b, R, C, D), without, 9);
  });
}

Deno.test("worked example 10: a wanted delay of 1 s leaves 396400 us of slack, one of 0.5 s none", () => {
  assertEquals(engine.slackMicroseconds(r, b, C, D, 1.0), 396400);
  assertEquals(engine.slackMicroseconds(r, b, C, D, 0.5), 0);
  assert(engine.rateForDelay(r, b, p, M, C, D, 0.5) > r);
});

Deno.test("worked example 10: trading 0.1 s of slack lowers R from 20000 to 15789.47", () => {
  near(engine.rateAfterSlack(r, b, C, 20000, 0.1, 0), 15789.47, 2);
  assertEquals(engine.rateAfterSlack(r, b, C, 20000, 0, 0), 20000);
  assertEquals(engine.rateAfterSlack(r, b, C, 20000, 100, 0), r);
  assert(Number.isNaN(engine.rateAfterSlack(r, b, C, 20000, 0.1, 0.2)));
});

Deno.test("worked example 10: buffers of 5857.5, 7572 and 7545 bytes", () => {
  near(engine.bufferSize(r, b, p, M, 20000, 4500, 3600), 5857.5, 9);
  near(engine.bufferSizeWithoutPeak(b, 20000, 4500, 3600), 7572, 9);
  near(engine.reshapingBufferSize(r, b, 4500, 3600), 7545, 9);
});

Deno.test("the buffer's X is R, or p, where the burst lasts longer than the error terms (RFC 2212)", () => {
  // (b-M)/(p-r) = 0.12 s is now above Csum/R + Dsum = 0.005 s.
  near(engine.bufferSize(r, b, p, M, 20000, 100, 0), 1500 + 1500 * 5000 / 12500 + 100, 9);
  near(engine.bufferSize(r, b, p, M, 50000, 100, 0), 1500 + 0 + 100 / 50000 * 25000, 9);
  assertEquals(engine.bufferSize(r, b, Infinity, M, 20000, 100, 0), 3100);
});

Deno.test("worked example 10: the ATM overhead of r = 12500, m = 64 is 13020.83 bytes/s", () => {
  near(engine.atmOverhead(12500, 64), 13020.83, 2);
});

Deno.test("an unknown peak rate gives the bound without one, and a rate below r has no bound", () => {
  near(engine.delayBound(r, b, Infinity, M, 20000, C, D), 0.3786, 9);
  assertEquals(engine.delayBound(r, b, p, M, 12499, C, D), Infinity);
  assertEquals(engine.delayBoundWithoutPeak(r, b, 0, C, D), Infinity);
  assertEquals(engine.rateForDelay(r, b, p, M, C, D, 0.0036), Infinity);
});

const positive = (least: number, most: number) => fc.double({ min: least, max: most, noNaN: true });
const flow = fc.record({
  r: positive(1, 1e9),
  burst: positive(0, 1e7),
  M: fc.integer({ min: 1, max: 65535 }),
  peak: fc.oneof(positive(1, 100), fc.constant(Infinity)),
  C: fc.integer({ min: 0, max: 1 << 20 }),
  D: fc.integer({ min: 0, max: 1 << 20 }),
  time: positive(1e-4, 100),
});

Deno.test("the rate for a delay keeps it, and no smaller one would (RFC 2212)", () => {
  fc.assert(
    fc.property(flow, ({ r, burst, M, peak, C, D, time }) => {
      const b = M + burst, p = r * peak, wanted = D / 1e6 + time;
      const R = engine.rateForDelay(r, b, p, M, C, D, wanted);
      assert(R >= r);
      assert(engine.delayBound(r, b, p, M, R * (1 + 1e-12), C, D) <= wanted * (1 + 1e-9), "the bound is kept");
      const less = R * (1 - 1e-6);
      if (less > r) assert(engine.delayBound(r, b, p, M, less, C, D) > wanted * (1 - 1e-9), "a smaller rate would do");
    }),
    { seed: seed(), numRuns: 2000 },
  );
});

Deno.test("slack never raises the end-to-end delay: Sout + (b+C)/Rout <= Sin + (b+C)/Rin, r <= Rout <= Rin", () => {
  const request = fc.record({
    r: positive(1, 1e9),
    more: positive(1, 100),
    b: positive(1, 1e7),
    C: positive(0, 1e6),
    slack: positive(0, 100),
    keep: positive(0, 1),
  });
  fc.assert(
    fc.property(request, ({ r, more, b, C, slack, keep }) => {
      const rateIn = r * more, slackOut = slack * keep;
      const rateOut = engine.rateAfterSlack(r, b, C, rateIn, slack, slackOut);
      assert(rateOut >= r && rateOut <= rateIn, "r <= Rout <= Rin");
      assert(slackOut + (b + C) / rateOut <= (slack + (b + C) / rateIn) * (1 + 1e-9), "the delay constraint");
    }),
    { seed: seed(), numRuns: 2000 },
  );
});
