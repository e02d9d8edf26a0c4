/** QOS as a model, without a network: service types, flowspecs, what is derived from them, codes of errors. */
import { defaultModule } from "../host/default_module.ts";
import { QosArithmetic } from "../host/qos/arithmetic.ts";
import { extendedStatus, GQOS_STATUS } from "../host/qos/extended_status.ts";
import { POSITIVE_INFINITY_RATE, QOS_NOT_SPECIFIED, qosFlowspec } from "../host/qos/flowspec.ts";
import { qos } from "../host/qos/qos.ts";
import { deriveFlowspec, type KnownSender } from "../host/qos/receiver_derivation.ts";
import { deriveSender } from "../host/qos/sender_derivation.ts";
import { formatServiceType, SERVICE_FLAG, SERVICE_TYPE, splitServiceType } from "../host/qos/service_types.ts";
import { statusOfError } from "../host/qos/status.ts";
import { decodeObjects, encodeObjects } from "../host/object_list.ts";
import type { RsvpObject } from "../host/objects.gen.ts";
import { assert, assertAlmostEquals, assertEquals } from "./assert.ts";

const { CONTROLLEDLOAD, GUARANTEED, QUALITATIVE, GENERAL_INFORMATION, NOCHANGE } = SERVICE_TYPE;
const arithmetic = new QosArithmetic(defaultModule());

Deno.test("qos model: what is not given is not specified, and a direction that is not given does not change", () => {
  const { sendingFlowspec, receivingFlowspec, providerSpecific } = qos();
  assertEquals([sendingFlowspec, receivingFlowspec, providerSpecific], [qosFlowspec(), qosFlowspec(), []]);
  const { serviceType, ...members } = sendingFlowspec;
  assertEquals(serviceType, NOCHANGE);
  assertEquals(new Set(Object.values(members)), new Set([QOS_NOT_SPECIFIED]));
  assertEquals(
    qosFlowspec({ peakBandwidthBytesPerSecond: Infinity }).peakBandwidthBytesPerSecond,
    POSITIVE_INFINITY_RATE,
  );
});

Deno.test("qos model: a service type and its flags are taken apart, and what is none is told", () => {
  const flagged = qosFlowspec({ serviceType: GUARANTEED | SERVICE_FLAG.NO_TRAFFIC_CONTROL }).serviceType;
  assertEquals(flagged, 0x81000003);
  assertEquals(splitServiceType(flagged), { type: 3, name: "GUARANTEED", noTrafficControl: true, noSignalling: false });
  assertEquals(
    formatServiceType(flagged | SERVICE_FLAG.NO_QOS_SIGNALING),
    "GUARANTEED | NO_TRAFFIC_CONTROL | NO_QOS_SIGNALING",
  );
  for (const bad of [7, 8, 11, 14, 0x80000003, 0x01000003, 0x80020000, 0x80010000, 0x00100002, 0xffffffff]) {
    assertEquals(splitServiceType(bad), undefined, `0x${bad.toString(16)}`);
  }
});

/** A sender as a Path would describe it. `adspec` false: none came. */
function known(bucket: object, options: { adspec?: boolean; serviceType?: number } = {}): KnownSender {
  const flowspec = qosFlowspec({ serviceType: options.serviceType ?? GENERAL_INFORMATION, ...bucket });
  const { tspec, adspec } = deriveSender(flowspec, arithmetic);
  const [decodedTspec, decodedAdspec] = decodeObjects(encodeObjects([tspec, adspec]));
  const found = options.adspec === false ? undefined : withTerms(decodedAdspec);
  return { address: "10.1.1.1", port: 1, tspec: decodedTspec, adspec: found, others: [] };
}

/** The ADSPEC after a path of 1 ms, an MTU of 1,000 bytes, and Ctot = 500 bytes, Dtot = 2 ms. */
function withTerms(adspec: RsvpObject): RsvpObject {
  const copy = structuredClone(adspec) as RsvpObject & { services: { parameters: Record<string, unknown>[] }[] };
  for (const parameter of copy.services.flatMap((service) => service.parameters)) {
    if (parameter.name === "MINIMUM_PATH_LATENCY") parameter.latencyMicroseconds = 1_000;
    if (parameter.name === "PATH_MTU") parameter.mtuBytes = 1_000;
    if (parameter.name === "C_TOTAL") parameter.errorTermBytes = 500;
    if (parameter.name === "D_TOTAL") parameter.errorTermMicroseconds = 2_000;
  }
  return copy;
}

const BUCKET = {
  tokenRateBytesPerSecond: 10_000,
  tokenBucketSizeBytes: 4_000,
  peakBandwidthBytesPerSecond: 40_000,
  maxSduSizeBytes: 1_500,
};
const derive = (wanted: object, ...senders: KnownSender[]) => {
  const { flowspec, refused } = deriveFlowspec(qosFlowspec(wanted), senders, arithmetic);
  return (flowspec ?? refused) as unknown as Record<string, number>;
};

Deno.test("qos derivation: controlled load bounds M by the path's MTU, and m by M", () => {
  assertEquals(derive({ serviceType: CONTROLLEDLOAD }, known(BUCKET)).maximumPacketSizeBytes, 1_000);
  assertEquals(
    derive({ serviceType: CONTROLLEDLOAD }, known(BUCKET, { adspec: false })).maximumPacketSizeBytes,
    1_500,
  );
  assertEquals(
    derive({ serviceType: CONTROLLEDLOAD, maxSduSizeBytes: 100 }, known(BUCKET)).minimumPolicedUnitBytes,
    100,
  );
});

Deno.test("qos derivation: several senders are covered by the least upper bound of what each needs", () => {
  const one = known(BUCKET), other = known({ ...BUCKET, tokenRateBytesPerSecond: 20_000, tokenBucketSizeBytes: 3_000 });
  const flowspec = derive({ serviceType: CONTROLLEDLOAD }, one, other);
  assertEquals([flowspec.tokenBucketRateBytesPerSecond, flowspec.tokenBucketSizeBytes], [20_000, 4_000]);
});

Deno.test("qos derivation: guaranteed service gets R by the delay formula from Latency, DelayVariation and the ADSPEC", () => {
  const latencyMicroseconds = 160_000, delayVariationMicroseconds = 10_000;
  const flowspec = derive({ serviceType: GUARANTEED, latencyMicroseconds, delayVariationMicroseconds }, known(BUCKET));
  // RFC 2212: with p > R >= r, Dq = (b - M) / R * (p - R) / (p - r) + (M + Ctot) / R + Dtot; M is the path's 1,000.
  const R = flowspec.rateBytesPerSecond, [r, b, p, M] = [10_000, 4_000, 40_000, 1_000];
  assert(R > r && R < p, `${R}`);
  const delay = (b - M) / R * (p - R) / (p - r) + (M + 500) / R + 0.002;
  assertAlmostEquals(delay, 0.160 - 0.010 - 0.001, 1e-6);
  assertEquals(flowspec.slackTermMicroseconds, delayVariationMicroseconds);
});

Deno.test("qos derivation: with more time than R = r needs, R is r and the rest is slack unless a slack was given", () => {
  const generous = { serviceType: GUARANTEED, latencyMicroseconds: 5_000_000 };
  const without = derive(generous, known(BUCKET));
  assertEquals(without.rateBytesPerSecond, 10_000);
  assert(without.slackTermMicroseconds > 1_000_000);
  const given = derive({ ...generous, delayVariationMicroseconds: 5 }, known(BUCKET));
  assertEquals([given.rateBytesPerSecond, given.slackTermMicroseconds], [10_000, 5]);
});

Deno.test("qos derivation: guaranteed service takes TokenRate for R, at least r; nothing given is R = r", () => {
  const rate = (wanted: object) => derive({ serviceType: GUARANTEED, ...wanted }, known(BUCKET)).rateBytesPerSecond;
  assertEquals(
    rate({ tokenRateBytesPerSecond: 25_000, delayVariationMicroseconds: 1, latencyMicroseconds: 1 }),
    25_000,
  );
  assertEquals(rate({ tokenRateBytesPerSecond: 5 }), 10_000);
  assertEquals(rate({}), 10_000);
  for (const mark of [0xfffffffd, 0xfffffffe]) assertEquals(rate({ latencyMicroseconds: mark }), 10_000);
});

Deno.test("qos derivation: what cannot be had is told as the network would tell it", () => {
  const soon = { serviceType: GUARANTEED, latencyMicroseconds: 1_500 };
  assertEquals(derive(soon, known(BUCKET)), { errorCode: 1, errorValue: 1 });
  assertEquals(derive({ ...soon, latencyMicroseconds: 500_000 }, known(BUCKET, { adspec: false })), {
    errorCode: 1,
    errorValue: 1,
  });
  assertEquals(derive({ serviceType: GUARANTEED }, known(BUCKET, { serviceType: CONTROLLEDLOAD })), {
    errorCode: 21,
    errorValue: 2,
  });
  assertEquals(derive({ serviceType: CONTROLLEDLOAD }, known({}, { serviceType: QUALITATIVE, adspec: false })), {
    errorCode: 21,
    errorValue: 4,
  });
});

Deno.test("qos derivation: a qualitative sender announces M only", () => {
  // RFC 2997 3.2: the TSpec of the null service, 128, is the only one.
  const { tspec } = deriveSender(qosFlowspec({ serviceType: QUALITATIVE, maxSduSizeBytes: 900 }), arithmetic);
  assertEquals(encodeObjects([tspec]).toHex(), "00140c02" + "00000003" + "06000002" + "80000001" + "00000384");
});

Deno.test("qos derivation: an ADSPEC has the fragments of the services that are offered", () => {
  const offered = (serviceType: number) =>
    (known(BUCKET, { serviceType }).adspec as unknown as { services: { name: string }[] }).services.map(({ name }) =>
      name
    );
  assertEquals(offered(CONTROLLEDLOAD), ["GENERAL", "CONTROLLED_LOAD"]);
  assertEquals(offered(GUARANTEED), ["GENERAL", "GUARANTEED"]);
  assertEquals(offered(GENERAL_INFORMATION), ["GENERAL", "GUARANTEED", "CONTROLLED_LOAD"]);
  assertEquals(offered(QUALITATIVE), ["GENERAL", "NULL_SERVICE"]);
});

Deno.test("qos codes: RSVP's errors come to the documented status and extended status", () => {
  const cases: [number, number, string, keyof typeof GQOS_STATUS, keyof typeof GQOS_STATUS][] = [
    [1, 2, "ADMISSION_FAILURE", "NET_ADMISSION", "BANDWIDTH"],
    [1, 0x8001, "ADMISSION_FAILURE", "NET_ADMISSION", "FLOW_RATE"],
    [1, 77, "ADMISSION_FAILURE", "NET_ADMISSION", "OTHER"],
    [2, 5, "POLICY_FAILURE", "NET_POLICY", "POLICY_SUBNET_DEF_FLOW_COUNT"],
    [2, 60_000, "POLICY_FAILURE", "NET_POLICY", "POLICY_ERROR_UNKNOWN"],
    [3, 0, "GENERIC_ERROR", "RSVP", "NO_PATH"],
    [5, 0, "BAD_STYLE", "RSVP", "BAD_STYLE"],
    [6, 0, "BAD_STYLE", "RSVP", "UNKNOWN_STYLE"],
    [12, 1, "GENERIC_ERROR", "RSVP", "PREEMPTED"],
    [13, 0, "BAD_OBJECT", "RSVP", "UNKN_OBJ_CLASS"],
    [20, 21, "GENERIC_ERROR", "API", "API_BADSEND"],
    [21, 2, "TRAFFIC_CTRL_ERROR", "KERNEL_TC", "NO_SERV"],
    [22, 1, "TRAFFIC_CTRL_ERROR", "KERNEL_TC_SYS", "TC_GENERIC"],
    [23, 1, "GENERIC_ERROR", "RSVP_SYS", "OTHER_SYS"],
    [99, 0, "GENERIC_ERROR", "RSVP", "INVALID"],
  ];
  for (const [code, value, status, one, two] of cases) {
    assertEquals(statusOfError(code), status);
    assertEquals(extendedStatus(code, value), { code: GQOS_STATUS[one], value: GQOS_STATUS[two] }, `code ${code}`);
  }
});
