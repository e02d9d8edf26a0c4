/** `resv call`: the language, line by line, and two hosts that call each other over real sockets. */
import { LanguageError, parseLine } from "../host/cli/call_language.ts";
import { openQosHost } from "../host/qos/host.ts";
import { assert, assertEquals, assertThrows } from "./assert.ts";
import { jsonLines, run, withFile } from "./cli_in_process.ts";
import { commandLine } from "./cli_process.ts";
import { loopback } from "./loopback.ts";
import { needs } from "./require.ts";

const NETWORK = `127.${loopback(9)}.1`;
const ALICE = `${NETWORK}.2`, BOB = `${NETWORK}.3`;
/** No other program's service is joined or disturbed. */
const FOLDER = await Deno.makeTempDir({ prefix: "resv_call_" });
Deno.env.set("RESV_SOCKET", `${FOLDER}/resv.sock`);
globalThis.addEventListener("unload", () => {
  Deno.env.delete("RESV_SOCKET");
  Deno.removeSync(FOLDER, { recursive: true });
});
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const TSPEC = { form: 18, service: 1 };
const bucket = (r: number, b: number, p = Infinity, m = 64, M = 1500) => ({
  tokenBucketSizeBytes: b,
  tokenBucketRateBytesPerSecond: r,
  peakRateBytesPerSecond: p,
  minimumPolicedUnitBytes: m,
  maximumPacketSizeBytes: M,
});
const cl = (...numbers: Parameters<typeof bucket>) => ({
  ...{ form: 3, service: 2, ...bucket(...numbers) },
  ...{ rateBytesPerSecond: 0, slackTermMicroseconds: 0 },
});

// deno-lint-ignore no-explicit-any
const MEANS: [string, any][] = [
  ["", {}],
  ["  # nothing", {}],
  ["T3", { thread: 3 }],
  ["t 12 status", { thread: 12, command: { verb: "status" } }],
  ["dest udp 10.0.0.1:5004", dest(17, "10.0.0.1", 5004)],
  ["session tcp 10.0.0.1/80", dest(6, "10.0.0.1", 80)],
  ["DEST gpi intserv PROTO 50 [2001:db8::1]:7", dest(50, "2001:db8::1", 7, true, true)],
  ["des proto 89 10.0.0.1", dest(89, "10.0.0.1", 0)],
  ["sender", { command: { verb: "sender", sender: null } }],
  ["sender 4000 [t 8500 680]", sender({ port: 4000, tspec: { ...TSPEC, ...bucket(8500, 680) } })],
  [
    "sender 10.0.0.2:4000 [T 0x100 680.5 inf 40 100] # voice",
    sender({ address: "10.0.0.2", port: 4000, tspec: { ...TSPEC, ...bucket(256, 680.5, Infinity, 40, 100) } }),
  ],
  [
    "sender 2001:db8::1/5 [ t 1 2 3 ]",
    sender({ address: "2001:db8::1", port: 5, tspec: { ...TSPEC, ...bucket(1, 2, 3) } }),
  ],
  [
    "sender 2001:db8::1/FL7 [t 1 2]",
    sender({ address: "2001:db8::1", port: 0, flowLabel: 7, tspec: { ...TSPEC, ...bucket(1, 2) } }),
  ],
  ["reserve", { command: { verb: "reserve", reservation: null } }],
  ["reserve ff", { command: { verb: "reserve", receiver: undefined, reservation: null } }],
  ["reserve wf [cl 1 2]", reserve(1, [], [cl(1, 2)])],
  ["res wf * [cl 1 2 3 4]", reserve(1, [], [cl(1, 2, Infinity, 3, 4)])],
  ["reserve 10.0.0.9 se 10.0.0.1:1 10.0.0.2:2 [cl 1 2]", {
    command: {
      verb: "reserve",
      receiver: "10.0.0.9",
      reservation: {
        styleId: 3,
        filters: [{ address: "10.0.0.1", port: 1 }, { address: "10.0.0.2", port: 2 }],
        flowspecs: [cl(1, 2)],
      },
    },
  }],
  [
    "reserve ff 10.0.0.1:1 [cl 1 2] 2001:db8::1/FL0x123 [g 5 6 3 4]",
    reserve(2, [{ address: "10.0.0.1", port: 1 }, { address: "2001:db8::1", flowLabel: 0x123 }], [
      cl(1, 2),
      { ...cl(3, 4), service: 3, rateBytesPerSecond: 5, slackTermMicroseconds: 6 },
    ]),
  ],
  ["waitevent resv", { command: { verb: "waitevent", event: "resv", seconds: 10 } }],
  ["wait NOPATH 0.5", { command: { verb: "waitevent", event: "nopath", seconds: 0.5 } }],
  ["sl 2", { command: { verb: "sleep", seconds: 2 } }],
  ["ttl 7", { command: { verb: "ttl", ttl: 7 } }],
  ["auth CN=alice of here", { command: { verb: "auth", text: "CN=alice of here" } }],
  ["echo a  b", { command: { verb: "echo", text: "a  b" } }],
  ["?", { command: { verb: "help" } }],
  ["rel", { command: { verb: "close" } }],
  ["q", { command: { verb: "quit" } }],
];

function dest(protocol: number, address: string, port: number, generalized = false, intServ = false) {
  return { command: { verb: "dest", generalized, intServ, protocol, place: { address, port } } };
}
function sender(value: unknown) {
  return { command: { verb: "sender", sender: value } };
}
function reserve(styleId: number, filters: unknown[], flowspecs: unknown[]) {
  return { command: { verb: "reserve", receiver: undefined, reservation: { styleId, filters, flowspecs } } };
}

Deno.test("call language: what each line means", () => {
  for (const [line, meaning] of MEANS) {
    const { thread, command } = parseLine(line);
    assertEquals({ thread, command } as unknown, { thread: undefined, command: undefined, ...meaning }, line);
  }
});

Deno.test("call language: what means nothing is refused in words that name it", () => {
  const cases: [string, string][] = [
    ["foo", 'no command "foo"'],
    ["hlep", 'did you mean "help"?'],
    ["s", "may be session or sender or status or sleep"],
    ["data 5 100", "`resv send` sends data"],
    ["hexmsg path", "`resv encode` makes messages"],
    ["T0 quit", "threads are numbered from 1"],
    ["quit now", '"now" is one word too many'],
    ["dest", '"" is not udp'],
    ["dest sctp 10.0.0.1", '"sctp" is not udp'],
    ["dest proto 256 10.0.0.1", "256 is not from 0 to 255"],
    ["dest udp", "a destination is missing"],
    ["dest udp nowhere:5", '"nowhere:5" is not a destination'],
    ["dest udp 10.0.0.1:x", 'port: "x" is not a number'],
    ["sender 4000", "a Tspec: [t r b p m M] is missing"],
    ["sender 4000 [cl 1 2]", "a Tspec begins with [t, not [cl"],
    ["sender 4000 [t 1]", "a Tspec has r and b"],
    ["sender 4000 [t 1 2", "the ] is missing"],
    ["sender 4000 [t inf 2]", 'r: "inf" is not a number'],
    ["reserve xf", '"xf" is not a style'],
    ["reserve wf [xx 1 2]", "a flowspec begins with [cl or [g, not [xx"],
    ["reserve wf [cl 1 2 3 4 5]", "controlled load has r and b"],
    ["reserve wf [g 1 2 3]", "guaranteed service has R, S, r and b"],
    ["reserve se [cl 1 2]", '"[" is not a sender'],
    ["waitevent rain", '"rain" is not an event: path, nopath'],
    ["sleep", "the number of seconds is missing"],
    ["ttl 256", "256 is not from 0 to 255"],
  ];
  for (const [line, words] of cases) {
    const { message } = assertThrows(() => parseLine(line), LanguageError, undefined, line);
    assert(message.includes(words) && !message.includes("\n"), `${line}: ${message}`);
  }
});

Deno.test("call: a script announces, another host reserves by commands, is confirmed and gives it up", async () => {
  const script = [
    "# the sender",
    `dest udp ${BOB}/5004`,
    "auth CN=alice",
    "ttl 12",
    "sender 4000 [t 8500 680 17000 340 340]",
    `T2 dest udp ${BOB}:5006`,
    "sender 4002 [t 100 680]",
    "status",
    "T1 waitevent resv",
    "waitevent noresv",
    "close",
    "echo done",
  ].join("\n");
  const receiver = run([
    ...["call", "--address", `${BOB}/24`, "--json"],
    `dest udp ${BOB}/5004`,
    "waitevent path",
    "confirm",
    `reserve ff ${ALICE}/4000 [g 10000 0 8500 680 17000 340 340]`,
    "waitevent confirm",
    "reserve",
    "waitevent nopath",
  ]);
  await pause(100);
  const sender = await withFile(script, (file) => run(["call", "--address", `${ALICE}/24`, "--script", file]));
  assertEquals([sender.code, sender.err], [0, ""]);
  const lines = sender.out.split("\n").map((line) => line.replace(/^ +\d+\.\d{3} {2}/, ""));
  assertEquals(lines, [
    `T1 ${BOB}/5004 protocol 17, sender default/4000, reservation none`,
    `T2 ${BOB}/5006 protocol 17, sender default/4002, reservation none`,
    "T1 RESV_EVENT FF",
    `          ${ALICE}:4000 [G R=10000 S=0 r=8500 b=680 p=17000 m=340 M=340]`,
    "T1 RESV_EVENT no reservation",
    "done",
    "",
  ]);
  const { code, out, err } = await receiver;
  assertEquals([code, err], [0, ""]);
  const events = jsonLines(out);
  assertEquals(events.map(({ event }) => event), ["PATH_EVENT", "RESV_CONFIRM", "PATH_EVENT"]);
  assertEquals(events.map(({ filters }) => filters), [[`${ALICE}:4000`], [`${ALICE}:4000`], []]);
  assertEquals([events[1].style, events[1].flows[0].rateBytesPerSecond, events[0].thread], ["FF", 10_000, 1]);
});

Deno.test("call: errors come as events with their words; a command that cannot be ends the run in one line", async () => {
  const address = ["--address", `${ALICE}/24`];
  const refused = await run([
    "call",
    ...address,
    `dest udp ${BOB}/5004`,
    "sender 192.0.2.9:5 [t 1 100]",
    "waitevent perr 2",
  ]);
  assertEquals(refused.code, 0);
  assert(refused.out.includes("PATH_ERROR sender's address is not this host's (20/21)"), refused.out);

  const late = await run(["call", ...address, `dest udp ${BOB}/5004`, "waitevent resv 0.05", "echo never"]);
  assertEquals([late.code, late.out, late.err], [1, "", "resv: waitevent resv 0.05: no resv within 0.05 s\n"]);

  const wrong = await run(["call", ...address, `dest udp ${BOB}/5004`, `reserve se ${ALICE}/1 [g 1 0 2 100]`]);
  assertEquals(wrong.code, 1);
  assert(
    /^resv: reserve se .*: flowspecs\[0\]\.rateBytesPerSecond: .*\[RAPI_ERR_INVAL 1\]\n$/.test(wrong.err),
    wrong.err,
  );

  const twice = await run(["call", ...address, `dest udp ${BOB}/5004`, `dest udp ${BOB}/5006`]);
  assertEquals(twice.err, `resv: dest udp ${BOB}/5006: T1 has a session: close it first\n`);
  const script = await withFile("echo a\n\nclose\necho b\n", (file) => run(["call", ...address, "--script", file]));
  assertEquals([script.code, script.out], [1, "a\n"]);
  assert(/:3: T1 has no session: dest opens one\n$/.test(script.err), script.err);
});

Deno.test("call: lines from standard input go on after a mistake, which the exit code remembers", async () => {
  const { code, out, err } = await run(["call", "--address", `${ALICE}/24`], {
    input: "foo\necho still here\nquit\necho gone",
  });
  assertEquals([code, out, err], [1, "still here\n", 'resv: no command "foo"; help lists them\n']);
});

Deno.test("call: no address, an address without a prefix, taken ports and a missing script are one line each", async () => {
  const cases: [string[], number, string][] = [
    [["echo"], 1, "no signalling service runs here: say which address this host has (--address 127.9.1.2/24)"],
    [["--socket", "/no/such.sock", "echo"], 1, "/no/such.sock"],
    [["--address", ALICE], 2, `"${ALICE}" is not an address with a prefix length`],
    [["--address", "192.0.2.77/24"], 1, "192.0.2.77"],
    [["--address", `${ALICE}/24`, "--script", "/no/such"], 1, "/no/such: no such file or folder"],
    [["--address", `${ALICE}/24`, "--script", "x", "echo"], 2, "exclude each other"],
  ];
  for (const [args, expected, words] of cases) {
    const { code, err } = await run(["call", ...args]);
    assert(err.includes(words) && err.split("\n").length === 2, err);
    assertEquals(code, expected, err);
  }
});

Deno.test({
  name: "call: a sender with a flow label, and one with a generalized port, are reserved as such",
  ...needs("ipv6"),
  async fn() {
    for (
      const [session, place, shown] of [
        [`dest udp ::1/5004`, "::1/FL0x123", "[::1]/FL291"],
        [`dest gpi proto 50 ::1/8192`, "::1/4096", "[::1]/GPI4096"],
      ]
    ) {
      const { code, out, err } = await run([
        ...["call", "--address", "::1/128"],
        ...[session, "T2 " + session, `T1 sender ${place} [t 1000 1000]`, "T2 waitevent path"],
        ...[`T2 reserve ff ${place} [cl 1000 1000]`, "T1 waitevent resv"],
      ]);
      assertEquals([code, err], [0, ""]);
      assert(out.includes(`T1 RESV_EVENT FF\n${" ".repeat(10)}${shown} [CL r=1000`), out);
    }
  },
});

Deno.test("call: Ctrl-C ends a sleep, and what was announced is torn down", async () => {
  const watching = run([
    ...["call", "--address", `${BOB}/24`],
    `dest udp ${BOB}/5004`,
    ...["waitevent path", "waitevent nopath"],
  ]);
  await pause(100);
  const child = new Deno.Command(Deno.execPath(), {
    args: commandLine([
      "call",
      "--address",
      `${ALICE}/24`,
      `dest udp ${BOB}/5004`,
      "sender 4000 [t 1000 100]",
      "echo ready",
      "sleep 60",
    ]),
    cwd: new URL("..", import.meta.url),
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  child.kill("SIGINT");
  assertEquals((await child.status).code, 0);
  await reader.cancel();
  assertEquals((await watching).code, 0);
});

Deno.test("call: through the signalling service of the host, which keeps nothing of what has ended", async () => {
  const host = await openQosHost({ interfaces: [{ address: `${BOB}/24` }], service: `${FOLDER}/other.sock` });
  try {
    const socket = ["call", "--socket", `${FOLDER}/other.sock`];
    const receiver = run([
      ...socket,
      `dest udp ${BOB}/5004`,
      ...["waitevent path", "confirm", "reserve wf [cl 8500 680]", "waitevent confirm", "waitevent nopath"],
    ]);
    await pause(100);
    const commands = [`dest udp ${BOB}/5004`, `sender ${ALICE}:4000 [t 8500 680]`, "waitevent resv"];
    const sender = await run(["call", "--address", `${ALICE}/24`, ...commands]);
    assertEquals([sender.code, sender.err], [0, ""]);
    const { code, err } = await receiver;
    assertEquals([code, err], [0, ""]);
    assertEquals(host.embedded!.inspect("sessions"), []);
    const refused = await run([...socket, `dest udp ${BOB}/5004`, "sender 192.0.2.9:5 [t 1 100]", "waitevent perr 2"]);
    assert(refused.out.includes("PATH_ERROR sender's address is not this host's (20/21)"), refused.out);
  } finally {
    await host.close();
  }
});
