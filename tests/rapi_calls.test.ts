/** RAPI: every call that cannot be is refused with its error and the member that is wrong, and changes nothing. */
import { Network, Rapi, RAPI_ERR, RAPI_FLAG, RAPI_FORM, RAPI_RSTYLE } from "../host/public.ts";
import { RapiError, type RapiErrorName, rapiFilter, rapiFlowspec, rapiTspec, type RsvpNode } from "../host/public.ts";
import { assert, assertEquals, assertThrows } from "./assert.ts";
import { BUCKET, FLOWSPEC, TSPEC } from "./rapi_fixture.ts";

const network = new Network();
const host = network.host("host"), router = network.router("router");
network.link(host, router);

/** Any value, where the types would not let it through. */
// deno-lint-ignore no-explicit-any
const any = (value: unknown) => value as any;

const DEST = { address: "10.9.9.9", port: 5004 };
const OWN = { address: "0.0.0.0", port: 4000 };
const BASE = rapiFilter({ address: "10.1.1.1", port: 7 }), BASE6 = rapiFilter({ address: "2001:db8::1", port: 7 });
const GPI = rapiFilter({ address: "10.1.1.1", generalizedPortIdentifier: 7 });
const FF = { styleId: RAPI_RSTYLE.FIXED, filters: [BASE], flowspecs: [FLOWSPEC] };
const WF = { styleId: RAPI_RSTYLE.WILDCARD, flowspecs: [FLOWSPEC] };
const SE = { ...FF, styleId: RAPI_RSTYLE.SE };
const SENDER = { lhost: OWN, senderTspec: TSPEC };
const PATH = { hopcnt: 0, pathBandwidthBytesPerSecond: 1e6, minimumLatencyMicroseconds: 0, composedMtuBytes: 1500 };
const TERMS = { cTotalBytes: 0, dTotalMicroseconds: 0, cSumBytes: 0, dSumMicroseconds: 0 };
const ADSPEC = {
  form: RAPI_FORM.ADSTYPE_SIMPLIFIED,
  general: { flags: 0, ...PATH },
  controlledLoad: { flags: 0, override: 0, ...PATH },
  guaranteed: { flags: 4, override: 0, ...PATH, ...TERMS },
};

type Case = [RapiErrorName, string, (rapi: Rapi, sid: number, gpi: number) => unknown];
const session = (error: RapiErrorName, member: string, dest: unknown, options: unknown = {}): Case => [
  error,
  member,
  (rapi) => rapi.session(any(dest), any(options)),
];
const sender = (error: RapiErrorName, member: string, options: unknown): Case => [
  error,
  member,
  (rapi, sid) => rapi.sender(sid, any(options)),
];
const reserve = (error: RapiErrorName, member: string, options: unknown): Case => [
  error,
  member,
  (rapi, sid) => rapi.reserve(sid, any(options)),
];

const REFUSED: Case[] = [
  session("INVAL", "dest.address", undefined),
  session("INVAL", "dest.address", { address: "nowhere" }),
  session("INVAL", "dest.address", { address: "0.0.0.0", port: 1 }),
  session("INVAL", "dest.port", { address: "10.9.9.9", port: 65536 }),
  session("INVAL", "protid", DEST, { protid: 256 }),
  session("INVAL", "flags", DEST, { flags: 1 }),
  session("BADPROTO", "protid", DEST, { flags: RAPI_FLAG.GPI_SESSION, protid: 17 }),
  session("BADVDPORT", "dest.port", { address: "10.9.9.8" }, { flags: RAPI_FLAG.GPI_SESSION, protid: 50 }),
  session("GPI_CONFLICT", "flags", { address: "10.9.9.9", port: 9 }, { protid: 51 }),
  // RFC 2205 3.2: a destination has sessions with ports or one without, not both.
  session("INVAL", "dest", { address: "10.9.9.9" }),
  ["BADSID", "sid", (rapi) => rapi.sender(77, SENDER)],
  ["BADSID", "sid", (rapi) => rapi.reserve(77, WF)],
  ["BADSID", "sid", (rapi) => rapi.release(0)],
  sender("NOTSPEC", "senderTspec", { lhost: OWN }),
  sender("INVAL", "lhost", { senderTspec: TSPEC }),
  sender("INVAL", "lhost.address", { lhost: { address: "2001:db8::1" }, senderTspec: TSPEC }),
  sender("INVAL", "lhost.port", { lhost: { address: "0.0.0.0", port: -1 }, senderTspec: TSPEC }),
  sender("INVAL", "ttl", { ...SENDER, ttl: 256 }),
  sender("OBJTYPE", "senderTspec.form", { lhost: OWN, senderTspec: FLOWSPEC }),
  sender("INVAL", "senderTspec.service", { lhost: OWN, senderTspec: { ...TSPEC, service: 2 } }),
  sender("OBJTYPE", "senderTspec.object", {
    lhost: OWN,
    senderTspec: { form: RAPI_FORM.TSPECTYPE_INTSERV, object: { name: "FLOWSPEC" } },
  }),
  sender("INTSERV", "senderTspec.object", {
    lhost: OWN,
    senderTspec: {
      form: RAPI_FORM.TSPECTYPE_INTSERV,
      object: { name: "SENDER_TSPEC", ctype: 2, form: "IntServ", services: [] },
    },
  }),
  ...(["tokenBucketSizeBytes", "tokenBucketRateBytesPerSecond", "peakRateBytesPerSecond"] as const).flatMap((name) => [
    sender("INVAL", `senderTspec.${name}`, { lhost: OWN, senderTspec: { ...TSPEC, [name]: -1 } }),
    sender("INVAL", `senderTspec.${name}`, { lhost: OWN, senderTspec: { ...TSPEC, [name]: NaN } }),
  ]),
  sender("INVAL", "senderTspec.peakRateBytesPerSecond", {
    lhost: OWN,
    senderTspec: rapiTspec({ ...BUCKET, peakRateBytesPerSecond: 8_499 }),
  }),
  sender("INVAL", "senderTspec.minimumPolicedUnitBytes", {
    lhost: OWN,
    senderTspec: rapiTspec({ ...BUCKET, minimumPolicedUnitBytes: 341 }),
  }),
  sender("INVAL", "senderTspec.maximumPacketSizeBytes", {
    lhost: OWN,
    senderTspec: { ...TSPEC, maximumPacketSizeBytes: 2 ** 32 },
  }),
  sender("OBJTYPE", "senderAdspec.form", { ...SENDER, senderAdspec: TSPEC }),
  sender("INVAL", "senderAdspec.general.flags", {
    ...SENDER,
    senderAdspec: { ...ADSPEC, general: { ...PATH, flags: 2 } },
  }),
  sender("INVAL", "senderAdspec.guaranteed.flags", {
    ...SENDER,
    senderAdspec: { ...ADSPEC, guaranteed: { ...ADSPEC.guaranteed, flags: 6 } },
  }),
  sender("INVAL", "senderAdspec.controlledLoad.override", {
    ...SENDER,
    senderAdspec: { ...ADSPEC, controlledLoad: { ...ADSPEC.controlledLoad, override: 2 } },
  }),
  sender("INVAL", "senderAdspec.general.hopcnt", {
    ...SENDER,
    senderAdspec: { ...ADSPEC, general: { ...ADSPEC.general, hopcnt: 65536 } },
  }),
  sender("INVAL", "senderAdspec.guaranteed.cSumBytes", {
    ...SENDER,
    senderAdspec: { ...ADSPEC, guaranteed: { ...ADSPEC.guaranteed, cSumBytes: 1.5 } },
  }),
  // RFC 2215: a path's MTU is not 0.
  sender("INVAL", "senderAdspec", {
    ...SENDER,
    senderAdspec: { ...ADSPEC, general: { ...ADSPEC.general, composedMtuBytes: 0 } },
  }),
  sender("OBJTYPE", "senderPolicy.form", { ...SENDER, senderPolicy: { form: 514 } }),
  sender("INVAL", "senderPolicy.name", { ...SENDER, senderPolicy: { form: 513, name: "" } }),
  sender("GPISESS", "senderTemplate.form", { senderTspec: TSPEC, senderTemplate: GPI }),
  sender("OBJTYPE", "senderTemplate.form", { senderTspec: TSPEC, senderTemplate: BASE6 }),
  sender("OBJTYPE", "senderTemplate.form", { senderTspec: TSPEC, senderTemplate: { form: 257 } }),
  sender("INVAL", "senderTemplate.address", { senderTspec: TSPEC, senderTemplate: { ...BASE, address: "x" } }),
  ["GPISESS", "senderTemplate", (rapi, _sid, gpi) => rapi.sender(gpi, SENDER)],
  ["GPISESS", "filters[0].form", (rapi, _sid, gpi) => rapi.reserve(gpi, FF)],
  reserve("INVAL", "flowspecs", { styleId: RAPI_RSTYLE.WILDCARD }),
  reserve("BADSTYLE", "styleId", { ...WF, styleId: 4 }),
  reserve("BADSTYLE", "styleId", { flowspecs: [FLOWSPEC] }),
  reserve("INVAL", "flags", { ...WF, flags: 1 }),
  reserve("UNSUPPORTED", "styleExtension", { ...WF, styleExtension: {} }),
  reserve("N_FFS", "filters", { ...WF, filters: [BASE, BASE] }),
  reserve("INVAL", "filters[0]", { ...WF, filters: [BASE] }),
  reserve("N_FFS", "flowspecs", { ...WF, flowspecs: [FLOWSPEC, FLOWSPEC] }),
  reserve("INVAL", "filters", { styleId: RAPI_RSTYLE.FIXED, flowspecs: [FLOWSPEC] }),
  reserve("N_FFS", "filters", { ...FF, filters: [] }),
  reserve("N_FFS", "flowspecs", { ...FF, flowspecs: [FLOWSPEC, FLOWSPEC] }),
  reserve("N_FFS", "filters", { ...SE, filters: [] }),
  reserve("N_FFS", "flowspecs", { ...SE, flowspecs: [FLOWSPEC, FLOWSPEC] }),
  reserve("OBJTYPE", "flowspecs[0].form", { ...FF, flowspecs: [TSPEC] }),
  reserve("INVAL", "flowspecs[0].service", { ...FF, flowspecs: [{ ...FLOWSPEC, service: 1 }] }),
  reserve("INVAL", "flowspecs[0].rateBytesPerSecond", {
    ...FF,
    flowspecs: [rapiFlowspec({ ...BUCKET, rateBytesPerSecond: 8_000 })],
  }),
  reserve("INVAL", "flowspecs[0].slackTermMicroseconds", {
    ...FF,
    flowspecs: [rapiFlowspec({ ...BUCKET, rateBytesPerSecond: 9_000, slackTermMicroseconds: -1 })],
  }),
  reserve("OBJTYPE", "filters[0].form", { ...FF, filters: [BASE6] }),
  reserve("GPISESS", "filters[0].form", { ...FF, filters: [GPI] }),
  reserve("INVAL", "filters[0]", { ...FF, filters: [undefined] }),
  reserve("INVAL", "filters[0].port", { ...FF, filters: [{ ...BASE, port: 70_000 }] }),
  reserve("INVAL", "filters[0].flowLabel", { ...FF, filters: [{ ...BASE, port: 0, flowLabel: 5 }] }),
  ...[5_000, 10_000].map((count) =>
    reserve("OVERFLOW", "filters", {
      ...SE,
      filters: Array.from({ length: count }, (_, index) => rapiFilter({ address: "10.1.1.1", port: index + 1 })),
    })
  ),
  reserve("INVAL", "rhost.address", { ...FF, rhost: { address: "2001:db8::1" } }),
];

Deno.test("rapi call: each refusal has its number, names the member and changes nothing", () => {
  for (const [error, member, call] of REFUSED) {
    const rapi = new Rapi(host.rsvp);
    const sid = rapi.session(DEST), gpi = rapi.session(DEST, { protid: 51, flags: RAPI_FLAG.GPI_SESSION });
    const before = JSON.stringify([host.inspect("sessions"), host.inspect("senders"), rapi.sessions]);
    const thrown = assertThrows(() => call(rapi, sid, gpi), RapiError, undefined, `${error} ${member}`);
    assertEquals([thrown.error, thrown.member, thrown.code], [error, member, RAPI_ERR[error]]);
    assert(
      thrown.message.startsWith(`${member}: `) && thrown.message.endsWith(`[RAPI_ERR_${error} ${RAPI_ERR[error]}]`),
    );
    assert(!thrown.message.includes("\n"));
    assertEquals(JSON.stringify([host.inspect("sessions"), host.inspect("senders"), rapi.sessions]), before);
    rapi.close();
  }
  assertEquals(host.inspect("sessions"), []);
});

Deno.test("rapi call: what stands beside each refusal is accepted", () => {
  const rapi = new Rapi(host.rsvp);
  const sid = rapi.session(DEST, { flags: RAPI_FLAG.USE_INTSERV });
  rapi.sender(sid, { ...SENDER, senderAdspec: ADSPEC, ttl: 255 });
  rapi.sender(sid, { lhost: null });
  rapi.reserve(sid, { ...WF, filters: [rapiFilter({ address: "0.0.0.0" })], rhost: { address: host.address } });
  rapi.reserve(sid, { ...FF, flags: RAPI_FLAG.REQ_CONFIRM });
  rapi.reserve(sid, { ...SE, filters: [BASE, rapiFilter({ address: "10.1.1.1", port: 8 })] });
  rapi.reserve(sid, { styleId: 9, flowspecs: [] });
  rapi.release(sid);
  const ipv6 = rapi.session({ address: "2001:db8::9", port: 1 });
  rapi.reserve(ipv6, { ...FF, filters: [rapiFilter({ address: "2001:db8::1", flowLabel: 0xa1234 })] });
  rapi.reserve(ipv6, { ...FF, filters: [BASE6] });
  rapi.release(ipv6);
});

Deno.test("rapi call: the limit of handles is MAXSESS, and a handle that was released makes room", () => {
  const rapi = new Rapi(host.rsvp, { maximumSessions: 100 });
  const sids = Array.from({ length: 100 }, (_, index) => rapi.session({ address: "10.9.9.9", port: index + 1 }));
  assertEquals(new Set(sids).size, 100);
  assert(!sids.includes(0), "0 is no handle");
  const error = assertThrows(() => rapi.session({ address: "10.9.9.9", port: 500 }), RapiError);
  assertEquals(error.code, RAPI_ERR.MAXSESS);
  rapi.release(sids[50]);
  rapi.session({ address: "10.9.9.9", port: 500 });
  rapi.close();
  assertEquals([rapi.sessions, host.rsvp.sessions], [[], []]);
});

Deno.test("rapi call: a node that has ended is NORSVP", () => {
  const other = new Network();
  const gone = other.host("gone");
  other.link(gone, other.router("router"));
  const node: RsvpNode = gone.rsvp;
  node.close();
  assertEquals(assertThrows(() => new Rapi(node).session(DEST), RapiError).code, RAPI_ERR.NORSVP);
});

Deno.test("rapi call: the TTL of the data is that of the Path", () => {
  const other = new Network();
  const [alice, bob] = [other.host("alice"), other.host("bob")];
  other.link(alice, bob);
  const seen: number[] = [];
  other.onPacket(({ packet }) => void seen.push(packet.ttl));
  const rapi = new Rapi(alice.rsvp);
  const sid = rapi.session({ address: bob.address, port: 5004 });
  rapi.sender(sid, { ...SENDER, ttl: 9 });
  other.settle();
  assertEquals(seen, [9]);
});
