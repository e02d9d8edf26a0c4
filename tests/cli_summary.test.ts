/** `resv summary`: counts that can be checked by hand, ladders, and what it says of real captures. */
import { PcapFile } from "../host/transport/pcap_writer.ts";
import { parseAddress } from "../host/address.ts";
import { assertEquals, assertMatch, assertStringIncludes } from "./assert.ts";
import { run, withFile } from "./cli_in_process.ts";
import { bytesOf, PATH, RESV } from "./codec_vectors.ts";
import { CAPTURES, needs } from "./require.ts";
import { message, object } from "./wire_samples.ts";

const path = bytesOf(PATH), resv = bytesOf(RESV);
const SESSION = path.subarray(8, 20), HOP = path.subarray(20, 32), TEMPLATE = path.subarray(40, 52);
const STYLE = resv.subarray(40, 48), FILTER = resv.subarray(84, 96);
const PATH_TEAR = message(5, [SESSION, HOP, TEMPLATE]);
const RESV_TEAR = message(6, [SESSION, resv.subarray(20, 32), STYLE, FILTER]);
const ERROR_SPEC = object(6, 1, "0a000105" + "00010002");
const RESV_ERR = message(4, [SESSION, HOP, ERROR_SPEC, STYLE, resv.subarray(48, 84), FILTER]);
const HELLO = message(20, [object(22, 1, "0000000100000002")]);
const BROKEN = bytesOf(PATH);
BROKEN[21] = 5;
const BAD_CHECKSUM = bytesOf(PATH);
BAD_CHECKSUM[3] ^= 1;
const OTHER = message(1, [object(1, 1, "c00002151100138c"), path.subarray(20)]);

/** Messages at so many seconds, between sender, router and receiver. */
function capture(rows: readonly (readonly [number, string, string, Uint8Array])[]): Uint8Array<ArrayBuffer> {
  const file = new PcapFile();
  for (const [seconds, source, destination, payload] of rows) {
    file.add(seconds * 1000, {
      interface: 0,
      source: parseAddress(source).bytes,
      destination: parseAddress(destination).bytes,
      family: 4,
      ttl: 63,
      encapsulation: 0,
      routerAlert: 0,
      payload,
    });
  }
  return file.bytes();
}

const [SENDER, ROUTER, RECEIVER] = ["192.0.2.10", "10.0.1.1", "192.0.2.20"];
const ROWS = [
  [1, SENDER, RECEIVER, path],
  [2, ROUTER, SENDER, resv],
  [31, SENDER, RECEIVER, path],
  [33, ROUTER, SENDER, resv],
  [40, SENDER, ROUTER, HELLO],
  [41, SENDER, RECEIVER, BROKEN],
  [45, ROUTER, RECEIVER, RESV_ERR],
  [46, ROUTER, RECEIVER, RESV_ERR],
  [65, SENDER, RECEIVER, BAD_CHECKSUM],
  [70, SENDER, "192.0.2.21", OTHER],
  [80, ROUTER, SENDER, RESV_TEAR],
  [81, SENDER, RECEIVER, PATH_TEAR],
] as const;
const SAMPLE = capture(ROWS);

Deno.test("summary tells types, sessions, senders, reservations, refreshes and errors", async () => {
  const { code, out, err } = await run(["summary", "-"], { input: SAMPLE });
  assertEquals([code, err], [0, ""]);
  const bytes = ROWS.reduce((sum, [, , , payload]) => sum + payload.length, 0);
  assertEquals(
    out,
    `12 RSVP messages (${bytes} B) in 12 frames, 80 s
2 sessions, 2 senders, 1 reservation, 2 errors

message   count
Path          5
Resv          2
ResvErr       2
Hello         1
ResvTear      1
PathTear      1

remarkable             count
checksum bad               1
broken: OBJECT_LENGTH      1
without a session          1

192.0.2.20:5004/UDP  3 Path, 2 Resv, 2 ResvErr, 1 ResvTear, 1 PathTear
  sender 192.0.2.10:4000  12.5 kB/s, hop 10.0.1.1: 3 Paths, R 30 s, every 32 s, torn down
  reserved FF for 192.0.2.10:4000  12.5 kB/s, hop 10.0.1.2: 2 Resvs, R 30 s, every 31 s, torn down
  ResvErr Admission Control Failure: Requested bandwidth unavailable (code 1 value 2), found by 10.0.1.5, 2 times

192.0.2.21:5004/UDP  1 Path
  sender 192.0.2.10:4000  12.5 kB/s, hop 10.0.1.1: 1 Path, R 30 s
`,
  );
});

Deno.test("summary --json has the same as numbers and text", async () => {
  const summary = JSON.parse((await run(["summary", "--json", "-"], { input: SAMPLE })).out);
  const { sessions, ...totals } = summary;
  assertEquals(totals, {
    frames: 12,
    unknownLinkFrames: 0,
    messages: 12,
    bytes: ROWS.reduce((sum, [, , , payload]) => sum + payload.length, 0),
    types: { Path: 5, Resv: 2, Hello: 1, ResvErr: 2, ResvTear: 1, PathTear: 1 },
    badChecksums: 1,
    broken: { OBJECT_LENGTH: 1 },
    problems: {},
    withoutSession: 1,
    firstSeconds: 1,
    lastSeconds: 81,
  });
  assertEquals(sessions.length, 2);
  assertEquals(sessions[0].senders, [{
    name: "192.0.2.10:4000",
    hop: "10.0.1.1",
    detail: "12.5 kB/s",
    messages: 3,
    teardowns: 1,
    refreshPeriodMs: 30000,
    observedIntervalMs: 32000,
  }]);
  assertEquals(sessions[0].errors, [{
    message: "ResvErr",
    text: "Admission Control Failure: Requested bandwidth unavailable (code 1 value 2), found by 10.0.1.5",
    count: 2,
  }]);
});

Deno.test("summary --ladder draws the messages of each session between the hosts", async () => {
  const { out } = await run(["summary", "--ladder", "-"], { input: SAMPLE });
  assertMatch(out, /^ +time {2}192\.0\.2\.10 +192\.0\.2\.20 +10\.0\.1\.1$/m);
  assertMatch(out, /^ {2}0\.000 s {2}├─ Path ─+▶│ +│ {2}sender 192\.0\.2\.10:4000 {2}12\.5 kB\/s {2}R 30 s$/m);
  assertMatch(out, /^ {2}1\.000 s {2}│◀─+ Resv ─┤ {2}FF .*$/m);
  assertMatch(out, /^ 44\.000 s {2}│ +│◀─+ ResvErr ─┤ {2}Admission Control Failure/m);
  assertEquals(out.match(/[├◀].*[▶┤]/g)?.length, 10);
});

Deno.test("summary keeps a ladder's first messages and counts the others", async () => {
  const rows = Array.from({ length: 250 }, (_, index) => [index, SENDER, RECEIVER, path] as const);
  const { out } = await run(["summary", "--ladder", "-"], { input: capture(rows) });
  assertEquals(out.match(/├─ Path/g)?.length, 200);
  assertStringIncludes(out, "and 50 more");
});

Deno.test("summary --limit and --session choose sessions", async () => {
  const one = await run(["summary", "--limit", "1", "-"], { input: SAMPLE });
  assertStringIncludes(one.out, "and 1 session more");
  assertEquals(one.out.includes("192.0.2.21"), false);
  const chosen = await run(["summary", "--session", "192.0.2.21", "-"], { input: SAMPLE });
  assertStringIncludes(chosen.out, "1 RSVP message (88 B) in 12 frames");
  assertEquals(chosen.out.includes("192.0.2.20:5004"), false);
  const wrong = await run(["summary", "--limit", "0", "-"]);
  assertEquals(wrong.code, 2);
  assertMatch(wrong.err, /not a number of sessions above zero/);
});

Deno.test("summary takes the messages in a Bundle as messages of their sessions", async () => {
  const bundle = bytesOf("100c00003f0000c0" + PATH + RESV);
  const { out } = await run(["summary", "-"], { input: capture([[0, SENDER, ROUTER, bundle]]) });
  assertMatch(out, /^192\.0\.2\.20:5004\/UDP {2}1 Path, 1 Resv$/m);
  assertMatch(out, /^Bundle +1$/m);
});

Deno.test("summary: files that cannot be read are one line, the others are still counted", async () => {
  await withFile(SAMPLE.slice(0, SAMPLE.length - 5), async (file) => {
    const { code, out, err } = await run(["summary", "/nonexistent.pcap", file, file]);
    assertEquals(code, 1);
    assertMatch(err, /^resv: \/nonexistent\.pcap: no such file\nresv: .*cut short inside the record.*\nresv: .*\n$/);
    assertMatch(out, /^22 RSVP messages/);
  });
  for (const file of ["/nonexistent.pcap", "README.md", "/dev/null", "/"]) {
    for (const form of [[], ["--json"]]) {
      const { code, out, err } = await run(["summary", ...form, file]);
      assertEquals([code, out, err.split("\n").length], [1, "", 2], file);
    }
  }
  const empty = await run(["summary", "-"], { input: capture([]) });
  assertEquals([empty.code, empty.out], [
    0,
    "0 RSVP messages (0 B) in 0 frames, 0 ms\n0 sessions, 0 senders, 0 reservations, 0 errors\n",
  ]);
  assertEquals((await run(["summary", "--json", "--ladder", "-"])).code, 2);
});

Deno.test({
  name: "summary of the peers' captures tells tunnels by their end points and hops by their addresses",
  ...needs("captures"),
  async fn() {
    const { code, out } = await run(["summary", `${CAPTURES}peers/freertr-p2pte-3routers.pcap`]);
    assertEquals(code, 0);
    assertMatch(out, /^10\.0\.0\.1 tunnel 0 of 88\.147\.226\.92 {2}20 Path, 20 Resv$/m);
    assertMatch(
      out,
      /^ {2}sender 10\.0\.0\.3 LSP 9727 {2}125 MB\/s, hop 1\.1\.2\.3: 10 Paths, R 120 s, every 60\.31 s$/m,
    );
    assertMatch(out, /^ {2}reserved SE for 10\.0\.0\.3 LSP 9727 {2}125 MB\/s, hop 1\.1\.1\.1: 10 Resvs/m);
  },
});
