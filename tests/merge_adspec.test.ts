import { assertEquals } from "./assert.ts";
import { adspec, ask, defaults, errorTerms, f32, type Hop, make, putHop, u32 } from "./merge_fixture.ts";

const CONTROLLED_LOAD = 1, GUARANTEED = 2, NULL = 4, BOTH = CONTROLLED_LOAD | GUARANTEED;
const INDETERMINATE = 0xffffffff;

// Section 9.4 of the worked examples: the layout of RFC 2210 section 3.3.6.
const EXAMPLE = "00540d0202".slice(0, 8) +
  "0000001301000008040000010000000306000001499896800800000" +
  "1000005dc0a000001000005dc02000008850000010000119486000001" +
  "00000e10870000010000119488000001" + "00000e1005000000";
// And the hop of section 9.5.
const HOP: Hop = { bandwidth: 1e6, latency: 200, mtu: 1400, C: 1500, D: 1200, services: BOTH };

const compose = (object: string, hop: Hop, breakBit = false) => make("composeAdspec", object, putHop(hop), breakBit);

Deno.test("worked example 9.4: the ADSPEC of RFC 2210 section 3.3.6 is what the fixture builds and is valid", () => {
  assertEquals(adspec(defaults(3, 1.25e6, 1500, 1500) + errorTerms(4500, 3600, 4500, 3600) + "05000000"), EXAMPLE);
  assertEquals(ask("validateAdspec", EXAMPLE), 0);
});

Deno.test("worked example 9.5: one more integrated services hop composes every parameter", () => {
  const expected = adspec(defaults(4, 1e6, 1700, 1400) + errorTerms(6000, 4800, 6000, 4800) + "05000000");
  assertEquals(compose(EXAMPLE, HOP), expected);
});

Deno.test("worked example 9.5: a hop without guaranteed service sets its break bit and leaves its values", () => {
  const expected = adspec(defaults(4, 1e6, 1700, 1400) + errorTerms(4500, 3600, 4500, 3600, "80") + "05000000");
  assertEquals(compose(EXAMPLE, { ...HOP, services: CONTROLLED_LOAD }), expected);
});

Deno.test("worked example 9.5: behind a cloud without RSVP the global break bit is set, and stays set", () => {
  const broken = adspec(defaults(4, 1e6, 1700, 1400, "80") + errorTerms(6000, 4800, 6000, 4800) + "05000000");
  assertEquals(compose(EXAMPLE, HOP, true), broken);
  const later = adspec(defaults(5, 1e6, 1900, 1400, "80") + errorTerms(7500, 6000, 7500, 6000) + "05000000");
  assertEquals(compose(broken, HOP), later);
});

Deno.test("worked example 9.6: an empty guaranteed service fragment is expanded and keeps its break bit", () => {
  const composed = compose(adspec(defaults(0, 1e6, 0, 1500) + "02800000"), HOP);
  assertEquals(composed, adspec(defaults(1, 1e6, 200, 1400) + errorTerms(1500, 1200, 1500, 1200, "80")));
});

Deno.test("worked example 9.6: a hop without guaranteed service leaves the empty fragment empty", () => {
  const composed = compose(adspec(defaults(0, 1e6, 0, 1500) + "02800000"), { ...HOP, services: CONTROLLED_LOAD });
  assertEquals(composed, adspec(defaults(1, 1e6, 200, 1400) + "02800000"));
});

Deno.test("worked example 9.7: a controlled load override is composed with the local one by minimum", () => {
  const arriving = (value: number) => adspec(defaults(1, 1.25e6, 0, 1500) + `05000002 06000001 ${f32(value)}`);
  const hop = { ...HOP, bandwidth: 1.25e6, latency: 0, mtu: 1500, controlledLoadBandwidth: 5e5 };
  const leaving = (value: number) => adspec(defaults(2, 1.25e6, 0, 1500) + `05000002 06000001 ${f32(value)}`);
  assertEquals(compose(arriving(6e5), hop), leaving(5e5));
  assertEquals(compose(arriving(4e5), hop), leaving(4e5));
});

Deno.test("worked example 9.7: without a local override the arriving one is composed with the local default", () => {
  const arriving = adspec(defaults(1, 1.25e6, 0, 1500) + `05000002 06000001 ${f32(9e5)}`);
  const composed = compose(arriving, { ...HOP, bandwidth: 8e5, latency: 0, mtu: 1500 });
  assertEquals(composed, adspec(defaults(2, 8e5, 0, 1500) + `05000002 06000001 ${f32(8e5)}`));
});

Deno.test("worked example 9.7: a local override that the ADSPEC lacks is composed with its default and added", () => {
  const arriving = adspec(defaults(1, 1.25e6, 0, 1500) + "05000000");
  const hop = { ...HOP, bandwidth: 1.25e6, latency: 0, mtu: 1500, controlledLoadBandwidth: 5e5 };
  assertEquals(compose(arriving, hop), adspec(defaults(2, 1.25e6, 0, 1500) + `05000002 06000001 ${f32(5e5)}`));
});

Deno.test("overrides are added in the order of parameter numbers, behind what is specific to the service", () => {
  const fragment = "0200000c" + errorTerms(0, 0, 0, 0).slice(8);
  const arriving = adspec(defaults(1, 1e6, 0, 1500) + `0200000a${errorTerms(0, 0, 0, 0).slice(8)} 08000001${u32(7)}`);
  const hop = { mtu: 1500, bandwidth: 1e6, services: GUARANTEED, guaranteedBandwidth: 5e5, guaranteedMtu: 1000 };
  const expected = `06000001${f32(5e5)} 08000001${u32(7)} 0a000001${u32(1000)}`;
  assertEquals(
    compose(arriving, hop),
    adspec(defaults(2, 1e6, 0, 1500) + fragment.replace("0200000c", "0200000e") + expected),
  );
});

Deno.test("a service MTU is never above the link's (RFC 2215 section 3.5)", () => {
  const arriving = adspec(defaults(1, 1e6, 0, 9000) + "05000000");
  const composed = compose(arriving, { ...HOP, latency: 0, mtu: 1500, controlledLoadMtu: 4000 });
  assertEquals(composed, adspec(defaults(2, 1e6, 0, 1500) + `05000002 0a000001 ${u32(1500)}`));
});

Deno.test("an unknown service gets its break bit and keeps its content", () => {
  const arriving = adspec(defaults(1, 1e6, 0, 1500) + "05000000 63000002 01000001 deadbeef");
  const composed = compose(arriving, { ...HOP, latency: 0, mtu: 1500 });
  assertEquals(composed, adspec(defaults(2, 1e6, 0, 1500) + "05000000 63800002 01000001 deadbeef"));
});

Deno.test("a service that the sender left out stays out", () => {
  const composed = compose(adspec(defaults(1, 1e6, 0, 1500)), { ...HOP, latency: 0, controlledLoadBandwidth: 1e5 });
  assertEquals(composed, adspec(defaults(2, 1e6, 0, 1400)));
});

Deno.test("an unknown parameter of a composed fragment is kept and marked INVALID", () => {
  const arriving = adspec("0100000b" + defaults(1, 1e6, 0, 1500).slice(8) + "7e000002 002d0000 00610000");
  const composed = compose(arriving, { ...HOP, latency: 0, mtu: 1500 });
  const expected = "0100000b" + defaults(2, 1e6, 0, 1500).slice(8) + "7e800002 002d0000 00610000";
  assertEquals(composed, adspec(expected));
});

Deno.test("the null service fragment follows the same break bit rule (RFC 2997)", () => {
  const arriving = adspec(defaults(1, 1e6, 0, 1500) + "06000000");
  const hop = { ...HOP, latency: 0, mtu: 1500 };
  assertEquals(compose(arriving, { ...hop, services: NULL }), adspec(defaults(2, 1e6, 0, 1500) + "06000000"));
  assertEquals(compose(arriving, hop), adspec(defaults(2, 1e6, 0, 1500) + "06800000"));
});

Deno.test("worked example 10: error terms and latency saturate, and indeterminate latency stays so", () => {
  const arriving = adspec(defaults(255, 1e6, 0xfffffffe, 1500) + errorTerms(0xfffffff0, 0, 0, 0xffffffff));
  const composed = compose(arriving, { ...HOP, mtu: 1500, latency: 1, C: 0x20, D: 1 });
  const expected = defaults(255, 1e6, INDETERMINATE, 1500) + errorTerms(0xffffffff, 1, 0x20, 0xffffffff);
  assertEquals(composed, adspec(expected));
  const again = compose(composed, { ...HOP, mtu: 1500, latency: 5, C: 0, D: 0 });
  assertEquals(again, adspec(expected));
});

Deno.test("an unknown bandwidth, 0, stays unknown from either side (RFC 2215 section 3.3)", () => {
  const known = adspec(defaults(1, 1e6, 0, 1500)), unknown = adspec(defaults(1, 0, 0, 1500));
  const hop = { ...HOP, latency: 0, mtu: 1500 };
  assertEquals(compose(unknown, hop), adspec(defaults(2, 0, 0, 1500)));
  assertEquals(compose(known, { ...hop, bandwidth: 0 }), adspec(defaults(2, 0, 0, 1500)));
  // What no ADSPEC may carry is sent as unknown.
  for (const bandwidth of [-1, NaN, Infinity]) {
    assertEquals(compose(known, { ...hop, bandwidth }), adspec(defaults(2, 0, 0, 1500)));
  }
});

Deno.test("behind a reshaping point Csum and Dsum start again, Ctot and Dtot go on (RFC 2212)", () => {
  const composed = compose(EXAMPLE, { ...HOP, reshapes: 1 });
  assertEquals(composed, adspec(defaults(4, 1e6, 1700, 1400) + errorTerms(6000, 4800, 1500, 1200) + "05000000"));
});

Deno.test("a new ADSPEC carries local values, and empty broken fragments for what the host does not implement", () => {
  const create = (hop: Hop, offered: number, hops: number) => make("createAdspec", putHop(hop), offered, hops);
  assertEquals(
    create(HOP, BOTH, 1),
    adspec(defaults(1, 1e6, 200, 1400) + errorTerms(1500, 1200, 1500, 1200) + "05000000"),
  );
  assertEquals(
    create({ ...HOP, services: 0 }, 7, 0),
    adspec(defaults(0, 1e6, 200, 1400) + "02800000 05800000 06800000"),
  );
  assertEquals(create(HOP, 0, 1), adspec(defaults(1, 1e6, 200, 1400)));
  const capped = create({ ...HOP, controlledLoadBandwidth: 5e5 }, CONTROLLED_LOAD, 1);
  assertEquals(capped, adspec(defaults(1, 1e6, 200, 1400) + `05000002 06000001 ${f32(5e5)}`));
});

Deno.test("ADSPECs that RFC 2210 section 3.3 does not allow are error value 5", () => {
  const good = defaults(1, 1e6, 0, 1500);
  const bad: Record<string, string> = {
    "no service 1": errorTerms(0, 0, 0, 0),
    "service 1 not first": "05000000" + good,
    "services out of order": good + "05000000 02800000",
    "a service twice": good + "05000000 05000000",
    "service 1 without the MTU": "01000006" + good.replaceAll(" ", "").slice(8, -16),
    "MTU 0": defaults(1, 1e6, 0, 0),
    "negative zero bandwidth": good.replace(f32(1e6), "80000000"),
    "infinite bandwidth": defaults(1, Infinity, 0, 1500),
    "NaN bandwidth": good.replace(f32(1e6), "7fc00001"),
    "NaN override": good + "05000002 06000001 7fc00001",
    "guaranteed service without Dsum": good +
      errorTerms(0, 0, 0, 0).replaceAll(" ", "").slice(0, -16).replace("02000008", "02000006"),
    "a fragment beyond the end": good + "05000001",
  };
  for (const [what, words] of Object.entries(bad)) assertEquals(ask("validateAdspec", adspec(words)), 5, what);
  for (const words of [good, good + "02800000", good + "63000000", defaults(9, 0, INDETERMINATE, 68)]) {
    assertEquals(ask("validateAdspec", adspec(words)), 0, words);
  }
});
