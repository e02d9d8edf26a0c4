import fc from "fast-check";
import { assert, assertEquals } from "./assert.ts";
import {
  adspec,
  ask,
  type Bucket,
  controlledLoad,
  defaults,
  errorTerms,
  guaranteed,
  type Hop,
  make,
  nullService,
  putHop,
  seed,
  tspec,
} from "./merge_fixture.ts";

const run = { seed: seed(), numRuns: 500 };

// Few distinct values, so that equal and ordered pairs are as likely as unordered ones.
const value = fc.oneof(
  fc.constantFrom(1, 2, 3, 12500, 1e6),
  fc.float({ min: 1, max: 39999999311872, noNaN: true }).map(Math.fround),
);
const bucket: fc.Arbitrary<Bucket> = fc.tuple(
  value,
  value,
  fc.oneof(value, fc.constant(Infinity)),
  fc.integer({ min: 1, max: 2000 }),
  fc.integer({ min: 0, max: 3000 }),
)
  .map(([r, b, p, m, more]) => [r, b, p, m, m + more]);
const requests = {
  "controlled load": bucket.map(controlledLoad),
  "guaranteed service": fc.tuple(bucket, value, fc.integer({ min: 0, max: 9 })).map(([b, R, S]) => guaranteed(b, R, S)),
  "null service": fc.integer({ min: 1, max: 4 }).map(nullService),
};
const anyRequest = fc.oneof(...Object.values(requests));
const EQUAL = 0, GREATER = 1;

for (const [service, request] of Object.entries(requests)) {
  for (const operation of ["mergeFlowspecs", "leastUpperBoundFlowspecs", "greatestLowerBoundFlowspecs"]) {
    Deno.test(`${operation} of ${service} is associative, commutative and idempotent, byte for byte`, () => {
      fc.assert(
        fc.property(request, request, request, (a, b, c) => {
          const left = make(operation, make(operation, a, b), c);
          assertEquals(make(operation, a, make(operation, b, c)), left);
          assertEquals(make(operation, make(operation, c, a), b), left);
          assertEquals(make(operation, a, a), a);
          assertEquals(make(operation, left, a), left);
        }),
        run,
      );
    });
  }

  Deno.test(`the ordering of ${service} is antisymmetric and transitive, and its bounds are bounds`, () => {
    fc.assert(
      fc.property(request, request, request, (a, b, c) => {
        const relation = ask("compareFlowspecs", a, b);
        const reverse = ask("compareFlowspecs", b, a);
        assertEquals(reverse === 2 ? 2 : -reverse + 0, relation);
        assertEquals(relation === EQUAL, a === b);
        if (relation === GREATER && ask("compareFlowspecs", b, c) === GREATER) {
          assertEquals(ask("compareFlowspecs", a, c), GREATER);
        }
        const above = make("leastUpperBoundFlowspecs", a, b), below = make("greatestLowerBoundFlowspecs", a, b);
        assert([EQUAL, GREATER].includes(ask("compareFlowspecs", above, a)), "the upper bound is at least as good");
        // The lower bound's m is cut to its M, which may put it beside, never above, an operand.
        assert(ask("compareFlowspecs", below, a) !== GREATER, "the lower bound is not above");
      }),
      run,
    );
  });
}

Deno.test("what validates still validates after every combination", () => {
  const valid = fc.tuple(bucket, value, fc.nat(9)).filter(([b]) => b[2] >= b[0] && b[1] <= 250e9)
    .map(([b, R, S]) => guaranteed(b, Math.max(R, b[0]), S));
  fc.assert(
    fc.property(valid, valid, bucket, (a, b, sent) => {
      const operations = ["mergeFlowspecs", "leastUpperBoundFlowspecs", "greatestLowerBoundFlowspecs"];
      for (const operation of operations) assertEquals(ask("validateFlowspec", make(operation, a, b), 7), 0, operation);
      const sender: Bucket = [sent[0], Math.min(sent[1], 1e6), Math.max(sent[0], sent[2]), sent[3], sent[4]];
      assertEquals(ask("validateFlowspec", make("effectiveFlowspec", a, tspec(sender)), 7), 0, "effectiveFlowspec");
    }),
    run,
  );
});

Deno.test("the effective flowspec never counts for more than the request or the senders", () => {
  fc.assert(
    fc.property(bucket, bucket, (asked, sent) => {
      const effective = make("effectiveFlowspec", controlledLoad(asked), tspec(sent));
      const rate = ask("effectiveRate", controlledLoad(asked), 0);
      const bounded = ask("effectiveRate", controlledLoad(asked), tspec(sent));
      assertEquals(bounded, Math.min(rate, ask("effectiveRate", controlledLoad(sent), 0)));
      assertEquals(ask("effectiveRate", effective, 0), bounded);
    }),
    run,
  );
});

Deno.test("no combination of services is ever merged by half", () => {
  fc.assert(
    fc.property(anyRequest, anyRequest, (a, b) => {
      const merged = make("mergeFlowspecs", a, b);
      assertEquals(merged === "", ask("canMerge", a, b) === 1);
      if (merged) assertEquals(merged.length, a.length);
    }),
    run,
  );
});

const hop: fc.Arbitrary<Hop> = fc.record({
  bandwidth: fc.constantFrom(0, 1e5, 1e6, 1.25e6),
  latency: fc.constantFrom(0, 1, 200, 0x7fffffff, 0xffffffff),
  mtu: fc.integer({ min: 68, max: 9000 }),
  C: fc.constantFrom(0, 1500, 0xfffffff0),
  D: fc.constantFrom(0, 1200),
  services: fc.nat(7),
  guaranteedBandwidth: fc.constantFrom(0, 5e5),
  guaranteedMtu: fc.constantFrom(0, 1000),
  controlledLoadBandwidth: fc.constantFrom(0, 4e5),
  controlledLoadMtu: fc.constantFrom(0, 576),
});

Deno.test("an ADSPEC stays valid over any path, and no hop makes it better", () => {
  const start = fc.constantFrom(
    "",
    "02800000",
    "05000000",
    "02800000 05000000",
    errorTerms(0, 0, 0, 0) + "05000000 06000000 63000001 01000000",
  );
  const path = fc.array(fc.tuple(hop, fc.boolean()), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(start, path, (fragments, hops) => {
      let object = adspec(defaults(0, 1.25e6, 0, 65535) + fragments);
      let cloud = false, latency = 0, mtu = 65535;
      for (const [local, breakBit] of hops) {
        object = make("composeAdspec", object, putHop(local), breakBit);
        assertEquals(ask("validateAdspec", object), 0, object);
        cloud ||= breakBit;
        latency = Math.min(latency + (local.latency ?? 0), 0xffffffff);
        mtu = Math.min(mtu, local.mtu ?? 0);
      }
      const word = (at: number) => parseInt(object.slice(at * 2, at * 2 + 8), 16);
      assertEquals((word(8) & 0x800000) !== 0, cloud);
      assertEquals([word(16), word(32), word(40)], [hops.length, latency, mtu]);
    }),
    run,
  );
});

Deno.test("the usual ADSPEC is checked and composed at fixed places as any other is by the walk", () => {
  const u32 = fc.oneof(fc.constantFrom(0, 1, 254, 255, 1500, 0x7f800000, 0x80000000, 0xffffffff), fc.nat(0xffffff));
  const word = u32.map((number) => number.toString(16).padStart(8, "0"));
  const flags = fc.constantFrom("00", "80", "7f", "01");
  const headers = ["01..0008", "04..0001", "06..0001", "08..0001", "0a..0001", "02..0008"];
  const names = [...headers, ...[85, 86, 87, 88].map((number) => `${number}..0001`), "05..0000"];
  const object = fc.tuple(
    fc.array(word, { minLength: 8, maxLength: 8 }),
    fc.array(flags, { minLength: 11, maxLength: 11 }),
  )
    .map(([values, marks]) => {
      let value = 0;
      const body = names.map((name, i) =>
        name.replace("..", marks[i]) + (name.endsWith("0001") ? values[value++] : "")
      );
      return adspec(body.join(""));
    });
  const hop: fc.Arbitrary<Hop> = fc.record({
    bandwidth: fc.constantFrom(0, 1e6, 1.25e8, Infinity, -1),
    latency: u32,
    mtu: u32,
    C: u32,
    D: u32,
    services: fc.nat(7),
    controlledLoadMtu: fc.constantFrom(0, 0, 0, 1400),
    reshapes: fc.nat(1),
  });
  fc.assert(
    fc.property(object, hop, fc.boolean(), (object, hop, breaks) => {
      assertEquals(ask("validateAdspec", object), ask("validateAnyAdspec", object));
      const at = putHop(hop);
      assertEquals(make("composeAdspec", object, at, breaks), make("composeAnyAdspec", object, at, breaks));
    }),
    run,
  );
});
