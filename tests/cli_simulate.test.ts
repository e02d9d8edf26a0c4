/** `resv simulate`: the examples, what is printed, and what is said of scenarios that are wrong. */
import { assert, assertEquals, assertGreater, assertMatch, assertStringIncludes } from "./assert.ts";
import { run, withFile } from "./cli_in_process.ts";
import { lineOf } from "../host/scenario/read.ts";

const EXAMPLES = new URL("../examples/", import.meta.url);
const pathOf = (name: string) => new URL(name, EXAMPLES).pathname;
/** Scenarios have several nodes; the others are files of `resv node`. */
const examples = [...Deno.readDirSync(EXAMPLES)].map(({ name }) => name)
  .filter((name) => name.endsWith(".toml") && Deno.readTextFileSync(pathOf(name)).includes("[[nodes]]")).sort();

/** A sender, a router and a receiver that reserves; `more` is added at the end. */
function scenario(more = "", nodes = ""): string {
  return `durationMs = 5_000
[[nodes]]
name = "alice"
kind = "host"
[[nodes]]
name = "r1"
${nodes}
[[nodes]]
name = "bob"
kind = "host"
[[links]]
nodes = ["alice", "r1"]
[[links]]
name = "right"
nodes = ["r1", "bob"]
reservableBytesPerSecond = 100_000
[[sessions]]
name = "call"
destination = "bob"
port = 5004
[[events]]
atMs = 0
do = "send"
node = "alice"
session = "call"
port = 4000
tokenBucketRateBytesPerSecond = 20_000
[[events]]
atMs = 100
do = "reserve"
node = "bob"
session = "call"
style = "FF"
${more}`;
}

const simulate = (text: string, ...flags: string[]) => withFile(text, (file) => run(["simulate", ...flags, file]));

Deno.test("there are scenarios of a killer reservation and of local repair", () => {
  assert(examples.includes("killer_reservation.toml") && examples.includes("local_repair.toml"), examples.join());
});

for (const name of examples) {
  Deno.test(`examples/${name}: every assertion holds, and two runs print the same`, async () => {
    const first = await run(["simulate", pathOf(name)]);
    assertEquals([first.code, first.err], [0, ""], first.out);
    assertGreater(first.out.split("\n").filter((line) => /^ {2}ok {4}/.test(line)).length, 1);
    assert(!first.out.includes("FAILED"));
    assertEquals((await run(["simulate", pathOf(name)])).out, first.out);
  });
}

Deno.test("the ladder has messages and what happened, the tables have timers", async () => {
  const { code, out } = await simulate(scenario());
  assertEquals(code, 0);
  assertMatch(out, / {2}0\.000 s {2}● .* send call/);
  assertMatch(out, /├─ Path ─+▶│ .*5004 from 10\.0\.1\.1:4000/);
  assertMatch(out, /◀─+ Resv ─┤ .* FF 20 kB\/s/);
  for (const table of ["sessions", "senders", "requests", "reservations", "installed", "neighbours"]) {
    assertMatch(out, new RegExp(`^${table}$`, "m"));
  }
  assertMatch(
    out,
    /^ {2}r1 +10\.0\.2\.2:5004\/UDP +10\.0\.1\.1:4000 +20 kB\/s +10\.0\.1\.1 +eth1 +\d+\.?\d* s +15\d\.\d s$/m,
  );
  assertMatch(out, /^ {2}bob +10\.0\.2\.2:5004\/UDP +application 1 +FF +20 kB\/s for 10\.0\.1\.1:4000 +never$/m);
  assertMatch(out, /^ {2}r1 +10\.0\.2\.2:5004\/UDP +eth2 +FF +20 kB\/s for 10\.0\.1\.1:4000 +20 kB\/s$/m);
});

Deno.test("--no-ladder leaves the messages out, --refreshes draws all of them, --limit so many", async () => {
  const text = scenario().replace("durationMs = 5_000", "durationMs = 200_000");
  const arrows = (out: string) => out.split("\n").filter((line) => /[├│]─|─┤|◀/.test(line)).length;
  const [none, news, all, two] = await Promise.all([
    simulate(text, "--no-ladder"),
    simulate(text),
    simulate(text, "--refreshes"),
    simulate(text, "--refreshes", "--limit", "2"),
  ]);
  assertEquals([arrows(none.out), arrows(two.out)], [0, 2]);
  assert(arrows(news.out) >= 4 && arrows(news.out) < 8, news.out);
  assertGreater(arrows(all.out), 20);
  assertMatch(two.out, /and \d+ messages more; --limit shows more of them/);
});

Deno.test("--json has messages, events, every table of every node and the assertions", async () => {
  const { code, out } = await simulate(
    scenario('[[assertions]]\natMs = 4_000\nof = "table"\nnode = "r1"\ntable = "installed"\ncount = 1\n'),
    "--json",
  );
  assertEquals(code, 0);
  const value = JSON.parse(out);
  assertEquals(Object.keys(value.nodes), ["alice", "r1", "bob"]);
  const tables = ["sessions", "senders", "requests", "reservations", "installed", "blockade", "neighbours"];
  for (const state of Object.values(value.nodes)) assertEquals(Object.keys(state as object), tables);
  const [sender] = value.nodes.r1.senders;
  assertEquals([sender.previousHop, sender.incomingInterface, sender.ttl], ["10.0.1.1", 1, 63]);
  assertGreater(sender.expiresInMs, 100_000);
  assertEquals(value.nodes.r1.installed[0].rateBytesPerSecond, 20_000);
  assertEquals(value.assertions, [
    { index: 0, atMs: 4_000, ok: true, text: "installed at r1: 1 wanted, 1 found" },
  ]);
  assertEquals(value.messages[0].from, "alice");
  assertMatch(value.messages[0].bytes, /^1001/);
  assert(
    value.events.some((event: { kind: string; node: string }) => event.kind === "RESV_EVENT" && event.node === "alice"),
  );
});

Deno.test("an assertion that does not hold is named, and the exit code is 1", async () => {
  const more = '[[assertions]]\natMs = 50\nof = "table"\nnode = "r1"\ntable = "installed"\n' +
    '[[assertions]]\natMs = 4_000\nof = "message"\nmessage = "ResvErr"\ncount = 2\n' +
    '[[assertions]]\natMs = 4_000\nof = "event"\nnode = "bob"\nkind = "PATH_EVENT"\nwhere = { gone = false }\n';
  const { code, out, err } = await simulate(scenario(more));
  assertEquals(code, 1);
  assertMatch(err, /assertions\[0\]: installed at r1: one or more wanted, 0 found/);
  assertMatch(err, /assertions\[1\]: ResvErr: 2 wanted, 0 found/);
  assert(!err.includes("assertions[2]"), err);
  assertEquals(out.split("\n").filter((line) => line.startsWith("  FAILED")).length, 2);
});

Deno.test("every kind of event does what it says", async () => {
  const event = (atMs: number, what: string) => `[[events]]\natMs = ${atMs}\n${what}\n`;
  const gone = (atMs: number, count: number) =>
    `[[assertions]]\natMs = ${atMs}\nof = "table"\nnode = "r1"\ntable = "installed"\nsession = "call"\ncount = ${count}\n`;
  const at = (what: string) => `do = "${what}"\nnode = "bob"\nsession = "call"`;
  const more = [
    gone(900, 1),
    event(1_000, at("unreserve")),
    gone(1_900, 0),
    event(2_000, `${at("reserve")}\nstyle = "SE"\nsenders = ["alice"]\ntokenBucketRateBytesPerSecond = 9_000`),
    gone(2_900, 1),
    event(3_000, 'do = "preempt"\nnode = "r1"\nsession = "call"'),
    gone(3_100, 0),
    event(4_000, 'do = "withdraw"\nnode = "alice"\nsession = "call"'),
    event(5_000, 'do = "link-metric"\nlink = "right"\nmetric = 7'),
    event(5_100, 'do = "link-faults"\nlink = "right"\nloss = 1.0'),
    event(5_200, 'do = "send"\nnode = "alice"\nsession = "call"\nport = 4001\ntokenBucketRateBytesPerSecond = 1_000'),
    '[[assertions]]\natMs = 6_000\nof = "table"\nnode = "bob"\ntable = "senders"\ncount = 0\n',
    event(6_000, 'do = "link-faults"\nlink = "right"'),
    event(6_100, 'do = "link-down"\nlink = "right"'),
    event(6_200, 'do = "link-up"\nlink = "right"'),
    event(7_000, at("release")),
    event(8_000, 'do = "crash"\nnode = "r1"'),
    '[[assertions]]\natMs = 8_500\nof = "table"\nnode = "r1"\ntable = "sessions"\ncount = 0\n',
    event(9_000, 'do = "restart"\nnode = "r1"'),
    event(9_500, 'do = "release"\nnode = "alice"\nsession = "call"'),
  ].join("");
  const { code, out, err } = await simulate(scenario(more).replace("durationMs = 5_000", "durationMs = 10_000"));
  assertEquals([code, err], [0, ""], out);
  assertStringIncludes(out, "preempt call: 1 taken away");
  assertStringIncludes(out, "link right down at 6.1 s");
});

Deno.test("a call that a node refuses is part of the story", async () => {
  // A session in a style that others do not have.
  const more = '[[events]]\natMs = 1_000\ndo = "reserve"\nnode = "bob"\nsession = "call"\napplication = "second"\n' +
    'style = "WF"\n';
  const { code, out } = await simulate(scenario(more));
  assertEquals(code, 0);
  assertMatch(out, /reserve refused: .*style/i);
});

const WRONG: readonly (readonly [name: string, text: string, message: RegExp])[] = [
  ["TOML that is none", 'durationMs = 1\nnodes = [ "a"\n[[', /line 3, column \d+: /],
  [
    "an unknown key",
    scenario().replace("port = 4000", "prot = 4000"),
    /line 26, events\[0\]\.prot: there is no such key/,
  ],
  ["a missing key", scenario().replace('style = "FF"\n', ""), /line 28, events\[1\]\.style: is missing/],
  ["a wrong type", scenario().replace("atMs = 100", 'atMs = "soon"'), /line 29, events\[1\]\.atMs: wants a number/],
  [
    "a wrong event",
    scenario().replace('do = "send"', 'do = "sned"'),
    /line 23, events\[0\]\.do: wants send, .*not "sned"/,
  ],
  [
    "a negative number",
    scenario().replace("100_000", "-1"),
    /line 16, links\[1\]\.reservableBytesPerSecond: must not be below/,
  ],
  [
    "a name of no node",
    scenario().replace('node = "alice"', 'node = "alcie"'),
    /line 24, events\[0\]\.node: no node "alcie", did/,
  ],
  [
    "a name of no node in a link",
    scenario().replace('"r1", "bob"', '"r1", "bop"'),
    /line 15, links\[1\]\.nodes: no node "bop"/,
  ],
  [
    "two nodes of one name",
    scenario("", '[[nodes]]\nname = "r1"'),
    /line 8, nodes\[2\]\.name: there is a node "r1" already/,
  ],
  ["no nodes", "durationMs = 1\n", /nodes: is missing/],
  ["an address that is none", scenario().replace('destination = "bob"', 'destination = "10.0.0"'), /10\.0\.0/],
];
for (const [name, text, message] of WRONG) {
  Deno.test(`a scenario with ${name} is refused with line and key`, async () => {
    const { code, out, err } = await simulate(text);
    assertEquals([code, out], [1, ""]);
    assertMatch(err, message);
    assertEquals(err.trimEnd().split("\n").length, 1, err);
  });
}

Deno.test("a file that is not there is said in one line", async () => {
  const { code, err } = await run(["simulate", "no_such_file.toml"]);
  assertEquals([code, err], [1, "resv: no_such_file.toml: no such file or folder\n"]);
});

Deno.test("--write leaves a capture of every message", async () => {
  const file = await Deno.makeTempFile({ suffix: ".pcap" });
  try {
    const { code } = await simulate(scenario(), "--write", file);
    assertEquals(code, 0);
    const { out } = await run(["decode", "--fields", "message", file]);
    assertEquals(out.split("\n").filter((line) => line === "Path").length, 2);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("lines of keys: in tables of an array, in tables, and at the top", () => {
  const source = 'a = 1\n[settings]\nseed = 3\n[[nodes]]\nname = "x"\n[[nodes]]\n# name = no\nname = "y"\n';
  assertEquals(lineOf(source, ["a"]), 1);
  assertEquals(lineOf(source, ["settings", "seed"]), 3);
  assertEquals(lineOf(source, ["settings", "nothing"]), 2);
  assertEquals(lineOf(source, ["nodes", 0, "name"]), 5);
  assertEquals(lineOf(source, ["nodes", 1, "name"]), 8);
  assertEquals(lineOf(source, ["nodes", 1, "kind"]), 6);
  assertEquals(lineOf(source, ["nowhere"]), 0);
});
