/** Captures as streams of messages: the same as lines of NDJSON say, in chunks of any size, in any runtime. */
import { fileURLToPath } from "node:url";
import { type CaptureEntry, CaptureError, CaptureStream, decodeCapture, encode, type MessageInput } from "../mod.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "./assert.ts";
import { ethernet, ipv4, ipv6, join, pcap, udp } from "./capture_samples.ts";
import { jsonLines, run, withFile } from "./cli_in_process.ts";
import { bytesOf, PATH, RESV } from "./codec_vectors.ts";
import { CAPTURES, has, needs } from "./require.ts";

const path = bytesOf(PATH), resv = bytesOf(RESV);
const broken = bytesOf(PATH);
broken[21] = 5;

/** Messages of every kind of place. */
const SAMPLE = pcap([
  ethernet(0x0800, ipv4(path, { options: bytesOf("94040000"), ttl: 7 })),
  ethernet(0x86dd, ipv6(udp(resv), 17)),
  ethernet(0x8847, join(bytesOf("00010140"), ipv4(path))),
  ethernet(0x0800, ipv4(broken)),
  ethernet(0x0800, ipv4(path.subarray(0, 64), { identification: 9, fragment: [0, true] })),
  ethernet(0x0800, ipv4(path.subarray(64), { identification: 9, fragment: [64, false] })),
  ethernet(0x0800, ipv4(join(bytesOf("0b00000000000000"), ipv4(path).subarray(0, 48)), { protocol: 1 })),
  ethernet(0x0800, new Uint8Array(40)),
]);

function chunksOf(bytes: Uint8Array, size: number): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at += size));
    },
  });
}

async function streamed(bytes: Uint8Array, size: number): Promise<CaptureEntry[]> {
  const entries: CaptureEntry[] = [];
  for await (const entry of chunksOf(bytes, size).pipeThrough(new CaptureStream())) entries.push(entry);
  return entries;
}

/** Words of errors and problems that lines leave out. */
function asInLine(entry: CaptureEntry): unknown {
  const plain = JSON.parse(JSON.stringify(entry));
  for (const problem of [plain.error, ...plain.problems ?? [], ...plain.messages ?? []]) {
    delete problem?.text;
    delete problem?.rfc;
  }
  return plain;
}

Deno.test("a capture piped through CaptureStream gives what resv decode --ndjson prints, whatever the chunks", async () => {
  const lines = jsonLines((await run(["decode", "--ndjson", "-"], { input: SAMPLE as Uint8Array<ArrayBuffer> })).out);
  assertEquals(lines.length, 6);
  assertEquals(lines.map(({ frame }) => frame), [1, 2, 3, 4, 6, 7]);
  for (const size of [1, 17, 1000, SAMPLE.length]) assertEquals((await streamed(SAMPLE, size)).map(asInLine), lines);
  const all = decodeCapture(SAMPLE);
  const entries: CaptureEntry[] = [];
  let step = all.next();
  for (; !step.done; step = all.next()) entries.push(step.value);
  assertEquals(entries.map(asInLine), lines);
  assertEquals(step.value, { frames: 8, messages: 6, unknownLinkFrames: 0 });
});

Deno.test("members come in the order of a line, so that both read the same to people", async () => {
  const [first] = await streamed(SAMPLE, 4096);
  const [line] = jsonLines((await run(["decode", "--ndjson", "-"], { input: SAMPLE as Uint8Array<ArrayBuffer> })).out);
  assertEquals(JSON.stringify(first), JSON.stringify(line));
});

Deno.test("the type of an entry tells its objects apart, and whole messages are encoded again", async () => {
  for (const entry of await streamed(SAMPLE, 4096)) {
    if (entry.error) {
      assertEquals(typeof entry.error.text, "string");
      continue;
    }
    const session = entry.objects.find((object) => object.name === "SESSION");
    assert(session?.name === "SESSION" && "destinationPort" in session);
    assertEquals(session.destinationPort, 5004);
    const message: MessageInput = entry;
    assertEquals(encode(message), entry.message === "Path" ? path : resv);
  }
});

Deno.test("a capture that is cut gives the messages before the cut, then says where it was cut", async () => {
  const whole = pcap([ipv4(path), ipv4(resv), ipv4(path)], { link: 101 });
  const cut = whole.slice(0, whole.length - 9);
  const seen: CaptureEntry[] = [];
  const stream = new CaptureStream();
  const error = await assertRejects(async () => {
    for await (const entry of chunksOf(cut, 5000).pipeThrough(stream)) seen.push(entry);
  }, CaptureError);
  assertEquals(seen.map(({ message }) => message), ["Path", "Resv"]);
  assertEquals([error.status, error.offset], ["CUT_RECORD", 24 + 2 * 36 + path.length + resv.length]);
  assertEquals(await stream.totals, undefined);
  const text = new TextEncoder().encode("no capture");
  assertEquals((await assertRejects(() => streamed(text, 3), CaptureError)).status, "NOT_A_CAPTURE");
  assertEquals(assertThrows(() => [...decodeCapture(text)], CaptureError).status, "NOT_A_CAPTURE");
});

Deno.test("whoever stops reading stops the source; totals are there after the last message", async () => {
  let pulled = 0, cancelled = false;
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(pulled++ === 0 ? SAMPLE.slice(0, 24) : SAMPLE.slice(24));
    },
    cancel: () => void (cancelled = true),
  });
  for await (const entry of source.pipeThrough(new CaptureStream())) {
    assertEquals(entry.frame, 1);
    break;
  }
  // The pipe hears of it in its own time.
  for (let turn = 0; turn < 100 && !cancelled; turn++) await new Promise((done) => setTimeout(done, 1));
  assert(cancelled);
  assert(pulled < 10, `${pulled} chunks were read ahead`);
  const stream = new CaptureStream();
  for await (const _ of chunksOf(SAMPLE, 100).pipeThrough(stream));
  assertEquals(await stream.totals, { frames: 8, messages: 6, unknownLinkFrames: 0 });
});

Deno.test("memory does not grow with the capture", async () => {
  const frame = SAMPLE.slice(24, 24 + 16 + 14 + 24 + path.length);
  const block = new Uint8Array(frame.length * 2000);
  for (let at = 0; at < block.length; at += frame.length) block.set(frame, at);
  let sent = 0;
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent === 100) return controller.close();
      controller.enqueue(sent++ === 0 ? SAMPLE.slice(0, 24) : block);
    },
  });
  let count = 0, highest = 0;
  for await (const _ of source.pipeThrough(new CaptureStream())) {
    if (++count % 20000 === 0) highest = Math.max(highest, Deno.memoryUsage().external);
  }
  assertEquals(count, 99 * 2000);
  assert(highest < 64 << 20, `${highest} bytes outside the heap`);
});

Deno.test("the example says what is in a capture", async () => {
  await withFile(SAMPLE, async (file) => {
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--allow-read", "examples/capture_stream.ts", file],
      cwd: fileURLToPath(new URL("..", import.meta.url)),
      env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    }).output();
    assertEquals([code, new TextDecoder().decode(stdout)], [
      0,
      `frame 1: 192.0.2.10 sends 12500 bytes/s
frame 3: 192.0.2.10 sends 12500 bytes/s
frame 4: object length is below 4 or not a multiple of 4: class 3 C-Type 1 RSVP_HOP at byte 20
frame 6: 192.0.2.10 sends 12500 bytes/s
frame 7: RSVP length does not match what arrived: byte 6
6 messages in 8 frames
`,
    ]);
  });
});

Deno.test({
  name: "Node streams a capture as Deno does",
  ...needs("node"),
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "resv_stream_" });
    try {
      const root = fileURLToPath(new URL("..", import.meta.url));
      const bundled = await new Deno.Command(Deno.execPath(), {
        args: ["bundle", "--quiet", "--platform", "browser", "-o", `${folder}/mod.mjs`, "host/capture_stream.ts"],
        cwd: root,
        env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
      }).output();
      assert(bundled.success, new TextDecoder().decode(bundled.stderr));
      const script = `import { CaptureStream } from "./mod.mjs";
        import { createReadStream } from "node:fs";
        import { Readable } from "node:stream";
        const bytes = Readable.toWeb(createReadStream(process.argv[2], { highWaterMark: 100 }));
        for await (const entry of bytes.pipeThrough(new CaptureStream())) console.log(JSON.stringify(entry));`;
      await Deno.writeTextFile(`${folder}/main.mjs`, script);
      await Deno.writeFile(`${folder}/sample.pcap`, SAMPLE);
      const { stdout, stderr } = await new Deno.Command("node", {
        args: [`${folder}/main.mjs`, `${folder}/sample.pcap`],
      }).output();
      assertEquals(new TextDecoder().decode(stderr), "");
      const entries = await streamed(SAMPLE, 4096);
      assertEquals(jsonLines(new TextDecoder().decode(stdout)), JSON.parse(JSON.stringify(entries)));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

for (const file of has("captures") ? [...Deno.readDirSync(CAPTURES)].map(({ name }) => name) : []) {
  if (!/\.p?cap$/.test(file)) continue;
  Deno.test(`${file}: the stream gives what the lines say`, async () => {
    const lines = jsonLines((await run(["decode", "--ndjson", CAPTURES + file])).out);
    assertEquals((await streamed(await Deno.readFile(CAPTURES + file), 777)).map(asInLine), lines);
  });
}
