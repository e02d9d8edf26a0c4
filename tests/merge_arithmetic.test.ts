import fc from "fast-check";
import { assert, assertEquals } from "./assert.ts";
import { ARITHMETIC, ARITHMETIC_HEADER_BYTES, PACKET_SLOT_BYTES, PACKET_SLOTS, STATUS } from "../host/boundary.gen.ts";
import {
  adspec,
  type Bucket,
  bytes,
  controlledLoad,
  defaults,
  engine,
  errorTerms,
  f32,
  guaranteed,
  seed,
  tspec,
} from "./merge_fixture.ts";

const INBOX_BYTES = PACKET_SLOTS * PACKET_SLOT_BYTES;
const A: Bucket = [10, 100, 20, 40, 1500], B: Bucket = [8, 200, 30, 64, 1000];

interface Answer {
  status: number;
  numbers: number[];
  object: string;
}

/** One call through regions 0 (inbox) and 2 (outbox). `length` overrides the stated length of the objects. */
function call(operation: number, objects: string[], numbers: number[] = [], length?: number): Answer {
  const inbox = engine.region(0), outbox = engine.region(2);
  const content = Uint8Array.fromHex(objects.join(""));
  const view = new DataView(bytes().buffer);
  bytes().fill(0xa5, inbox, outbox + 131072);
  view.setUint32(inbox + 4, length ?? content.length, true);
  for (let index = 0; index < 15; index++) view.setFloat64(inbox + 8 + index * 8, numbers[index] ?? 0, true);
  bytes().set(content, inbox + ARITHMETIC_HEADER_BYTES);
  const written = engine.arithmetic(operation, inbox, outbox);
  const bytesOfObject = view.getUint32(outbox + 4, true);
  assertEquals(written, ARITHMETIC_HEADER_BYTES + bytesOfObject);
  return {
    status: view.getUint32(outbox, true),
    numbers: Array.from({ length: 15 }, (_, index) => view.getFloat64(outbox + 8 + index * 8, true)),
    object: bytes().slice(outbox + ARITHMETIC_HEADER_BYTES, outbox + written).toHex(),
  };
}

Deno.test("arithmetic compares, merges and bounds flowspecs", () => {
  const both = [controlledLoad(A), controlledLoad(B)];
  assertEquals(call(ARITHMETIC.COMPARE_FLOWSPECS, both).numbers[0], 2);
  assertEquals(call(ARITHMETIC.MERGE_FLOWSPECS, both).object, controlledLoad([10, 200, 30, 40, 1000]));
  assertEquals(call(ARITHMETIC.LEAST_UPPER_BOUND, both).object, controlledLoad([10, 200, 30, 40, 1500]));
  assertEquals(call(ARITHMETIC.GREATEST_LOWER_BOUND, both).object, controlledLoad([8, 100, 20, 64, 1000]));
});

Deno.test("arithmetic names a service conflict as RSVP would: code 21, value 1", () => {
  const mixed = [controlledLoad(A), guaranteed(A, 10, 0)];
  assertEquals(call(ARITHMETIC.COMPARE_FLOWSPECS, mixed).numbers[0], 3);
  const { status, numbers, object } = call(ARITHMETIC.MERGE_FLOWSPECS, mixed);
  assertEquals([status, numbers[0], numbers[1], object], [STATUS.BAD_VALUE, 21, 1, ""]);
});

Deno.test("arithmetic compares, sums and bounds SENDER_TSPECs", () => {
  assertEquals(call(ARITHMETIC.COMPARE_TSPECS, [tspec(A), tspec(B)]).numbers[0], 2);
  assertEquals(call(ARITHMETIC.SUM_TSPECS, [tspec(A), tspec(B), tspec(B)]).object, tspec([26, 500, 80, 40, 1500]));
  assertEquals(call(ARITHMETIC.MINIMUM_TSPEC, [tspec(A), tspec(B)]).object, tspec([8, 200, 20, 40, 1000]));
  const sent: Bucket = [5, 50, 10, 64, 1000];
  assertEquals(call(ARITHMETIC.EFFECTIVE_FLOWSPEC, [controlledLoad(A), tspec(sent)]).object, controlledLoad(sent));
  assertEquals(call(ARITHMETIC.EFFECTIVE_RATE, [controlledLoad(A), tspec(sent)]).numbers[0], 5);
  assertEquals(call(ARITHMETIC.EFFECTIVE_RATE, [controlledLoad(A)]).numbers[0], 10);
});

Deno.test("arithmetic makes SENDER_TSPECs and FLOWSPECs from numbers", () => {
  assertEquals(call(ARITHMETIC.WRITE_TSPEC, [], [...A]).object, tspec(A));
  assertEquals(
    call(ARITHMETIC.FLOWSPEC_FROM_TSPEC, [tspec(A)], [2, 1006, 12.5, 9]).object,
    guaranteed([10, 100, 20, 40, 1006], 12.5, 9),
  );
});

const EXAMPLE = adspec(
  defaults(3, 1.25e6, 1500, 1500) + errorTerms(4500, 3600, 4500, 3600) + `05000002 06000001 ${f32(5e5)}`,
);

Deno.test("arithmetic makes, composes and explains ADSPECs", () => {
  const hop = [1e6, 200, 1400, 1500, 1200, 3];
  assertEquals(
    call(ARITHMETIC.CREATE_ADSPEC, [], [...hop, 3, 1]).object,
    adspec(defaults(1, 1e6, 200, 1400) + errorTerms(1500, 1200, 1500, 1200) + "05000000"),
  );
  const composed = call(ARITHMETIC.COMPOSE_ADSPEC, [EXAMPLE], [...hop, 1]).object;
  const expected = defaults(4, 1e6, 1700, 1400, "80") + errorTerms(6000, 4800, 6000, 4800) +
    `05000002 06000001 ${f32(5e5)}`;
  assertEquals(composed, adspec(expected));
  const explain = (service: number) => call(ARITHMETIC.PATH_CHARACTERISTICS, [EXAMPLE], [service]).numbers.slice(0, 11);
  assertEquals(explain(5), [1, 0, 0, 3, 5e5, 1500, 1500, 4500, 3600, 4500, 3600]);
  assertEquals(explain(2).slice(0, 7), [1, 0, 0, 3, 1.25e6, 1500, 1500]);
  assertEquals(explain(6).slice(0, 7), [0, 1, 0, 3, 1.25e6, 1500, 1500]);
});

Deno.test("arithmetic requests the guaranteed service that keeps an end-to-end delay", () => {
  const sender = tspec([12500, 3000, 25000, 64, 9000]);
  const bucket: Bucket = [12500, 3000, 25000, 64, 1500];
  // 1.0 s and 1500 us of latency: R = r, and worked example 10's 396400 us of slack.
  const slow = call(ARITHMETIC.FLOWSPEC_FOR_DELAY, [sender, EXAMPLE], [1.0015]);
  assertEquals(slow.object, guaranteed(bucket, 12500, 396400));
  // 0.3336 s of queueing: worked example 10's R = 20000, rounded up to a float.
  const fast = call(ARITHMETIC.FLOWSPEC_FOR_DELAY, [sender, EXAMPLE], [0.3351]);
  assert(Math.abs(fast.numbers[0] - 20000) < 0.01);
  assert(fast.numbers[2] <= 0.3336);
  assertEquals(fast.numbers[3], 0.0015);
  const never = call(ARITHMETIC.FLOWSPEC_FOR_DELAY, [sender, EXAMPLE], [0.005]);
  assertEquals([never.status, never.object, never.numbers[0]], [STATUS.OK, "", Infinity]);
});

Deno.test("arithmetic does the sums of RFC 2212", () => {
  const [bound, without] = call(ARITHMETIC.DELAY_BOUND, [], [12500, 3000, 25000, 1500, 20000, 4500, 3600]).numbers;
  assertEquals([bound.toFixed(6), without.toFixed(6)], ["0.333600", "0.378600"]);
  const [rate, slack] = call(ARITHMETIC.RATE_FOR_DELAY, [], [12500, 3000, 25000, 1500, 4500, 3600, 0.3336]).numbers;
  assertEquals([rate.toFixed(3), slack], ["20000.000", 0]);
  assertEquals(
    call(ARITHMETIC.RATE_AFTER_SLACK, [], [12500, 3000, 4500, 20000, 0.1, 0]).numbers[0].toFixed(2),
    "15789.47",
  );
  const buffers = call(ARITHMETIC.BUFFER_SIZE, [], [12500, 3000, 25000, 1500, 20000, 4500, 3600]).numbers;
  assertEquals(buffers.slice(0, 3).map((one) => one.toFixed(1)), ["5857.5", "7572.0", "7545.0"]);
  assertEquals(call(ARITHMETIC.ATM_OVERHEAD, [], [12500, 64]).numbers[0].toFixed(2), "13020.83");
});

Deno.test("arithmetic validates objects and names the bad one with code and value", () => {
  assertEquals(call(ARITHMETIC.VALIDATE, [tspec(A), EXAMPLE, controlledLoad(A)], [7]).status, STATUS.OK);
  const bad = call(ARITHMETIC.VALIDATE, [tspec(A), tspec([10, 100, 20, 0, 1500])], [7]);
  assertEquals([bad.status, ...bad.numbers.slice(0, 3)], [STATUS.BAD_VALUE, 21, 4, 1]);
  const unsupported = call(ARITHMETIC.VALIDATE, [guaranteed(A, 10, 0)], [1]);
  assertEquals([unsupported.status, ...unsupported.numbers.slice(0, 3)], [STATUS.BAD_VALUE, 21, 2, 0]);
});

Deno.test("arithmetic refuses operands that are missing, of another class, cut, or broken inside", () => {
  const status = (operation: number, objects: string[], length?: number) => call(operation, objects, [], length).status;
  assertEquals(status(99, []), STATUS.BAD_SUBMIT);
  assertEquals(status(ARITHMETIC.MERGE_FLOWSPECS, [controlledLoad(A)]), STATUS.BAD_SUBMIT);
  assertEquals(status(ARITHMETIC.MERGE_FLOWSPECS, [controlledLoad(A), tspec(A)]), STATUS.BAD_SUBMIT);
  assertEquals(status(ARITHMETIC.SUM_TSPECS, [tspec(A), controlledLoad(A)]), STATUS.BAD_SUBMIT);
  assertEquals(status(ARITHMETIC.SUM_TSPECS, ["00080801 0a000001".replace(" ", "")]), STATUS.BAD_SUBMIT);
  assertEquals(status(ARITHMETIC.MERGE_FLOWSPECS, [controlledLoad(A), controlledLoad(B)], 40), STATUS.OBJECT_OVERRUN);
  assertEquals(status(ARITHMETIC.MERGE_FLOWSPECS, [controlledLoad(A), controlledLoad(B)], 38), STATUS.OBJECT_OVERRUN);
  assertEquals(status(ARITHMETIC.MERGE_FLOWSPECS, ["00000902"]), STATUS.OBJECT_LENGTH);
  assertEquals(
    status(ARITHMETIC.MERGE_FLOWSPECS, [controlledLoad(A).replace("00000007", "00000008")]),
    STATUS.OBJECT_CONTENT,
  );
  assertEquals(status(ARITHMETIC.MERGE_FLOWSPECS, [], 0xffffffff), STATUS.BAD_SUBMIT);
  const zero = call(ARITHMETIC.COMPOSE_ADSPEC, [EXAMPLE.replace("0a000001000005dc", "0a00000100000000")]);
  assertEquals([zero.status, zero.numbers[0], zero.numbers[1]], [STATUS.BAD_VALUE, 21, 5]);
});

Deno.test("whatever stands in the inbox, arithmetic neither traps nor writes outside the outbox", () => {
  const objects = fc.constantFrom(
    tspec(A),
    controlledLoad(A),
    guaranteed(A, 10, 3),
    EXAMPLE,
    EXAMPLE + EXAMPLE,
    controlledLoad(A) + controlledLoad(B),
  );
  const change = fc.record({ at: fc.nat(200), value: fc.nat(255) });
  const number = fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, -Infinity, -0, 2 ** 32, 1e300));
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 23 }),
      objects,
      fc.array(change, { maxLength: 4 }),
      fc.array(number, { maxLength: 15 }),
      fc.oneof(fc.constant(undefined), fc.nat(INBOX_BYTES)),
      (operation, object, changes, numbers, length) => {
        const changed = Uint8Array.fromHex(object + object);
        for (const { at, value } of changes) changed[at % changed.length] = value;
        call(operation, [changed.toHex()], numbers, length);
        const end = engine.region(2) + 70000 + 128;
        assert(bytes().subarray(end, end + 4096).every((byte) => byte === 0xa5), "wrote beyond the outbox");
      },
    ),
    { seed: seed(), numRuns: 3000 },
  );
});

Deno.test("an ADSPEC as long as an object can be is composed or declared unreliable, never cut", () => {
  // Ends in an unknown service as long as it has to be.
  const words = (65532 - 8 - 36 - 4 - 4) / 4;
  const head = defaults(1, 1e6, 0, 1500) + "02800000";
  const object = adspec(head + `63${"00"}${words.toString(16).padStart(4, "0")}` + "11000000".repeat(words));
  assertEquals(object.slice(0, 4), "fffc");
  const { object: composed, status } = call(ARITHMETIC.COMPOSE_ADSPEC, [object], [1e6, 0, 1500, 0, 0, 3, 0]);
  assertEquals(status, STATUS.OK);
  assertEquals(composed, object.replace("01000008", "01800008"));
});
