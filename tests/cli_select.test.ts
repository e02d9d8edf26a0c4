/** What `resv decode` shows of a capture when asked for a part: types, sessions, columns; and what it draws meanwhile. */
import { readPlace } from "../host/cli/place_argument.ts";
import { Progress } from "../host/cli/progress.ts";
import { formatSession } from "../host/cli/session_name.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "./assert.ts";
import { ethernet, ipv4, pcap } from "./capture_samples.ts";
import { jsonLines, run, withFile } from "./cli_in_process.ts";
import { bytesOf, PATH, PATH_WITH_ADSPEC, RESV } from "./codec_vectors.ts";
import { CAPTURES, needs } from "./require.ts";
import { hex, message, object } from "./wire_samples.ts";

const path = bytesOf(PATH), resv = bytesOf(RESV);
/** The same Path for 192.0.2.20 port 5005. */
const otherPath = message(1, [object(1, 1, "c00002141100138d"), path.subarray(20)]);
const broken = bytesOf(PATH);
broken[21] = 5;
/** A Bundle with the Resv inside. */
const bundle = hex("100c00003f000068" + RESV);
/** A tunnel's Path (RFC 3209): 10.33.0.1, tunnel 4. */
const tunnel = message(1, [object(1, 7, "0a21000100000004" + "0a1f0001")]);
/** A Path whose sender chose a name with all that may confuse. */
const named = message(1, [
  object(1, 1, "c00002141100138c"),
  object(207, 7, "0707040c" + "22747970653a322c5c0a0922".padEnd(24, "0")),
]);

const SAMPLE = pcap([path, resv, otherPath, broken, bundle, tunnel, named].map((one) => ethernet(0x0800, ipv4(one))));

async function frames(...args: string[]): Promise<number[]> {
  const asked = await run(["decode", "--ndjson", ...args, "-"], { input: SAMPLE as Uint8Array<ArrayBuffer> });
  assertEquals([asked.code, asked.err], [0, ""]);
  const inArray = await run(["decode", "--json", ...args, "-"], { input: SAMPLE as Uint8Array<ArrayBuffer> });
  assertEquals(JSON.parse(inArray.out), jsonLines(asked.out));
  const tree = await run(["decode", ...args, "-"], { input: SAMPLE as Uint8Array<ArrayBuffer> });
  const shown = [...tree.out.matchAll(/^Frame (\d+) /gm)].map((match) => Number(match[1]));
  const found = jsonLines(asked.out).map(({ frame }) => frame);
  assertEquals(shown, found, "the tree shows the same messages");
  if (args.length > 0) assertStringIncludes(tree.out, `${found.length} shown of 7 RSVP messages in 7 frames`);
  return found;
}

Deno.test("decode --type shows messages of these types, broken ones and Bundles with such a message too", async () => {
  assertEquals(await frames(), [1, 2, 3, 4, 5, 6, 7]);
  assertEquals(await frames("--type", "Path"), [1, 3, 4, 6, 7]);
  assertEquals(await frames("--type", "resv"), [2, 5]);
  assertEquals(await frames("--type", "Resv,bundle"), [2, 5]);
  assertEquals(await frames("--type", "1,12"), [1, 3, 4, 5, 6, 7]);
  assertEquals(await frames("--type", "Hello"), []);
});

Deno.test("decode --session shows messages of one session, by address and port, tunnel or virtual port", async () => {
  assertEquals(await frames("--session", "192.0.2.20"), [1, 2, 3, 5, 7]);
  assertEquals(await frames("--session", "192.0.2.20/5004"), [1, 2, 5, 7]);
  assertEquals(await frames("--session", "192.0.2.20/5005"), [3]);
  // As tables and ladders have it.
  assertEquals(await frames("--session", "192.0.2.20:5004/UDP"), [1, 2, 5, 7]);
  assertEquals(await frames("--session", "192.0.2.20:5004/TCP"), []);
  assertEquals(await frames("--session", "10.33.0.1/4"), [6]);
  assertEquals(await frames("--session", "10.33.0.1"), [6]);
  // The sender's address is no session's.
  assertEquals(await frames("--session", "192.0.2.10"), []);
  assertEquals(await frames("--type", "Resv", "--session", "192.0.2.20/5004"), [2, 5]);
});

Deno.test("a session is read back as it is printed, and in the other spellings that people know", () => {
  for (const address of ["10.0.0.1", "2001:db8::1"]) {
    for (const port of [0, 7, 5004, 65535]) {
      for (const protocol of [6, 17, 89, 200, 255]) {
        const text = formatSession(address, port, protocol), place = readPlace(text);
        assertEquals([place?.address, place?.port ?? 0, place?.protocol], [address, port, protocol], text);
      }
    }
    for (const text of [`${address}/5004`, `[${address}]:5004`, `[${address}]/5004`]) {
      assertEquals(readPlace(text), { address, port: 5004, protocol: undefined }, text);
      assertEquals(readPlace(`${text}/tcp`), { address, port: 5004, protocol: 6 }, text);
    }
    for (const text of [address, `[${address}]`]) {
      assertEquals(readPlace(text), { address, port: undefined, protocol: undefined }, text);
    }
  }
  for (
    const text of [
      "",
      "10.0.0",
      "10.0.0.1:",
      "10.0.0.1/",
      "10.0.0.1:65536",
      "10.0.0.1:5:6",
      "[10.0.0.1",
      "a/5",
      "::1]:5",
    ]
  ) {
    assertEquals(readPlace(text), undefined, text);
  }
});

Deno.test("decode --session takes IPv6 in any spelling", async () => {
  const six = message(1, [object(1, 2, "20010db8000000000000000000000014" + "1100138c")]);
  const input = pcap([ethernet(0x0800, ipv4(six))]) as Uint8Array<ArrayBuffer>;
  for (const text of ["2001:db8::14", "2001:0DB8:0:0::0014/5004"]) {
    assertEquals(jsonLines((await run(["decode", "--ndjson", "--session", text, "-"], { input })).out).length, 1);
  }
  assertEquals((await run(["decode", "--ndjson", "--session", "2001:db8::14/1", "-"], { input })).out, "");
});

Deno.test("decode --fields prints columns: members of the line, of named objects and items, of any object", async () => {
  const fields =
    "frame,source,message,SESSION.destinationPort,PATH_MTU.mtuBytes,sourceAddress,objects.name,sessionName";
  const input = pcap([path, bytesOf(PATH_WITH_ADSPEC), named].map((one) => ethernet(0x0800, ipv4(one))));
  const { code, out } = await run(["decode", "--fields", fields, "-"], { input: input as Uint8Array<ArrayBuffer> });
  const names = "SESSION,RSVP_HOP,TIME_VALUES,SENDER_TEMPLATE,SENDER_TSPEC";
  assertEquals(code, 0);
  assertEquals(out.split("\n"), [
    fields.replaceAll(",", "\t"),
    `1\t192.0.2.10\tPath\t5004\t\t192.0.2.10\t${names}\t`,
    `2\t192.0.2.10\tPath\t5004\t1500\t192.0.2.10\t${names},ADSPEC\t`,
    '3\t192.0.2.10\tPath\t5004\t\t\tSESSION,SESSION_ATTRIBUTE\t"type:2,\\\\\\n\\t"',
    "",
  ]);
});

Deno.test("decode --fields: several values, lists and whole objects stand in one column", async () => {
  const filters = ["c000020a00000fa0", "c000020b00000fa1"].map((body) => object(10, 1, body));
  const input = pcap([ethernet(0x0800, ipv4(message(2, [object(8, 1, "00000012"), ...filters])))]);
  const fields = "FILTER_SPEC.sourceAddress,STYLE,sourcePort,problems.status";
  const { out } = await run(["decode", "--fields", fields, "-"], { input: input as Uint8Array<ArrayBuffer> });
  const [addresses, style, ports, problems] = out.split("\n")[1].split("\t");
  assertEquals([addresses, ports], ["192.0.2.10,192.0.2.11", "4000,4001"]);
  assertEquals(JSON.parse(style).optionVector, 0x12);
  assertMatch(problems, /^MISSING_OBJECT/);
});

Deno.test("decode says in one line which type, session or field is not understood, and which options exclude each other", async () => {
  const cases: [string[], RegExp][] = [
    [["--type", "Pathh"], /^resv: --type: "Pathh" is no message type; there are Path, Resv, .*\n$/],
    [["--type", "256"], /no message type/],
    [["--session", "10.0.0"], /^resv: --session: "10\.0\.0" is no address \(ADDR\[:PORT\]\[\/PROTOCOL\]\)\n$/],
    [["--session", "10.0.0.1/65536"], /^resv: --session: "10\.0\.0\.1\/65536" is no address .*\n$/],
    [["--session", "10.0.0.1:5/IQ"], /^resv: --session: "IQ" is no IP protocol; say UDP, TCP or a number\n$/],
    [
      ["--fields", "frame,destinationport"],
      /^resv: --fields: no field "destinationport"; did you mean "destinationPort"\?\n$/,
    ],
    [["--fields", "SESSION.xyz"], /^resv: --fields: no field "xyz"; --json shows them all\n$/],
    [["--fields", ""], /no field ""/],
    [["--json", "--fields", "frame"], /^resv: --json and --fields exclude each other; choose one\n$/],
  ];
  for (const [args, expected] of cases) {
    const { code, out, err } = await run(["decode", ...args, "-"]);
    assertEquals([code, out], [2, ""]);
    assertMatch(err, expected);
  }
});

Deno.test("decode says how many frames it skipped because of their link type", async () => {
  const input = pcap([path, path], { link: 105 }) as Uint8Array<ArrayBuffer>;
  for (const form of [[], ["--ndjson"], ["--json"]]) {
    const { code, err } = await run(["decode", ...form, "-"], { input });
    assertEquals([code, err], [0, "resv: 2 frames skipped: of a link type that is not read\n"]);
  }
});

Deno.test("the tree shows the messages in a Bundle, each with its own header and objects", async () => {
  const { out } = await run(["decode", "--type", "Bundle", "-"], { input: SAMPLE as Uint8Array<ArrayBuffer> });
  assertMatch(out, /^ +0 {2}Bundle {2}104 bytes/m);
  assertMatch(out, /^ +bundled message 1 {2}at byte 8, 96 bytes$/m);
  assertMatch(out, /^ +0 {2}Resv {2}96 bytes, .*checksum ok/m);
  assertMatch(out, /^ +destinationPort {2}5004$|^ +18 +destinationPort {2}5004$/m);
});

Deno.test("a progress bar grows, tells rate and time left, and goes away", () => {
  const written: string[] = [];
  let now = 0;
  const bar = new Progress((text) => void written.push(text), "big.pcap", 1_000_000_000, () => now);
  now = 100;
  bar.advance(50_000_000);
  assertEquals(written, [], "what is done soon needs no bar");
  now = 500;
  bar.advance(250_000_000);
  now = 550;
  bar.advance(260_000_000);
  now = 1500;
  bar.advance(750_000_000);
  bar.end();
  assertEquals(written, [
    "\r\x1b[Kbig.pcap  [######..................]  25% of 1 GB  500 MB/s  2 s left",
    "\r\x1b[Kbig.pcap  [##################......]  75% of 1 GB  500 MB/s  1 s left",
    "\r\x1b[K",
  ]);
  const unknown: string[] = [];
  const pipe = new Progress((text) => void unknown.push(text), "-", undefined, () => now);
  now = 2500;
  pipe.advance(123_000_000);
  assertEquals(unknown, ["\r\x1b[K-  123 MB  123 MB/s"]);
});

Deno.test("a progress bar is drawn on a terminal only, and only where the output goes elsewhere", () => {
  const err = { isTerminal: true, write: () => {} };
  assert(Progress.of({ out: { isTerminal: false }, err }, "x", 1) !== undefined);
  assertEquals(Progress.of({ out: { isTerminal: true }, err }, "x", 1), undefined);
  assertEquals(Progress.of({ out: { isTerminal: false }, err: { ...err, isTerminal: false } }, "x", 1), undefined);
});

Deno.test("a capture larger than any buffer is read in constant memory", async () => {
  // 64 MB of Paths; what is printed is counted and forgotten.
  const one = pcap([ethernet(0x0800, ipv4(path))]), record = one.subarray(24);
  const block = new Uint8Array(record.length * 1000);
  for (let at = 0; at < block.length; at += record.length) block.set(record, at);
  const blocks = Math.ceil(64e6 / block.length);
  await withFile(one.subarray(0, 24), async (file) => {
    const handle = await Deno.open(file, { append: true });
    for (let index = 0; index < blocks; index++) await handle.write(block);
    handle.close();
    const status = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--ext=ts", READ_AND_MEASURE, new URL("../host/cli/", import.meta.url).href, file],
      env: { DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" },
    }).output();
    assertEquals(new TextDecoder().decode(status.stderr), "");
    const { lines, grownBytes } = JSON.parse(new TextDecoder().decode(status.stdout));
    assertEquals(lines, blocks * 1000);
    assert(grownBytes < 48e6, `${grownBytes} bytes more than at the start`);
  });
});

/** A process that decodes the file, counts lines, and says how far its memory grew. */
const READ_AND_MEASURE = `
  const [base, file] = Deno.args;
  const { runResv } = await import(base + "application.ts");
  const { Output } = await import(base + "output.ts");
  let lines = 0, first = 0, highest = 0;
  const count = (bytes) => {
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines++;
    const { rss } = Deno.memoryUsage();
    first ||= rss;
    highest = Math.max(highest, rss);
  };
  const output = (write) => new Output({ write, isTerminal: false, noColor: true, onClosed: () => Deno.exit(1) });
  const err = output((bytes) => Deno.stderr.writeSync(bytes));
  await runResv(["decode", "--ndjson", file], { out: output(count), err, standardInput: new ReadableStream() });
  console.log(JSON.stringify({ lines, grownBytes: highest - first }));`;

/** What must be said of each broken message beside the repository: message, object, offset, reason. */
const EXPLAINED: Readonly<Record<string, readonly RegExp[]>> = {
  "hexvec-juniper-hello-snap64.pcap": [
    /^ +0 {2}Hello {2}30 bytes arrived$/m,
    /^ +8 {2}HELLO REQUEST {2}class 22 C-Type 1, 12 bytes/m,
    /^ +6 {2}! RSVP length does not match what arrived: byte 6; it says 40, and 30 bytes arrived {2}RFC 2205 3\.1\.1$/m,
    /^ +20 {2}! object runs past the end of the message: class 131 C-Type 1 RESTART_CAP at byte 20; its length says 12, and 10 bytes are left/m,
  ],
  "tcpdump__rsvp-infinite-loop.pcap": [
    /^ +0 {2}Hello {2}20 bytes arrived$/m,
    /^ +8 {2}EXPLICIT_ROUTE {2}class 20 C-Type 1, 8 bytes/m,
    /^ +16 {2}! object length is below 4 or not a multiple of 4: byte 16; its length says 0, and 4 bytes are left/m,
  ],
  "tcpdump__rsvp_uni-oobr-1.pcap": [
    /^ +0 {2}Hello {2}20 bytes arrived$/m,
    /^ +6 {2}! RSVP length does not match what arrived: byte 6; it says 65527, and 20 bytes arrived/m,
    /^ +8 {2}GENERALIZED_UNI {2}class 229 C-Type 1, 12 bytes/m,
    /malformed: GENERALIZED_UNI length at 12: 2 is less than its header/,
  ],
  "tcpdump__rsvp_uni-oobr-3.pcap": [
    /^ +6 {2}! RSVP length does not match what arrived: byte 6; it says 65527, and 20 bytes arrived/m,
    /^ +8 {2}GENERALIZED_UNI {2}class 229 C-Type 1, 12 bytes/m,
    /malformed: GENERALIZED_UNI length at 12: 1 is less than its header/,
  ],
};

for (const [file, explained] of Object.entries(EXPLAINED)) {
  Deno.test({
    name: `${file}: every broken message is explained: message, object, offset, reason`,
    ...needs("captures"),
    async fn() {
      const { code, out } = await run(["decode", CAPTURES + file]);
      assertEquals(code, 0);
      for (const pattern of explained) assertMatch(out, pattern);
      const lines = jsonLines((await run(["decode", "--ndjson", CAPTURES + file])).out);
      assert(lines.length > 0);
      for (const { message, type, error, bytes } of lines) {
        assertEquals([message, type], ["Hello", 20]);
        assert(error.status === "BAD_LENGTH" || error.status === "OBJECT_LENGTH", error.status);
        assert(error.offset < bytes.length / 2);
      }
    },
  });
}
