/** The file of `resv node`: what is right is taken, and what is wrong is told with line, key and what was expected. */
import { readNodeFile } from "../host/daemon/config_file.ts";
import { giveHandles, planInterface } from "../host/daemon/interface_plan.ts";
import { parseRate } from "../host/daemon/rate.ts";
import { nodeSettings } from "../host/daemon/node_options.ts";
import { NodeFileSchema } from "../host/daemon/schema.ts";
import { DEFAULT_SETTINGS } from "../host/node_settings.ts";
import { TomlFileError } from "../host/toml_file.ts";
import { assertEquals, assertMatch, assertThrows } from "./assert.ts";
import { run, withFile } from "./cli_in_process.ts";

/** Nothing is wrong with it; the table below changes one line of it at a time. */
const GOOD = `[node]
kind = "router"
transport = "udp"
routing = "static"
refreshIntervalMs = 30000
neighbours = ["10.0.1.0/24", "10.0.2.0/24"]

[limits]
sessions = 1000

[trafficControl]
mode = "memory"

[[interfaces]]
name = "left"
addresses = ["10.0.1.1/24"]
reservableRate = "7.5 Mbit/s"
perFlowRate = "1 Mbit/s"
linkRate = "10 Mbit/s"

[[interfaces]]
name = "right"
handle = 7
addresses = ["10.0.2.1/24", "2001:db8::1/64", "fe80::1/64"]
udpNextHop = "10.0.2.2"

[[senders]]
destination = "10.0.2.2"
port = 5004
source = "10.0.1.1"
sourcePort = 4001
rate = "64 kbit/s"

[[reservations]]
destination = "10.0.1.1"
protocol = "tcp"
port = 80
style = "FF"
senders = [{ address = "10.0.2.2", port = 4000 }]
rate = "1 Mbit/s"

[[policy]]
destination = "10.0.2.0/24"
ports = [5000, 5999]
preemptionPriority = 3
defendingPriority = 4

[[routes]]
prefix = "0.0.0.0/0"
interface = "right"
gateway = "10.0.2.2"

[[multicastRoutes]]
group = "239.1.2.3"
incoming = "left"
outgoing = ["right"]

[log]
level = "info"

[metrics]
listen = "127.0.0.1:9246"
`;

/** What to write in place of which line, and what is said of it. */
const MISTAKES: readonly (readonly [name: string, from: string, to: string, said: RegExp])[] = [
  ["a line that is no TOML", "[limits]", "[limits", /^line 8, column \d+: /],
  ["an unknown table", "[limits]", "[limit]", /^line 8, limit: there is no such key, did you mean "limits"\?$/],
  [
    "a misspelt key",
    'kind = "router"',
    'kin = "router"',
    /^line 2, node\.kin: there is no such key, did you mean "kind"\?$/,
  ],
  [
    "a misspelt key in a list of tables",
    'perFlowRate = "1 Mbit/s"',
    'perFlow = "1 Mbit/s"',
    /^line 18, interfaces\[0\]\.perFlow: there is no such key$/,
  ],
  ["a kind that there is not", '"router"', '"switch"', /^line 2, node\.kind: there are router, host$/],
  ["text for a number", "= 30000", '= "30 s"', /^line 5, node\.refreshIntervalMs: wants a whole number above zero$/],
  ["a fraction", "= 30000", "= 0.5", /^line 5, node\.refreshIntervalMs: wants a whole number above zero$/],
  ["zero where it cannot be", "= 30000", "= 0", /^line 5, node\.refreshIntervalMs: must be above zero$/],
  ["a negative number", "sessions = 1000", "sessions = -1", /^line 9, limits\.sessions: must not be below zero$/],
  ["a missing name", 'name = "left"\n', "", /^line 14, interfaces\[0\]\.name: is missing: wants text$/],
  ["two interfaces of one name", '"right"\nhandle', '"left"\nhandle', /^line 22, interfaces\[1\]\.name: there is an/],
  [
    "two interfaces of one handle",
    'name = "left"',
    'name = "left"\nhandle = 7',
    /^line 24, interfaces\[1\]\.handle: another interface has handle 7 already$/,
  ],
  [
    "a handle that is too large",
    "handle = 7",
    "handle = 65536",
    /^line 23, .*\.handle: a handle is 65535 at the most$/,
  ],
  [
    "an address without its length",
    '["10.0.1.1/24"]',
    '["10.0.1.1"]',
    /^line 16, interfaces\[0\]\.addresses\[0\]: wants an address with its prefix length, such as 10\.0\.1\.1\/24$/,
  ],
  [
    "a second IPv4 address",
    '["10.0.1.1/24"]',
    '["10.0.1.1/24", "10.0.9.1/24"]',
    /^line 16, .*: "10\.0\.9\.1\/24" is its/,
  ],
  [
    "a rate without a unit",
    '"7.5 Mbit/s"',
    "7500000",
    /^line 17, interfaces\[0\]\.reservableRate: wants a rate with its unit, such as "10 Mbit\/s"/,
  ],
  [
    "a rate in a unit that is none",
    '"7.5 Mbit/s"',
    '"7.5 Mbps"',
    /^line 17, .*\.reservableRate: wants a rate with its/,
  ],
  ["more for one flow than for all", '"1 Mbit/s"\nlink', '"8 Mbit/s"\nlink', /^line 18, .*perFlowRate: is more than/],
  ["more reservable than there is", '"10 Mbit/s"', '"7 Mbit/s"', /^line 17, .*reservableRate: is more than linkRate$/],
  [
    "raw IP where there is only UDP",
    "handle = 7",
    'handle = 7\nudp = "also"',
    /^line 24, interfaces\[1\]\.udp: must be "only" where node\.transport is "udp"/,
  ],
  [
    "a next hop that is no address",
    '"10.0.2.2"\n\n[[s',
    '"r2"\n\n[[s',
    /^line 25, .*\.udpNextHop: wants an IPv4 or IPv6/,
  ],
  ["a sender without a rate", 'rate = "64 kbit/s"\n', "", /^line 27, senders\[0\]\.rate: is missing: wants a rate/],
  [
    "a source of another family",
    'source = "10.0.1.1"',
    'source = "2001:db8::1"',
    /^line 30, senders\[0\]\.source: 2001:db8::1 is not of the destination's family$/,
  ],
  [
    "a port that is too large",
    "port = 5004",
    "port = 70000",
    /^line 29, senders\[0\]\.port: a port is 65535 at the most$/,
  ],
  ["a style that there is not", '"FF"', '"XX"', /^line 38, reservations\[0\]\.style: there are WF, FF, SE$/],
  [
    "senders of a wildcard",
    '"FF"',
    '"WF"',
    /^line 39, reservations\[0\]\.senders: a WF reservation is for every sender/,
  ],
  [
    "a port where the protocol has none",
    'protocol = "tcp"',
    "protocol = 47",
    /^line 37, reservations\[0\]\.port: protocol 47 has no ports$/,
  ],
  [
    "a reserved rate for controlled load",
    'rate = "1 Mbit/s"\n\n[[policy',
    'service = "controlled-load"\nreservedRate = "1 MB/s"\n\n[[policy',
    /^line 41, reservations\[0\]\.reservedRate: is for service = "guaranteed" only$/,
  ],
  [
    "ports that are none",
    "[5000, 5999]",
    '"voice"',
    /^line 44, policy\[0\]\.ports: wants a port, or the first and the last/,
  ],
  ["ports the wrong way round", "[5000, 5999]", "[5999, 5000]", /^line 42, policy\[0\]: ports 5999 to 5000$/],
  [
    "a priority that cannot be defended",
    "defendingPriority = 4",
    "defendingPriority = 2",
    /^line 42, policy\[0\]: defendingP/,
  ],
  [
    "a route by an interface that there is not",
    'interface = "right"\ngateway',
    'interface = "rihgt"\ngateway',
    /^line 50, routes\[0\]\.interface: no interface "rihgt", did you mean "right"\?$/,
  ],
  [
    "a gateway of another family",
    'gateway = "10.0.2.2"',
    'gateway = "fe80::1"',
    /^line 51, routes\[0\]\.gateway: is not of/,
  ],
  [
    "a route to a group",
    '"0.0.0.0/0"',
    '"239.0.0.0/8"',
    /^line 49, routes\[0\]\.prefix: groups have \[\[multicastRoutes\]\]$/,
  ],
  [
    "a group that is none",
    '"239.1.2.3"',
    '"10.1.2.3"',
    /^line 54, multicastRoutes\[0\]\.group: wants a multicast group/,
  ],
  [
    "a group that leaves where it comes",
    '["right"]',
    '["left"]',
    /^line 56, .*outgoing: "left" is where the group comes/,
  ],
  [
    "too many rules",
    "[log]",
    `${"[[policy]]\n".repeat(256)}[log]`,
    /^line 313, policy\[256\]: is one too many: .* 256/,
  ],
  [
    "one address of two interfaces in UDP",
    '"10.0.2.1/24", ',
    '"10.0.1.1/30", ',
    /^line 24, interfaces\[1\]\.addresses: "10\.0\.1\.1\/30" is the address of "left" already$/,
  ],
  [
    "a mistake in a table that is written inline",
    "[node]",
    'service = { sokcet = "/run/a.sock" }\n[node]',
    /^line 1, service\.sokcet: there is no such key, did you mean "socket"\?$/,
  ],
  ["a level that there is not", '"info"', '"loud"', /^line 59, log\.level: there are debug, info, warning, error$/],
  ["an address without a port", '"127.0.0.1:9246"', '"127.0.0.1"', /^line 62, metrics\.listen: wants address and port/],
];

for (const [name, from, to, said] of MISTAKES) {
  Deno.test(`a file with ${name} is refused with line, key and what was expected`, () => {
    const source = GOOD.replace(from, to);
    assertEquals(source === GOOD, false, "the table changes nothing");
    const error = assertThrows(() => readNodeFile(source), TomlFileError) as TomlFileError;
    assertMatch(error.message, said);
  });
}

Deno.test("a good file is taken as it is meant: rates in bytes per second, defaults filled in", () => {
  const file = readNodeFile(GOOD);
  const [left, right] = file.interfaces;
  assertEquals([left.reservableRate, left.perFlowRate, left.linkRate], [937_500, 125_000, 1_250_000]);
  assertEquals([left.rsvp, right.udp, right.handle], [true, undefined, 7]);
  assertEquals([file.senders[0].protocol, file.senders[0].rate], ["udp", 8_000]);
  const settings = nodeSettings(file);
  assertEquals([settings.refreshIntervalMs, settings.maximumSessions, settings.host], [30_000, 1_000, false]);
  assertEquals(settings.memoryLimitBytes, DEFAULT_SETTINGS.memoryLimitBytes);
  const quiet = nodeSettings(readNodeFile(GOOD.replace('level = "info"', 'level = "error"')));
  assertEquals([settings.reportDrops, quiet.reportDrops], [true, false]);
});

Deno.test("a node on UDP alone asks nothing of the kernel unless its file says so; others do", () => {
  const standsOn = (node: string, more = "") => {
    const file = readNodeFile(`[node]\n${node}\n${more}[[interfaces]]\nname = "e"\n`);
    return [file.node.transport, file.node.routing, file.trafficControl.mode];
  };
  assertEquals(standsOn(""), ["raw", "kernel", "kernel"]);
  assertEquals(standsOn('transport = "udp"'), ["udp", "static", "memory"]);
  assertEquals(standsOn('routing = "static"', '[trafficControl]\nmode = "dry-run"\n'), ["raw", "static", "dry-run"]);
  assertEquals(standsOn('transport = "udp"\nrouting = "kernel"'), ["udp", "kernel", "memory"]);
});

Deno.test("rates are read with their unit only", () => {
  const rates = ["10 Mbit/s", "1.25 MB/s", "64 kbit/s", "64kbit/s", "8 bit/s", "500 B/s", "1 Gbit/s"];
  assertEquals(rates.map(parseRate), [1_250_000, 1_250_000, 8_000, 8_000, 1, 500, 125_000_000]);
  for (const text of ["10", "10 Mbps", "-1 bit/s", "1e3 B/s", "Mbit/s", ""]) {
    assertEquals(parseRate(text), undefined, text);
  }
});

Deno.test("handles are the file's, else the ones that they were, else made from names alone", () => {
  const named = (...names: string[]) => names.map((name) => ({ name, rsvp: true }));
  const made = giveHandles(named("a", "b"), new Map());
  assertEquals(giveHandles(named("b", "a"), new Map()).get("a"), made.get("a"));
  // One that is made must not be another's: the file says so of c, an earlier run of d.
  const a = made.get("a")!;
  const beside = giveHandles([{ name: "c", handle: a, rsvp: true }, ...named("a")], new Map());
  assertEquals([beside.get("c"), beside.get("a")], [a, a + 1]);
  const later = giveHandles(named("a", "d"), new Map([["d", a], ["gone", a + 1]]));
  assertEquals([later.get("d"), later.get("a")], [a, a + 2]);
});

Deno.test("an interface takes the system's addresses, one of each kind, and is down while it has none", () => {
  const node = readNodeFile(GOOD).node;
  const link = {
    name: "e",
    index: 2,
    up: true,
    mtuBytes: 1400,
    addresses: ["10.0.0.1/24", "10.0.0.9/24", "fe80::1/64"],
  };
  const { settings, problem } = planInterface({ name: "e", rsvp: true }, 3, node, link);
  assertEquals([settings.addresses, settings.up, settings.mtuBytes], [["10.0.0.1/24", "fe80::1/64"], true, 1400]);
  assertEquals(problem, undefined);
  const bare = planInterface({ name: "e", rsvp: true }, 3, node, { ...link, addresses: [] });
  assertEquals([bare.settings.up, bare.problem], [false, "it has no address"]);
  const raw = planInterface(
    { name: "e", addresses: ["10.0.0.1/24"], rsvp: true },
    3,
    { ...node, transport: "raw" },
    undefined,
  );
  assertEquals([raw.settings.up, raw.problem], [false, "there is no such interface"]);
});

Deno.test("--check tells every mistake, a line each, and fails; of a good file it says what it describes", async () => {
  await withFile(GOOD, async (file) => {
    const { code, out, err } = await run(["node", "--config", file, "--check"]);
    assertEquals([code, err], [0, ""]);
    assertEquals(out, `${file}: ok, a router with 2 interfaces, 1 static sender, 1 static reservation\n`);
  });
  const bad = GOOD.replace('"router"', '"switch"').replace("port = 5004", "port = 70000");
  await withFile(bad, async (file) => {
    const { code, out, err } = await run(["node", "--config", file, "--check"]);
    assertEquals([code, out], [1, ""]);
    assertEquals(err.trimEnd().split("\n"), [
      `resv: ${file}: line 2, node.kind: there are router, host`,
      `resv: ${file}: line 29, senders[0].port: a port is 65535 at the most`,
    ]);
  });
});

Deno.test("a file that is not there is said in one line", async () => {
  const { code, err } = await run(["node", "--config", "nowhere.toml", "--check"]);
  assertEquals([code, err], [1, "resv: nowhere.toml: no such file or folder\n"]);
});

const GUIDE = Deno.readTextFileSync(new URL("../docs/linux.md", import.meta.url));

Deno.test("docs/linux.md: its files and that of examples/ are good ones, and it names every key that there is", () => {
  const files = [...GUIDE.matchAll(/^```toml\n([\s\S]*?)^```$/gm)].map(([, text]) => text);
  assertEquals(files.length > 0, true);
  for (const file of [...files, Deno.readTextFileSync(new URL("../examples/router.toml", import.meta.url))]) {
    readNodeFile(file);
  }
  const keys = (schema: unknown): string[] => {
    const { wrapped, item, entries } = schema as {
      wrapped?: unknown;
      item?: unknown;
      entries?: Record<string, unknown>;
    };
    if (wrapped ?? item) return keys(wrapped ?? item);
    return Object.entries(entries ?? {}).flatMap(([name, inner]) => [name, ...keys(inner)]);
  };
  const named = new Set([...GUIDE.matchAll(/[\w.]+/g)].flatMap(([word]) => word.split(".")));
  assertEquals(keys(NodeFileSchema).filter((key) => !named.has(key)), []);
});
