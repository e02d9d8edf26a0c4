/** The binary layout of QOS structures: laid out by hand, round trips of anything, and rubbish. */
import fc from "fast-check";
import { QOS_NOT_SPECIFIED, qosFlowspec } from "../host/qos/flowspec.ts";
import { decodeFlowspec, decodeProviderObjects, decodeQos } from "../host/qos/layout_read.ts";
import { encodeFlowspec, encodeProviderObjects, encodeQos } from "../host/qos/layout_write.ts";
import type { ProviderObject, QosFilter } from "../host/qos/provider_objects.ts";
import { type Qos, qos } from "../host/qos/qos.ts";
import { SERVICE_TYPE } from "../host/qos/service_types.ts";
import { QosError } from "../host/qos/status.ts";
import { assert, assertEquals, assertThrows } from "./assert.ts";

/** Little-endian words as hex. */
function words(...values: number[]): string {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => view.setUint32(4 * index, value, true));
  return bytes.toHex();
}
const hex = (text: string) => Uint8Array.fromHex(text.replaceAll(/\s/g, ""));

Deno.test("qos layout: a FLOWSPEC is eight words in the documented order", () => {
  const flowspec = qosFlowspec({
    tokenRateBytesPerSecond: 1,
    tokenBucketSizeBytes: 2,
    peakBandwidthBytesPerSecond: Infinity,
    delayVariationMicroseconds: 5,
    serviceType: SERVICE_TYPE.GUARANTEED,
    maxSduSizeBytes: 7,
    minimumPolicedSizeBytes: 8,
  });
  const bytes = words(1, 2, 0xfffffffe, QOS_NOT_SPECIFIED, 5, 3, 7, 8);
  assertEquals(encodeFlowspec(flowspec).toHex(), bytes);
  assertEquals(decodeFlowspec(hex(bytes)), flowspec);
  assertThrows(() => decodeFlowspec(hex(bytes).subarray(1)), QosError, "31 bytes");
});

/** A QOS as a C program would lay it out at 0x00401000: RESERVE_INFO, then what it points to behind the end of the list. */
const BLOCK = 0x00401000;
const ELSEWHERE = hex(
  words(9, 9, 9, 9, 9, 2, 9, 9) + words(1, 1, 1, 1, 1, 2, 1, 1) + words(36 + 40 + 24 + 20, BLOCK + 72) +
    // +72 RESERVE_INFO: SE, confirm, policy at +172, one descriptor at +108; +100 the end of the list
    words(1001, 28, 3, 1, BLOCK + 172, 1, BLOCK + 108) + words(2001, 8) +
    // +108 FLOWDESCRIPTOR, its filter at +148
    words(5, 5, 5, 5, 5, 2, 5, 5, 1, BLOCK + 148) +
    // +148 RSVP_FILTERSPEC: IPv4 10.1.2.3, port 0x1234
    words(1) + "0a010203 0000 1234" + words(0, 0, 0) +
    // +172 RSVP_POLICY_INFO with one element of type 2
    words(1003, 20, 1) + "0800 0200 01020304",
);

Deno.test("qos layout: a block made elsewhere is read, its address told by the pointer to the provider-specific buffer", () => {
  const { receivingFlowspec, providerSpecific } = decodeQos(ELSEWHERE);
  assertEquals(receivingFlowspec.tokenRateBytesPerSecond, 1);
  assertEquals(providerSpecific, [{
    object: "RESERVE_INFO",
    style: 3,
    confirmRequest: true,
    policyElements: [{ type: 2, content: "01020304" }],
    flowDescriptors: [{
      flowspec: decodeFlowspec(ELSEWHERE.subarray(108)),
      filters: [{ type: 1, address: "10.1.2.3", port: 0x1234 }],
    }],
  }]);
});

Deno.test("qos layout: every cut of a block is refused or read, and a wrong pointer names its byte", () => {
  for (let length = 0; length < ELSEWHERE.length; length++) {
    assertThrows(() => decodeQos(ELSEWHERE.subarray(0, length)), QosError);
  }
  const wrong = ELSEWHERE.slice();
  new DataView(wrong.buffer).setUint32(72 + 24, BLOCK + 5000, true);
  const error = assertThrows(() => decodeQos(wrong), QosError);
  assertEquals([error.error, error.offset, error.member], ["EFLOWDESC", 96, "providerSpecific[0].flowDescriptors"]);
});

const u32 = fc.integer({ min: 0, max: 0xffffffff });
const port = fc.integer({ min: 0, max: 0xffff });
const flowspec = fc.record({
  tokenRateBytesPerSecond: u32,
  tokenBucketSizeBytes: u32,
  peakBandwidthBytesPerSecond: u32,
  latencyMicroseconds: u32,
  delayVariationMicroseconds: u32,
  serviceType: u32,
  maxSduSizeBytes: u32,
  minimumPolicedSizeBytes: u32,
});
const ipv4 = fc.ipV4(), ipv6 = fc.constantFrom("fd00::1", "2001:db8::", "::1", "fe80::a:b");
const filter: fc.Arbitrary<QosFilter> = fc.oneof(
  fc.record({ type: fc.constant(1), address: ipv4, port }),
  fc.record({ type: fc.constant(2), address: ipv6, port }),
  fc.record({ type: fc.constant(3), address: ipv6, flowLabel: fc.integer({ min: 0, max: 0xfffff }) }),
  fc.record({ type: fc.constant(4), address: ipv4, generalizedPortIdentifier: u32 }),
  fc.record({ type: fc.constant(5), address: ipv6, generalizedPortIdentifier: u32 }),
);
const element = fc.record({
  type: port,
  content: fc.uint8Array({ maxLength: 4 }).map((bytes) => bytes.toHex().repeat(4)),
});
const general = fc.record({
  integratedServicesHops: u32,
  pathBandwidthBytesPerSecond: u32,
  minimumLatencyMicroseconds: u32,
  pathMtuBytes: u32,
  breakBit: fc.boolean(),
});
const terms = fc.record({ cTotalBytes: u32, dTotalMicroseconds: u32, cSumBytes: u32, dSumMicroseconds: u32 });
const service = fc.oneof(
  fc.record({ serviceType: fc.constantFrom(2, 13), overrides: general }),
  fc.record({ serviceType: fc.constant(3), overrides: general, guaranteed: terms }),
);
const few = <T>(of: fc.Arbitrary<T>) => fc.array(of, { maxLength: 4 });
const kind = <N extends string>(object: N) => fc.constant(object);
const object: fc.Arbitrary<ProviderObject> = fc.oneof(
  fc.record({
    object: kind("RESERVE_INFO"),
    style: u32,
    confirmRequest: fc.boolean(),
    policyElements: few(element),
    flowDescriptors: few(fc.record({ flowspec, filters: few(filter) })),
  }),
  fc.record({ object: kind("STATUS_INFO"), statusCode: u32, extendedStatus1: u32, extendedStatus2: u32 }),
  fc.record({ object: kind("ADSPEC"), general, services: few(service) }),
  fc.record({ object: kind("POLICY_INFO"), elements: few(element) }),
  fc.record({ object: kind("FILTERSPEC_LIST"), filters: few(filter) }),
  fc.record({ object: kind("SHAPING_MODE"), mode: u32 }),
  fc.record({ object: kind("SHAPING_RATE"), rateBytesPerSecond: u32 }),
  fc.record({ object: kind("DESTINATION_ADDRESS"), address: fc.oneof(ipv4, ipv6), port }),
  fc.record({ object: kind("DS_CLASS"), dsField: u32 }),
  fc.record({ object: kind("TRAFFIC_CLASS"), trafficClass: u32 }),
  fc.record({
    object: kind("UNKNOWN"),
    type: fc.constantFrom(0, 7, 4003, 9999),
    content: fc.constantFrom("", "01020304"),
  }),
);
const anything: fc.Arbitrary<Qos> = fc.record({
  sendingFlowspec: flowspec,
  receivingFlowspec: flowspec,
  providerSpecific: fc.array(object, { maxLength: 6 }),
});

Deno.test("qos layout: what is written is read again, at whatever address the block stands", () => {
  fc.assert(fc.property(anything, fc.integer({ min: 0, max: 0x7fffffff }), (value, baseAddress) => {
    const bytes = encodeQos(value, { baseAddress });
    assertEquals(decodeQos(bytes), JSON.parse(JSON.stringify(value)));
    assertEquals(decodeQos(bytes, { baseAddress }), decodeQos(bytes));
    const alone = encodeProviderObjects(value.providerSpecific, { baseAddress });
    assertEquals(decodeProviderObjects(alone, { baseAddress }), decodeQos(bytes).providerSpecific);
  }));
});

Deno.test("qos layout: a block with any bytes changed is read or refused with a QosError, and quickly", () => {
  const change = fc.tuple(fc.nat(), fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0, 1, 40, 72, 255)));
  fc.assert(
    fc.property(anything, fc.array(change, { minLength: 1, maxLength: 8 }), (value, changes) => {
      const bytes = encodeQos(value);
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
      try {
        decodeQos(bytes);
      } catch (error) {
        assert(error instanceof QosError, String(error));
        assert(error.offset === undefined || error.offset <= bytes.length);
      }
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("qos layout: a buffer that points to itself again and again is refused", () => {
  const filters = 100, descriptors = 100;
  const flowDescriptors = Array.from({ length: descriptors }, () => ({ flowspec: qosFlowspec(), filters: [] }));
  const bytes = encodeQos(qos({ providerSpecific: [{ object: "RESERVE_INFO", flowDescriptors }] }));
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < descriptors; index++) {
    view.setUint32(100 + index * 40 + 32, filters, true);
    view.setUint32(100 + index * 40 + 36, 100, true);
  }
  assertThrows(() => decodeQos(bytes), QosError, "pointed to before");
});
