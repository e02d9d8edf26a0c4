/** The parts of `resv node` that need no process: log, metrics as text, routes of the file, members of groups, capabilities. */
import { formatAddress, parseAddress } from "../host/address.ts";
import { VirtualClock } from "../host/clock.ts";
import { missingCapabilities } from "../host/daemon/capabilities.ts";
import { readNodeFile } from "../host/daemon/config_file.ts";
import { closeLog, configureLog, type Log, logOf } from "../host/daemon/log.ts";
import { MemberRouting } from "../host/daemon/member_routing.ts";
import { prometheusText } from "../host/daemon/prometheus.ts";
import { REPEATED_LOG_INTERVAL_MS, RepeatedLog } from "../host/daemon/repeated_log.ts";
import { FileRouting } from "../host/daemon/static_routes.ts";
import type { RouteAnswer, RouteQuestion } from "../host/routing/routing.ts";
import { StaticRouting } from "../host/routing/static_routing.ts";
import { assertEquals, assertStringIncludes } from "./assert.ts";

/** A log that keeps what it is told, with values in place of their names. */
function keeping(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  const keep = (message: string, values: Readonly<Record<string, unknown>> = {}) =>
    void lines.push(message.replaceAll(/\{(\w+)\}/g, (_all, name) => String(values[name])));
  return { log: { debug: keep, info: keep, warning: keep, error: keep }, lines };
}

Deno.test("what happens again and again is told at once, then summed up every ten seconds, and forgotten when it ends", () => {
  const clock = new VirtualClock(), { log, lines } = keeping();
  const repeated = new RepeatedLog(log, clock);
  const drop = (source: string) => repeated.add("BAD_VERSION", "dropped a message of {source}", { source });
  for (let i = 1; i <= 1_000; i++) drop(`10.0.0.${i % 200}`);
  assertEquals(lines.splice(0), ["dropped a message of 10.0.0.1"]);
  clock.advance(REPEATED_LOG_INTERVAL_MS);
  assertEquals(lines.splice(0), ["dropped a message of 10.0.0.0 (999 more)"]);
  drop("10.0.0.7");
  assertEquals(lines.splice(0), []);
  clock.advance(REPEATED_LOG_INTERVAL_MS);
  assertEquals(lines.splice(0), ["dropped a message of 10.0.0.7 (1 more)"]);
  clock.advance(REPEATED_LOG_INTERVAL_MS);
  assertEquals([lines.splice(0), clock.pending], [[], 0]);
  drop("10.0.0.8");
  assertEquals(lines.splice(0), ["dropped a message of 10.0.0.8"]);
  drop("10.0.0.9");
  repeated.close();
  assertEquals([lines, clock.pending], [["dropped a message of 10.0.0.9 (1 more)"], 0]);
});

Deno.test("who makes up kinds of errors fills neither the log nor memory", () => {
  const clock = new VirtualClock(), { log, lines } = keeping();
  const repeated = new RepeatedLog(log, clock);
  for (let i = 0; i < 10_000; i++) repeated.add(`kind ${i}`, `kind ${i}`, {});
  assertEquals(lines.length, 256);
});

Deno.test("the log: one line for one record whatever a value has in it, as text and as JSON, from its level on", () => {
  const written: string[] = [];
  try {
    configureLog({ level: "info", format: "text" }, (line) => void written.push(line));
    const log = logOf("node");
    log.debug("not told");
    log.warning("{name} is wrong", { name: "a\nb\x1b[2J" });
    configureLog({ level: "debug", format: "json" }, (line) => void written.push(line));
    log.debug("{name} is told", { name: "x", count: 3, level: "no" });
  } finally {
    closeLog();
  }
  assertEquals(written.length, 2);
  const [text, json] = written;
  assertStringIncludes(text, " warning node: a\\nb");
  assertEquals([text.indexOf("\n"), text.includes("\x1b")], [text.length - 1, false]);
  const { time: _time, ...rest } = JSON.parse(json);
  assertEquals(rest, { level: "debug", part: "node", message: "x is told", name: "x", count: 3 });
});

Deno.test("metrics as Prometheus reads them: labels escaped, infinity as it writes it, metrics without numbers left out", () => {
  const base = { help: "a \\ b", unit: "" };
  const text = prometheusText([
    { ...base, name: "one_total", kind: "counter", samples: [{ labels: { interface: 'a"b\n' }, value: 3 }] },
    { ...base, name: "two", kind: "gauge", samples: [{ labels: {}, value: Infinity }] },
    { ...base, name: "none", kind: "gauge", samples: [] },
  ]);
  assertEquals(
    text,
    "# HELP one_total a \\\\ b\n# TYPE one_total counter\n" + 'one_total{interface="a\\"b\\n"} 3\n' +
      "# HELP two a \\\\ b\n# TYPE two gauge\ntwo +Inf\n",
  );
});

const question = (destination: string, multicast: number): RouteQuestion => ({
  destination: parseAddress(destination).bytes,
  source: parseAddress("10.0.0.1").bytes,
  family: 4,
  multicast,
  protocol: 17,
  destinationPort: 0,
  sourcePort: 0,
});

Deno.test("routes of a file that is read again: only what differs is announced", () => {
  const routing = new FileRouting([
    { prefix: "10.0.1.1/24", interface: 1 },
    { prefix: "10.0.2.1/24", interface: 2 },
    { prefix: "0.0.0.0/0", interface: 1, gateway: "10.0.1.9" },
  ]);
  const announced: string[] = [];
  routing.onChange(({ prefix, prefixLength, family }) =>
    void announced.push(`${formatAddress(prefix, family)}/${prefixLength}`)
  );
  const hop = (destination: string) => {
    let found: RouteAnswer | undefined;
    routing.query(question(destination, 0), (answer) => found = answer);
    return found!.hops.map(({ interface: handle }) => handle);
  };
  routing.replace([
    { prefix: "10.0.1.1/24", interface: 1 },
    { prefix: "10.0.2.1/24", interface: 2 },
    { prefix: "0.0.0.0/0", interface: 2, gateway: "10.0.2.9" },
  ]);
  assertEquals(new Set(announced), new Set(["0.0.0.0/0"]));
  assertEquals([hop("10.0.1.7"), hop("192.0.2.1")], [[1], [2]]);
  announced.length = 0;
  routing.replace([{ prefix: "10.0.1.1/24", interface: 1 }]);
  assertEquals(new Set(announced), new Set(["0.0.0.0/0", "10.0.2.0/24"]));
  assertEquals([hop("10.0.1.7"), hop("10.0.2.7")], [[1], []]);
});

Deno.test("a group with members here is delivered here too, from the first that joins to the last that leaves", () => {
  const routing = new MemberRouting(new StaticRouting([{ prefix: "239.1.1.1/32", hops: [{ interface: 2 }] }]));
  const announced: string[] = [];
  routing.onChange(({ prefix, prefixLength }) => void announced.push(`${formatAddress(prefix, 4)}/${prefixLength}`));
  const answer = (group: string) => {
    let found: RouteAnswer | undefined;
    routing.query(question(group, 1), (one) => found = one);
    return [found!.found, found!.local ?? false, found!.hops.length];
  };
  assertEquals([answer("239.1.1.1"), answer("239.1.1.2")], [[true, false, 1], [false, false, 0]]);
  assertEquals([routing.setMember("239.1.1.1", true), routing.setMember("239.1.1.1", true)], [true, false]);
  routing.setMember("239.1.1.2", true);
  assertEquals([answer("239.1.1.1"), answer("239.1.1.2")], [[true, true, 1], [true, true, 0]]);
  assertEquals([routing.setMember("239.1.1.1", false), routing.setMember("239.1.1.1", false)], [false, true]);
  assertEquals(answer("239.1.1.1"), [true, false, 1]);
  assertEquals(announced, ["239.1.1.1/32", "239.1.1.2/32", "239.1.1.1/32"]);
});

Deno.test("missing capabilities: only those that the file needs, with what would do without", () => {
  const file = (node: string, mode: string) =>
    readNodeFile(`[node]\n${node}\n[trafficControl]\nmode = "${mode}"\n[[interfaces]]\nname = "e"\n`);
  const status = (bits: bigint) => `Name:\tdeno\nCapEff:\t${bits.toString(16).padStart(16, "0")}\nSeccomp:\t0\n`;
  const admin = 1n << 12n, raw = 1n << 13n;
  assertEquals(missingCapabilities(file("", "kernel"), status(admin | raw)), undefined);
  assertEquals(missingCapabilities(file('transport = "udp"', "memory"), status(0n)), undefined);
  assertEquals(
    missingCapabilities(file("", "kernel"), status(admin)),
    "missing CAP_NET_RAW (for raw IP): run as root, or give it to a copy of deno (sudo setcap cap_net_raw+ep ./deno), " +
      'or in a systemd unit AmbientCapabilities=CAP_NET_RAW; without: [node] transport = "udp"',
  );
  const both = missingCapabilities(file("", "kernel"), status(0n))!;
  for (const part of ["CAP_NET_RAW CAP_NET_ADMIN", "cap_net_raw,cap_net_admin+ep", 'mode = "memory"']) {
    assertStringIncludes(both, part);
  }
  assertEquals(missingCapabilities(file("", "dry-run"), status(raw)), undefined);
});
