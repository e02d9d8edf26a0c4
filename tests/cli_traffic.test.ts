/** `resv send` and `resv receive`: how packets are paced and counted, and both commands on real sockets. */
import { readFrame, RecordReader, writeFrame } from "../host/cli/traffic_frame.ts";
import { TrafficMeter } from "../host/cli/traffic_meter.ts";
import { TokenBucketPacer } from "../host/qos/pacer.ts";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "./assert.ts";
import { run } from "./cli_in_process.ts";
import { loopback } from "./loopback.ts";

const THIRD = loopback(9);
const ALICE = `127.${THIRD}.1.2`, BOB = `127.${THIRD}.1.3`;
const GROUP = `239.${THIRD}.1.1`;
/** No other program's service is joined or disturbed. */
const FOLDER = await Deno.makeTempDir({ prefix: "resv_traffic_" });
Deno.env.set("RESV_SOCKET", `${FOLDER}/resv.sock`);
globalThis.addEventListener("unload", () => {
  Deno.env.delete("RESV_SOCKET");
  Deno.removeSync(FOLDER, { recursive: true });
});
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const hex = (value: number, digits: number) => value.toString(16).toUpperCase().padStart(digits, "0");
/** Until somebody receives there ("127.9.1.3/5004"; a group at any address), however slow the machine is at the time. */
async function untilBound(protocol: "udp" | "tcp", at: string): Promise<void> {
  const [address, port] = at.split("/");
  // As the kernel writes it: the address as a number of a little-endian machine.
  const host = address === GROUP ? "[0-9A-F]{8}" : address.split(".").reverse().map((byte) => hex(+byte, 2)).join("");
  const place = new RegExp(`^ *\\d+: ${host}:${hex(+port, 4)} `, "m");
  for (let tries = 0; !place.test(await Deno.readTextFile(`/proc/net/${protocol}`)); tries++) {
    if (tries === 1_000) throw new Error(`nobody receives ${protocol} at ${at}`);
    await pause(10);
  }
}

Deno.test("send: a token bucket lets its depth go at once, then its rate, and never more", () => {
  const pacer = new TokenBucketPacer(1_000, 300, 0);
  assertEquals([1, 2, 3].map(() => pacer.take(100, 0)), [0, 0, 0]);
  assertEquals(pacer.take(100, 0), 100);
  assertEquals(pacer.take(100, 40), 60);
  assertEquals(pacer.take(100, 100), 0);
  assertEquals(pacer.take(100, 100), 100);
  // What is not used is kept up to the depth, and no further.
  assertEquals([1, 2, 3].map(() => pacer.take(100, 100_000)), [0, 0, 0]);
  assertEquals(pacer.take(100, 100_000), 100);
  pacer.bytesPerSecond = 500;
  assertEquals(pacer.take(100, 100_000), 200);
  // A packet that is larger than the bucket leaves when the bucket is full, and the debt is paid off afterwards.
  const small = new TokenBucketPacer(1_000, 50, 0);
  assertEquals([small.take(100, 0), small.take(100, 0)], [0, 100]);
});

Deno.test("send: over a long time the bytes of a token bucket are r t + b at the most, and nearly that", () => {
  const pacer = new TokenBucketPacer(8_500, 680, 0);
  let nowMs = 0, bytes = 0;
  while (nowMs < 60_000) {
    const delayMs = pacer.take(340, nowMs);
    if (delayMs === 0) bytes += 340;
    else nowMs += Math.ceil(delayMs);
  }
  assert(bytes <= 8_500 * 60.1 + 680 && bytes >= 8_500 * 59, `${bytes} bytes in a minute`);
});

const frame = (number: number, sentMs: number, last = false, runNumber = 1) => ({
  run: runNumber,
  number,
  last,
  sentMs,
});

Deno.test("receive: loss, lateness, duplicates and delay are counted, of all runs and of each interval", () => {
  const meter = new TrafficMeter();
  for (const [number, sentMs, nowMs] of [[0, 0, 10], [1, 20, 32], [3, 60, 70]]) {
    meter.arrive(frame(number, sentMs), 100, nowMs);
  }
  const first = meter.interval();
  assertEquals([first.packets, first.bytes, first.lost, first.late, first.duplicate], [3, 300, 1, 0, 0]);
  assertEquals([first.delay!.leastMs, first.delay!.mostMs], [10, 12]);
  meter.arrive(frame(2, 40), 100, 75);
  meter.arrive(frame(2, 40), 100, 76);
  meter.arrive(frame(5, 0, true), 24, 80);
  assertEquals(meter.ended, true);
  meter.arrive(frame(0, 0, false, 2), 100, 5);
  assertEquals(meter.ended, false);
  const total = meter.total();
  // Number 4 is missing: the run says that there were five.
  assertEquals([total.packets, total.bytes, total.lost, total.late, total.duplicate], [5, 500, 1, 1, 1]);
  assertAlmostEquals(total.delay!.meanMs, (10 + 12 + 10 + 35 + 5) / 5, 1e-9);
  // RFC 3550 6.4.1: J += (|D| - J) / 16, with D = 2, -2, 25.
  let jitter = 0;
  for (const difference of [2, 2, 25]) jitter += (difference - jitter) / 16;
  assertAlmostEquals(total.delay!.jitterMs, jitter, 1e-9);
  assertEquals(meter.interval().packets, 2);
});

Deno.test("receive: packets of somebody else are not counted, records of TCP come in any pieces, rubbish is refused", () => {
  assertEquals(readFrame(new Uint8Array(23)), undefined);
  assertEquals(readFrame(new Uint8Array(24)), undefined);
  const stream = new Uint8Array(2 * 40);
  for (const at of [0, 40]) {
    const view = new DataView(stream.buffer, at);
    view.setUint32(0, 40);
    writeFrame(new DataView(stream.buffer, at + 4), frame(at, 1.5, at === 40));
  }
  const reader = new RecordReader();
  const numbers: unknown[] = [];
  for (let at = 0; at < stream.length; at += 7) {
    for (const record of reader.push(stream.subarray(at, at + 7))) numbers.push(readFrame(record));
  }
  assertEquals(numbers, [frame(0, 1.5), frame(40, 1.5, true)]);
  assertThrows(() => [...new RecordReader().push(Uint8Array.of(0, 0, 0, 3))], RangeError);
  assertThrows(() => [...new RecordReader().push(Uint8Array.of(0x7f, 0, 0, 0))], RangeError);
});

/** Receives with `receive`, and sends with `send` as soon as there is who receives; both as JSON. */
async function transfer(receive: string[], send: string[]) {
  const receiving = run(["receive", "--address", `${BOB}/24`, "--json", "--duration", "20", ...receive]);
  await untilBound(receive.includes("--tcp") ? "tcp" : "udp", receive[receive.indexOf("--at") + 1]);
  const sent = await run(["send", "--address", `${ALICE}/24`, "--json", "--duration", "0.4", ...send]);
  const received = await receiving;
  assertEquals([sent.err, received.err, sent.code, received.code], ["", "", 0, 0]);
  return { sent: JSON.parse(sent.out), received: JSON.parse(received.out) };
}

// deno-lint-ignore no-explicit-any
const statuses = (summary: any) => summary.events.map(({ status }: { status: string }) => status);

Deno.test("send and receive: a voice over UDP with guaranteed service, confirmed, arrives whole", async () => {
  const voice = ["--service", "guaranteed"];
  const { sent, received } = await transfer(
    ["--at", `${BOB}/5004`, "--rate", "10k", "--confirm", ...voice],
    ["--to", `${BOB}/5004`, "--template", "G711", ...voice],
  );
  assertEquals([sent.reserved, statuses(sent)], [true, ["RECEIVERS"]]);
  assertEquals(sent.events[0].tokenRateBytesPerSecond, 10_000);
  // The sender's tear may come while the receiver waits for late packets, or after it has ended.
  assertEquals(statuses(received).slice(0, 2), ["SENDERS", "REQUEST_CONFIRMED"]);
  assertEquals([received.packets, received.lost, received.bytes], [sent.packets, 0, sent.packets * 340]);
  assert(sent.packets >= 2, "the bucket alone has two packets");
  assert(received.delay.leastMs <= received.delay.meanMs && received.delay.meanMs <= received.delay.mostMs);
});

Deno.test("send and receive: video to a group, reserved in shared explicit style for the sender", async () => {
  const { sent, received } = await transfer(
    ["--at", `${GROUP}/5010`, "--style", "se", "--sender", `${ALICE}/4000`],
    ["--to", `${GROUP}/5010`, "--from", "4000", "--rate", "250k"],
  );
  assertEquals([sent.reserved, received.packets, received.lossRatio], [true, sent.packets, 0]);
  assert(sent.packets > 2);
});

Deno.test("send and receive: a TCP connection with controlled load; the receiver ends when the sender does", async () => {
  const { sent, received } = await transfer(
    ["--tcp", "--at", `${BOB}/5020`],
    ["--tcp", "--to", `${BOB}/5020`, "--rate", "1M"],
  );
  assertEquals([sent.reserved, received.packets, received.bytes], [true, sent.packets, sent.bytes]);
});

Deno.test("send: several destinations of one socket are several sessions; one that is reserved for less goes slower", async () => {
  const { sent, received } = await transfer(
    ["--at", `${BOB}/5004`, "--rate", "5k"],
    ["--to", `${BOB}/5004`, "--to", `${BOB}/5006`, "--rate", "10k", "--wait", "2"],
  );
  const [first, second] = sent.destinations;
  assertEquals([first.reserved, first.pacedBytesPerSecond], [true, 5_000]);
  assertEquals([second.reserved, second.pacedBytesPerSecond, sent.reserved], [false, 10_000, false]);
  assertEquals(received.packets, first.packets);
});

Deno.test("send and receive: a person sees events, figures and a summary; without a reservation it says so", async () => {
  const receiving = run([
    ...["receive", "--address", `${BOB}/24`, "--at", `${BOB}/5004`, "--service", "best-effort", "--interval", "0.2"],
  ]);
  await untilBound("udp", `${BOB}/5004`);
  const options = ["--rate", "20k", "--size", "500", "--wait", "0.1", "--duration", "1", "--interval", "0.2"];
  const sent = await run(["send", "--address", `${ALICE}/24`, "--to", `${BOB}/5004`, ...options]);
  const received = await receiving;
  assert(/no reservation from .*:5004 within 0.1 s: sending as best effort\n/.test(sent.out), sent.out);
  assert(/kB\/s +\d+ packets\n/.test(sent.out), sent.out);
  assert(/sent \d+ packets, .* in \d\.\d s: .*, not reserved\n$/.test(sent.out), sent.out);
  assert(/received \d+ packets, .*, 0 lost, delay .* ms, jitter .* ms\n$/.test(received.out), received.out);
});

Deno.test("send and receive: what cannot be is one line that says what to do", async () => {
  const alice = ["--address", `${ALICE}/24`], to = ["--to", `${BOB}/5004`];
  const cases: [string[], number, string][] = [
    [["send", ...alice], 2, "say where to: --to 127.9.1.3:5004"],
    [["send", ...to, "--rate", "1k"], 1, "no signalling service runs here: say which address this host has"],
    [["send", ...alice, ...to], 2, "say what is sent: --rate BYTES or --template G711"],
    [["send", ...alice, ...to, "--rate", "0"], 2, '"0" is not a number from 1 on'],
    [["send", ...alice, ...to, "--template", "G7"], 1, 'no template "G7": there are G711, '],
    [["send", ...alice, ...to, "--rate", "1k", "--size", "40"], 2, "--size 40: a packet has at least 52 bytes"],
    [
      ["send", ...alice, ...to, "--rate", "1k", "--service", "gold"],
      2,
      'no service "gold": there are controlled-load, ',
    ],
    [["send", ...alice, ...to, ...to, "--tcp", "--rate", "1k"], 2, "a TCP connection has one peer"],
    [["send", ...alice, ...to, "--tcp", "--rate", "1k"], 1, "ECONNREFUSED"],
    [["send", ...alice, ...to, "--to", `${GROUP}/1`, "--rate", "1k"], 2, "to groups or to hosts, not to both"],
    [["send", ...alice, "--to", "[2001:db8::1]:5", "--rate", "1k"], 1, "none of this host's addresses is IPv6"],
    [["send", ...alice, ...to, "--rate", "1k", "--required", "--wait", "0.05"], 1, "no reservation from"],
    [["send", ...alice, "--to", BOB], 2, "is not an address with a port"],
    [["send", ...alice, "--to", `${BOB}:5004/TCP`, "--rate", "1k"], 2, `${BOB}:5004/TCP needs --tcp`],
    [["receive", ...alice, "--at", `${BOB}:5004/SCTP`], 2, `${BOB}:5004/SCTP: here it is UDP, or TCP with --tcp`],
    [["receive", ...alice], 2, "say where: --at 127.9.1.3:5004, or a group"],
    [["receive", ...alice, "--at", `${ALICE}/1`, "--style", "xx"], 2, 'no style "xx": there are wf, ff, se'],
    [["receive", ...alice, "--at", `${ALICE}/1`, "--style", "ff"], 2, "--style ff needs --sender"],
    [["receive", ...alice, "--at", `${ALICE}/1`, "--sender", `${BOB}/1`], 2, "--sender goes with --style ff or se"],
    [
      ["receive", ...alice, "--at", `${ALICE}/1`, "--tcp", "--style", "se", "--sender", `${BOB}/1`],
      2,
      "has one sender",
    ],
    [["receive", ...alice, "--at", `${GROUP}/1`, "--tcp"], 2, "TCP has no groups"],
    [["receive", ...alice, "--at", `${ALICE}/5004`, "--service", "general"], 1, "[ESERVICETYPE 11016]"],
    [["receive", ...alice, "--at", "192.0.2.7/5004"], 1, "192.0.2.7 is not an address of this machine"],
    [["receive", ...alice, "--at", `${ALICE}/5004`, "--duration", "0.05"], 1, "nothing has arrived"],
    [["receive", ...alice, "--at", `${ALICE}/5004`, "--duration", "0"], 2, '"0" is not a number of seconds above 0'],
  ];
  for (const [args, expected, words] of cases) {
    const { code, err } = await run(args);
    assert(err.includes(words) && err.split("\n").length === 2, `${args.join(" ")}: ${err}`);
    assertEquals(code, expected, args.join(" "));
  }
});
