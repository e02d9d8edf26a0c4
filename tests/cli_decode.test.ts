/** `resv decode` as users run it: trees, JSON, damaged files, pipes. */
import { PcapFile } from "../host/transport/pcap_writer.ts";
import { parseAddress } from "../host/address.ts";
import { assert, assertEquals, assertGreater, assertMatch, assertStringIncludes } from "./assert.ts";
import { readManifest, readTshark } from "./captures_tshark.ts";
import { jsonLines, run } from "./cli_in_process.ts";
import { commandLine, resv } from "./cli_process.ts";
import { CAPTURES, has, needs } from "./require.ts";

/** A Path of 10.0.0.2 port 4000 to 203.0.113.7 port 5004, UDP; its checksum is right. */
const PATH = "10010d643f000060000c0101cb0071071100138c000c03010a000001000000010008050100007530" +
  "000c0b010a00000200000fa000240c0200000007010000067f00000547c3500046bb800047c3500000000040000005dc00080d0200000000";

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g)!, (pair) => parseInt(pair, 16));
}

/** A capture of `count` such messages. */
function capture(count: number): Uint8Array<ArrayBuffer> {
  const file = new PcapFile();
  for (let index = 0; index < count; index++) {
    file.add(1000 * (index + 1), {
      interface: 0,
      source: parseAddress("10.0.0.2").bytes,
      destination: parseAddress("203.0.113.7").bytes,
      family: 4,
      ttl: 63,
      encapsulation: 0,
      routerAlert: 1,
      payload: bytesOf(PATH),
    });
  }
  return file.bytes();
}

/** Length of one record of {@linkcode capture}: record header, IP header with Router Alert, message. */
const RECORD_BYTES = 16 + 24 + PATH.length / 2;

async function withFile<T>(bytes: Uint8Array, use: (file: string) => Promise<T>): Promise<T> {
  const file = await Deno.makeTempFile({ suffix: ".pcap" });
  try {
    await Deno.writeFile(file, bytes);
    return await use(file);
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("decode prints a tree with the byte of every field, names and RFC sections", async () => {
  const { code, out, err } = await resv(["decode", "-"], capture(1));
  assertEquals([code, err], [0, ""]);
  assertEquals(
    out,
    `Frame 1  1970-01-01 00:00:01.000000 UTC  10.0.0.2 > 203.0.113.7  TTL 63  Router Alert
    0  Path  96 bytes, version 1, Send_TTL 63, checksum ok  RFC 2205 3.1.3
    8  SESSION IPv4  class 1 C-Type 1, 12 bytes  RFC 2205 A.1
   12    destinationAddress  203.0.113.7
   16    protocolId  17 (UDP)
   17    flags  0x00
   18    destinationPort  5004
   20  RSVP_HOP IPv4  class 3 C-Type 1, 12 bytes  RFC 2205 A.2
   24    hopAddress  10.0.0.1
   28    logicalInterfaceHandle  1
   32  TIME_VALUES  class 5 C-Type 1, 8 bytes  RFC 2205 A.4
   36    refreshPeriodMs  30000
   40  SENDER_TEMPLATE IPv4  class 11 C-Type 1, 12 bytes  RFC 2205 A.10
   44    sourceAddress  10.0.0.2
   50    sourcePort  4000
   52  SENDER_TSPEC IntServ  class 12 C-Type 2, 36 bytes  RFC 2210 3.1
   60    service  1 (General)
   68    tokenBucketRateBytesPerSecond  100000 (100 kB/s)
   72    tokenBucketSizeBytes  24000
   76    peakRateBytesPerSecond  100000 (100 kB/s)
   80    minimumPolicedUnitBytes  64
   84    maximumPacketSizeBytes  1500
   88  ADSPEC IntServ  class 13 C-Type 2, 8 bytes  RFC 2210 3.3

1 RSVP message in 1 frame
`,
  );
});

Deno.test("decode --json is one array, --ndjson one line a message, and both say the same", async () => {
  await withFile(capture(3), async (file) => {
    const json = await resv(["decode", "--json", file, file]);
    const ndjson = await resv(["decode", "--ndjson", file, file]);
    assertEquals([json.code, json.err, ndjson.code, ndjson.err], [0, "", 0, ""]);
    const lines = ndjson.out.trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals(JSON.parse(json.out), lines);
    assertEquals(lines.map(({ frame }) => frame), [1, 2, 3, 1, 2, 3]);
    const [{ objects, ...head }] = lines;
    assertEquals([head.message, head.length, head.checksum, head.source], ["Path", 96, "ok", "10.0.0.2"]);
    assertEquals(objects.map((object: { name: string }) => object.name), [
      "SESSION",
      "RSVP_HOP",
      "TIME_VALUES",
      "SENDER_TEMPLATE",
      "SENDER_TSPEC",
      "ADSPEC",
    ]);
    const empty = await resv(["decode", "--json", "-"], capture(0));
    assertEquals([empty.code, JSON.parse(empty.out)], [0, []]);
  });
});

Deno.test("decode --json and --ndjson together are refused", async () => {
  const { code, err } = await resv(["decode", "--json", "--ndjson", "x.pcap"]);
  assertEquals([code, err], [2, "resv: --json and --ndjson exclude each other; choose one\n"]);
});

Deno.test("decode: a file that cannot be read is one line and exit code 1, and the others are still shown", async () => {
  const cases: [string, RegExp][] = [
    ["/nonexistent.pcap", /^resv: \/nonexistent\.pcap: no such file\n$/],
    ["/", /^resv: \/: is a directory\n$/],
    ["/dev/null", /^resv: \/dev\/null: empty, not a capture\n$/],
    ["README.md", /^resv: README\.md: not a capture \(neither pcap nor pcapng\)\n$/],
  ];
  for (const [file, expected] of cases) {
    for (const form of [[], ["--json"], ["--ndjson"], ["--fields", "frame"]]) {
      const { code, out, err } = await run(["decode", ...form, file]);
      assertMatch(err, expected);
      assertEquals([code, out], [1, ""]);
    }
  }
  const { code, out, err } = await resv(["decode", "--ndjson", "/nonexistent.pcap", "-"], capture(1));
  assertEquals([code, err], [1, "resv: /nonexistent.pcap: no such file\n"]);
  assertEquals(JSON.parse(out).message, "Path");
});

Deno.test("decode: of several files each message tells its file, of one file it does not", async () => {
  await withFile(capture(2), (first) =>
    withFile(capture(1), async (second) => {
      const files = [first, first, second];
      const tree = await run(["decode", first, second]);
      assertEquals(
        tree.out.split("\n").filter((line) => /^(==>|Frame|\d+ RSVP)/.test(line)).map((line) => line.split("  ")[0]),
        [`==> ${first} <==`, "Frame 1", "Frame 2", `==> ${second} <==`, "Frame 1", "3 RSVP messages in 3 frames"],
      );
      const lines = jsonLines((await run(["decode", "--ndjson", first, second])).out);
      assertEquals(lines.map(({ file }) => file), files);
      assertEquals(JSON.parse((await run(["decode", "--json", first, second])).out), lines);
      assertEquals(
        (await run(["decode", "--fields", "file,frame", first, second])).out,
        ["file\tframe", `${first}\t1`, `${first}\t2`, `${second}\t1`, ""].join("\n"),
      );
      const [alone] = jsonLines((await run(["decode", "--ndjson", second])).out);
      assertEquals({ file: second, ...alone }, lines[2]);
      assert(!("file" in alone) && !(await run(["decode", second])).out.includes("==>"));
    }));
});

Deno.test("decode: a file that is cut anywhere shows what came before, one line, and exit code 1", async () => {
  const whole = capture(3);
  for (const length of [1, 3, 4, 23, 25, 24 + RECORD_BYTES - 1, 24 + RECORD_BYTES + 17, whole.length - 1]) {
    for (const form of ["--ndjson", "--json"]) {
      const { code, out, err } = await resv(["decode", form, "-"], whole.slice(0, length));
      assertEquals(code, 1, `cut at ${length}`);
      assertMatch(err, /^resv: standard input: (not a capture|cut short) ?.*\n$/, `cut at ${length}`);
      const complete = Math.max(0, Math.floor((length - 24) / RECORD_BYTES));
      // Of a file whose header is not whole nothing is shown, not even an empty list.
      const messages = form === "--json" && length >= 24
        ? JSON.parse(out)
        : out.split("\n").filter((line) => line !== "").map(JSON.parse as (line: string) => unknown);
      assertEquals(messages.length, complete, `cut at ${length}`);
      if (complete > 0) {
        assertStringIncludes(err, `record at byte ${24 + complete * RECORD_BYTES}; ${complete} RSVP message`);
      }
    }
  }
});

Deno.test("decode: a broken message is explained with its bytes, and the rest goes on", async () => {
  const bytes = capture(3);
  // The length of the second message's second object: zero, which would never end.
  bytes[24 + RECORD_BYTES + 16 + 24 + 21] = 0;
  const { code, out, err } = await resv(["decode", "-"], bytes);
  assertEquals([code, err], [0, ""]);
  assertMatch(
    out,
    /^ +20 {2}! object length is below 4 or not a multiple of 4: .*its length says 0, and 76 bytes are left.*RFC 2205 3\.1\.2$/m,
  );
  assertMatch(out, /^ +0 {2}10 01 0d 64 /m);
  assertEquals(out.match(/^ +0 {2}Path {2}96 bytes, version/gm)?.length, 2);
});

Deno.test("decode: a reader that goes away ends it quietly", async () => {
  await withFile(capture(20_000), async (file) => {
    for (const form of [[], ["--json"], ["--ndjson"]]) {
      const child = new Deno.Command(Deno.execPath(), {
        args: commandLine(["decode", ...form, file]),
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      const reader = child.stdout.getReader();
      assertGreater((await reader.read()).value!.length, 0);
      await reader.cancel();
      assertEquals([await new Response(child.stderr).text(), (await child.status).code], ["", 0]);
    }
  });
});

Deno.test("decode: what a demo wrote is read back, message by message", async () => {
  const file = await Deno.makeTempFile({ suffix: ".pcap" });
  try {
    const demo = await resv(["demo", "--write", file]);
    const { code, out } = await resv(["decode", "--ndjson", file]);
    assertEquals([demo.code, code], [0, 0]);
    const sent = demo.out.match(/[├◀].*[▶┤]/g)!.map((arrow) => /(\w+)/.exec(arrow)![1]);
    const read = out.trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals(read.map(({ message }) => message).sort(), sent.sort());
    for (const message of read) {
      assertEquals([message.checksum, message.encapsulation, "problems" in message], ["ok", "UDP", false]);
    }
  } finally {
    await Deno.remove(file);
  }
});

for (const { file, rsvp, malformed } of has("captures") ? readManifest() : []) {
  Deno.test({
    name: `decode: ${file}: every message, with tshark's addresses and TTL`,
    ...needs("captures"),
    async fn() {
      const { code, out } = await resv(["decode", "--ndjson", CAPTURES + file]);
      assertEquals(code, 0);
      const ours = out.trimEnd().split("\n").map((line) => JSON.parse(line));
      assertEquals(ours.length, rsvp);
      const theirs = readTshark(file);
      assertEquals(
        ours.map((message) => [message.frame, message.source, message.destination, message.ttl]),
        theirs.map((message) => [message.frame, message.source, message.destination, message.ttl]),
      );
      const broken = new Set(malformed.map(([frame]) => frame));
      for (const message of ours) assertEquals("error" in message, broken.has(message.frame), `frame ${message.frame}`);
      const tree = await resv(["decode", CAPTURES + file]);
      assertEquals([tree.code, tree.err], [0, ""]);
      assertEquals(tree.out.match(/^Frame /gm)?.length, rsvp);
      assert(!tree.out.includes("undefined"), tree.out);
    },
  });
}
