/** RAPI objects as bytes and as text: layouts by hand, lists, what is broken, and a fuzz of lists from a seed. */
import {
  decodeRapiList,
  encodeRapiList,
  formatRapiAdspec,
  formatRapiFilter,
  formatRapiFlowspec,
} from "../host/public.ts";
import { formatRapiTspec, RAPI_EMPTY, RAPI_ERR, RAPI_FORM, RAPI_QOS, RapiError, rapiFilter } from "../host/public.ts";
import { rapiFlowspec, type RapiObject, rapiStrerror, rapiTspec } from "../host/public.ts";
import { assert, assertEquals, assertThrows } from "./assert.ts";
import { hasProgram, needs } from "./require.ts";

const BUCKET = {
  tokenBucketRateBytesPerSecond: 2,
  tokenBucketSizeBytes: 1,
  peakRateBytesPerSecond: 4,
  minimumPolicedUnitBytes: 5,
  maximumPacketSizeBytes: 6,
};
const PATH = { hopcnt: 0x1234, pathBandwidthBytesPerSecond: 1, minimumLatencyMicroseconds: 2, composedMtuBytes: 3 };
const ADSPEC = {
  form: RAPI_FORM.ADSTYPE_SIMPLIFIED,
  general: { flags: 4, ...PATH },
  controlledLoad: { flags: 5, override: 1, ...PATH },
  guaranteed: {
    ...{ flags: 6, override: 1, ...PATH },
    ...{ cTotalBytes: 7, dTotalMicroseconds: 8, cSumBytes: 9, dSumMicroseconds: 10 },
  },
};
const INTSERV_TSPEC = {
  form: RAPI_FORM.TSPECTYPE_INTSERV,
  object: { name: "SENDER_TSPEC", form: "IntServ", ctype: 2, service: 1, ...BUCKET },
} as const;

const hex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

Deno.test("rapi layout: a header of length and form, then b before r; services are numbered as in C809 or as ISI did", () => {
  const tspec = rapiTspec(BUCKET);
  const body = "0000803f00000040000080400500000006000000";
  assertEquals(hex(encodeRapiList([tspec])), `200000001200000001000000${body}`);
  assertEquals(hex(encodeRapiList([tspec], { services: "ISI" })).slice(16, 24), "00000000");
  const flowspec = rapiFlowspec({ ...BUCKET, rateBytesPerSecond: 8, slackTermMicroseconds: 9 });
  assertEquals(hex(encodeRapiList([flowspec])), `280000000300000003000000${body}0000004109000000`);
  const isi = encodeRapiList([flowspec], { services: "ISI" });
  assertEquals(isi[8], 2);
  assertEquals(decodeRapiList(isi, { services: "ISI" }), [flowspec]);
});

Deno.test("rapi layout: a Simplified Adspec is laid out as a C compiler would", () => {
  const path = "34120000803f0200000003000000";
  assertEquals(
    hex(encodeRapiList([ADSPEC])),
    `4c00000022000000` + `0400${path}` + `0501${path}` + `06000000` +
      `0700000008000000090000000a000000` + `0100${path}`,
  );
});

Deno.test("rapi layout: filters are a sockaddr, or an address and an identifier in network order", () => {
  const list = (filter: RapiObject) => hex(encodeRapiList([filter]));
  assertEquals(
    list(rapiFilter({ address: "192.0.2.1", port: 0x1234 })),
    `18000000020100000200` + `1234c0000201` + "00".repeat(8),
  );
  assertEquals(
    list(rapiFilter({ address: "192.0.2.1", generalizedPortIdentifier: 0x01020304 })),
    "1000000003010000c000020101020304",
  );
  const ipv6 = "20010db8" + "00".repeat(11) + "01";
  assertEquals(
    list(rapiFilter({ address: "2001:db8::1", port: 7 })),
    `24000000040100000a000007` + "00000000" + ipv6 + "00000000",
  );
  assertEquals(
    list(rapiFilter({ address: "2001:db8::1", flowLabel: 0xa1234 })),
    `24000000040100000a000000` + "000a1234" + ipv6 + "00000000",
  );
  assertEquals(
    list(rapiFilter({ address: "2001:db8::1", generalizedPortIdentifier: 5 })),
    `1c00000005010000${ipv6}00000005`,
  );
});

Deno.test("rapi layout: an Int-Serv form is the body of RFC 2210 without the object's header; empty objects and names", () => {
  const bytes = encodeRapiList([INTSERV_TSPEC]);
  assertEquals(hex(bytes).slice(0, 40), "28000000" + "11000000" + "00000007" + "01000006" + "7f000005");
  assertEquals(hex(encodeRapiList([RAPI_EMPTY])), "0800000000000000");
  const policy = { form: RAPI_FORM.POLICY_NAME_STRING, name: "anna" } as const;
  assertEquals(hex(encodeRapiList([policy])), "1000000001020000616e6e6100000000");
  assertEquals(decodeRapiList(encodeRapiList([policy])), [policy]);
});

const EVERY: RapiObject[] = [
  RAPI_EMPTY,
  rapiTspec({ ...BUCKET, peakRateBytesPerSecond: Infinity }),
  rapiFlowspec(BUCKET),
  ADSPEC,
  rapiFilter({ address: "192.0.2.1", port: 1 }),
  rapiFilter({ address: "192.0.2.1", generalizedPortIdentifier: 2 }),
  rapiFilter({ address: "2001:db8::1", port: 3 }),
  rapiFilter({ address: "2001:db8::1", generalizedPortIdentifier: 4 }),
  { form: RAPI_FORM.POLICY_NAME_STRING, name: "CN=alice" },
];

Deno.test("rapi layout: a list of every form is read as it was written, and written as it was read", () => {
  const bytes = encodeRapiList([...EVERY, INTSERV_TSPEC]);
  const read = decodeRapiList(bytes);
  assertEquals(read.slice(0, -1), EVERY);
  assertEquals(hex(encodeRapiList(read)), hex(bytes));
});

Deno.test("rapi layout: what is cut, of a wrong length or form is refused with its byte", () => {
  const bytes = encodeRapiList([RAPI_EMPTY, rapiFilter({ address: "192.0.2.1", port: 1 })]);
  const changed = (at: number, value: number) => {
    const copy = bytes.slice();
    copy[at] = value;
    return copy;
  };
  const cases: [keyof typeof RAPI_ERR, string, number, Uint8Array][] = [
    ["OBJLEN", "objects[1]", 8, bytes.subarray(0, 12)],
    ["OBJLEN", "objects[1].len", 8, bytes.subarray(0, 31)],
    ["OBJLEN", "objects[0].len", 0, changed(0, 7)],
    ["OBJLEN", "objects[0].len", 0, changed(0, 9)],
    ["OBJTYPE", "objects[0].form", 4, changed(4, 99)],
    ["INVAL", "objects[1].family", 16, changed(16, 9)],
    [
      "INVAL",
      "objects[0].service",
      8,
      (() => {
        const tspec = encodeRapiList([rapiTspec(BUCKET)]);
        tspec[8] = 9;
        return tspec;
      })(),
    ],
    ["OBJLEN", "objects[0].len", 0, Uint8Array.of(9, 0, 0, 0, 17, 0, 0, 0, 1)],
    ["INTSERV", "objects[0].object", 8, Uint8Array.of(16, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 9)],
  ];
  for (const [error, member, offset, list] of cases) {
    const thrown = assertThrows(() => decodeRapiList(list), RapiError, undefined, `${error} ${member}`);
    assertEquals([thrown.error, thrown.member, thrown.offset], [error, member, offset]);
  }
});

Deno.test("rapi layout: lists with any bytes changed are read or refused with a RapiError", () => {
  const seed = crypto.getRandomValues(new Uint32Array(1))[0];
  let state = seed;
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
  const whole = encodeRapiList([...EVERY, INTSERV_TSPEC]);
  let refused = 0;
  for (let round = 0; round < 20_000; round++) {
    const bytes = whole.slice(0, random(4) === 0 ? random(whole.length) : whole.length);
    for (let change = random(6); change >= 0 && bytes.length > 0; change--) bytes[random(bytes.length)] = random(256);
    try {
      const objects = decodeRapiList(bytes, { services: random(2) === 0 ? "ISI" : "C809" });
      assert(objects.length <= bytes.length / 8);
    } catch (error) {
      assert(error instanceof RapiError, `seed ${seed}, round ${round}: ${error}`);
      refused++;
    }
  }
  assert(refused > 1_000 && refused < 20_000, `seed ${seed}: ${refused} refused`);
});

Deno.test("rapi text: objects in one line each", () => {
  assertEquals(formatRapiTspec(rapiTspec(BUCKET)), "[T r=2 b=1 p=4 m=5 M=6]");
  assertEquals(formatRapiTspec(INTSERV_TSPEC), "[T r=2 b=1 p=4 m=5 M=6]");
  assertEquals(formatRapiFlowspec(rapiFlowspec(BUCKET)), "[CL r=2 b=1 p=4 m=5 M=6]");
  const guaranteed = rapiFlowspec({ ...BUCKET, service: RAPI_QOS.GUARANTEED });
  assertEquals(formatRapiFlowspec(guaranteed), "[G R=2 S=0 r=2 b=1 p=4 m=5 M=6]");
  assertEquals(
    formatRapiAdspec({ ...ADSPEC, guaranteed: { ...ADSPEC.guaranteed, flags: 2 } }),
    "[hops=4660 bw=1 lat=2 MTU=3 {CL BRK hops=4660 bw=1 lat=2 MTU=3}]",
  );
  const filters = [rapiFilter({ address: "::1", port: 2 }), rapiFilter({ address: "::1", flowLabel: 3 }), RAPI_EMPTY];
  assertEquals(filters.map((filter) => formatRapiFilter(filter as never)), ["[::1]:2", "[::1]/FL3", "*"]);
  assertEquals(formatRapiFilter(rapiFilter({ address: "10.0.0.1", generalizedPortIdentifier: 9 })), "10.0.0.1/GPI9");
  assertEquals([RAPI_EMPTY, RAPI_EMPTY].map(formatRapiTspec), ["[]", "[]"]);
});

Deno.test("rapi text: each error of RAPI and of RSVP has words of its own", () => {
  const words = Object.values(RAPI_ERR).map((code) => rapiStrerror(code));
  assertEquals(new Set(words).size, words.length);
  assert(words.every((text) => !/^error \d/.test(text)));
  assertEquals(rapiStrerror(0, 0), "Confirmation");
  assertEquals(rapiStrerror(4, 0), "No sender information for this Resv message");
  assertEquals(rapiStrerror(99, 7), "error 99: value 7");
  assertEquals(rapiStrerror(20, 22), "receiver's address is not this host's");
  assertEquals(rapiStrerror(99), "error 99");
});

/** The structures of docs/rapi.md in C, filled in and written one after the other. */
const C_PROGRAM = `
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>
typedef struct { uint32_t len, form; } header;
typedef struct { float b, r, p; uint32_t m, M; } bucket;
typedef struct { uint16_t hops; float bandwidth; uint32_t latency, mtu; } path;
typedef struct { header h; uint32_t service; bucket tb; } tspec;
typedef struct { header h; uint32_t service; bucket tb; float R; uint32_t S; } flowspec;
typedef struct {
  header h;
  uint8_t flags; uint16_t hops; float bandwidth; uint32_t latency, mtu;
  uint8_t clFlags, clOverride; uint16_t clHops; float clBandwidth; uint32_t clLatency, clMtu;
  uint8_t gFlags; uint32_t cTotal, dTotal, cSum, dSum; uint8_t gOverride; uint16_t gHops; float gBandwidth; uint32_t gLatency, gMtu;
} adspec;
typedef struct { header h; struct sockaddr_in sender; } base;
typedef struct { header h; struct in_addr sender; uint32_t gpi; } gpi;
typedef struct { header h; struct sockaddr_in6 sender; } base6;
typedef struct { header h; struct in6_addr sender; uint32_t gpi; } gpi6;
#define OUT(x) fwrite(&x, sizeof x, 1, stdout)
int main(void) {
  tspec t = { { sizeof t, 18 }, 1, { 1, 2, 4, 5, 6 } };
  flowspec f = { { sizeof f, 3 }, 3, { 1, 2, 4, 5, 6 }, 8, 9 };
  adspec a;
  memset(&a, 0, sizeof a);
  a.h.len = sizeof a; a.h.form = 34;
  a.flags = 4; a.hops = 0x1234; a.bandwidth = 1; a.latency = 2; a.mtu = 3;
  a.clFlags = 5; a.clOverride = 1; a.clHops = 0x1234; a.clBandwidth = 1; a.clLatency = 2; a.clMtu = 3;
  a.gFlags = 6; a.gOverride = 1; a.gHops = 0x1234; a.gBandwidth = 1; a.gLatency = 2; a.gMtu = 3;
  a.cTotal = 7; a.dTotal = 8; a.cSum = 9; a.dSum = 10;
  base b = { { sizeof b, 258 }, { .sin_family = AF_INET, .sin_port = htons(1) } };
  gpi g = { { sizeof g, 259 }, { 0 }, htonl(2) };
  base6 b6 = { { sizeof b6, 260 }, { .sin6_family = AF_INET6, .sin6_port = htons(3) } };
  gpi6 g6 = { { sizeof g6, 261 }, { { { 0 } } }, htonl(4) };
  inet_pton(AF_INET, "192.0.2.1", &b.sender.sin_addr);
  inet_pton(AF_INET, "192.0.2.1", &g.sender);
  inet_pton(AF_INET6, "2001:db8::1", &b6.sender.sin6_addr);
  inet_pton(AF_INET6, "2001:db8::1", &g6.sender);
  OUT(t); OUT(f); OUT(a); OUT(b); OUT(g); OUT(b6); OUT(g6);
  return 0;
}
`;

Deno.test({
  name: "rapi layout: a list that a C program has made is read, and written to the same bytes",
  ...needs("compiler", "linux"),
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.writeTextFile(`${folder}/list.c`, C_PROGRAM);
      const compiler = hasProgram("cc") ? "cc" : "gcc";
      const built = await new Deno.Command(compiler, { args: ["-o", `${folder}/list`, `${folder}/list.c`] }).output();
      assert(built.success, new TextDecoder().decode(built.stderr));
      const { stdout } = await new Deno.Command(`${folder}/list`).output();
      const objects = decodeRapiList(stdout);
      assertEquals(objects, [
        rapiTspec(BUCKET),
        rapiFlowspec({ ...BUCKET, rateBytesPerSecond: 8, slackTermMicroseconds: 9 }),
        ADSPEC,
        rapiFilter({ address: "192.0.2.1", port: 1 }),
        rapiFilter({ address: "192.0.2.1", generalizedPortIdentifier: 2 }),
        rapiFilter({ address: "2001:db8::1", port: 3 }),
        rapiFilter({ address: "2001:db8::1", generalizedPortIdentifier: 4 }),
      ]);
      assertEquals(hex(encodeRapiList(objects)), hex(stdout));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
