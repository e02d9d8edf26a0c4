/** Reads a node's file: TOML, its shape, and whether what it says goes together. Every error says line and key. */
import { MAXIMUM_POLICY_RULES } from "../boundary.gen.ts";
import { unknownName } from "../cli/nearest.ts";
import { addressKey, isMulticast, matchesPrefix, parseAddress, parsePrefix } from "../address.ts";
import { policyRecords, type PolicyRule } from "../policy.ts";
import { problemAt, readToml, TomlFileError, type TomlPath } from "../toml_file.ts";
import { type NodeFile, NodeFileSchema, type PolicyFile } from "./schema.ts";

type Fail = (path: TomlPath, what: string) => void;

/** Reads and checks the text of a file. @throws {TomlFileError} with everything that is wrong. */
export function readNodeFile(source: string): NodeFile {
  const file = readToml(source, NodeFileSchema);
  const problems: string[] = [];
  const fail: Fail = (path, what) => void problems.push(problemAt(source, path, what));
  checkInterfaces(file, fail);
  checkNames(file, fail);
  checkApplications(file, fail);
  checkPolicy(file, fail);
  checkRoutes(file, fail);
  if (problems.length > 0) throw new TomlFileError(problems);
  return file;
}

function checkInterfaces(file: NodeFile, fail: Fail): void {
  const names = new Set<string>(), handles = new Set<number>();
  if (file.node.transport === "udp") checkAddresses(file, fail);
  for (const [index, one] of file.interfaces.entries()) {
    const at = (key: string): TomlPath => ["interfaces", index, key];
    if (names.has(one.name)) fail(at("name"), `there is an interface "${one.name}" already`);
    names.add(one.name);
    if (one.handle !== undefined && handles.has(one.handle)) {
      fail(at("handle"), `another interface has handle ${one.handle} already`);
    }
    if (one.handle !== undefined) handles.add(one.handle);
    for (const kind of secondOfAKind(one.addresses ?? [])) {
      fail(
        at("addresses"),
        `"${kind}" is its second address of that kind; it has one IPv4, one IPv6 and one fe80:: at the most`,
      );
    }
    if (one.perFlowRate !== undefined && one.reservableRate !== undefined && one.perFlowRate > one.reservableRate) {
      fail(at("perFlowRate"), "is more than reservableRate: no reservation could ask for it");
    }
    if (one.reservableRate !== undefined && one.linkRate !== undefined && one.reservableRate > one.linkRate) {
      fail(at("reservableRate"), "is more than linkRate");
    }
    if (file.node.transport === "udp" && one.udp !== undefined && one.udp !== "only") {
      fail(at("udp"), 'must be "only" where node.transport is "udp": there is no raw IP beside it');
    }
    if (one.udpNextHop !== undefined && (one.udp ?? (file.node.transport === "udp" ? "only" : "none")) === "none") {
      fail(at("udpNextHop"), 'needs udp = "also" or "only"');
    }
  }
}

/** In UDP the address that a datagram is for is all that tells by which interface it came. */
function checkAddresses(file: NodeFile, fail: Fail): void {
  const owners = new Map<string, string>();
  for (const [index, { name, addresses = [] }] of file.interfaces.entries()) {
    for (const text of addresses) {
      const { prefix, family } = parsePrefix(text);
      const key = addressKey(prefix, family), owner = owners.get(key);
      if (owner === undefined) owners.set(key, name);
      else if (owner !== name) {
        fail(["interfaces", index, "addresses"], `"${text}" is the address of "${owner}" already`);
      }
    }
  }
}

/** Addresses that follow another of the same kind. */
function secondOfAKind(addresses: readonly string[]): string[] {
  const seen = new Set<string>();
  return addresses.filter((text) => {
    const kind = addressKind(text), again = seen.has(kind);
    seen.add(kind);
    return again;
  });
}

/** The three kinds of which an interface has one each. */
export function addressKind(text: string): "ipv4" | "ipv6" | "ipv6LinkLocal" {
  const { prefix: bytes, family } = parsePrefix(text);
  if (family === 4) return "ipv4";
  return bytes[0] === 0xfe && (bytes[1] & 0xc0) === 0x80 ? "ipv6LinkLocal" : "ipv6";
}

/** What names an interface names one of the file. */
function checkNames(file: NodeFile, fail: Fail): void {
  const names = new Set(file.interfaces.map(({ name }) => name));
  const check = (path: TomlPath, name: string | undefined) => {
    if (name !== undefined && !names.has(name)) fail(path, unknownName("no interface", name, names));
  };
  for (const list of ["senders", "reservations", "policy", "routes"] as const) {
    for (const [index, one] of file[list].entries()) check([list, index, "interface"], one.interface);
  }
  for (const [index, { incoming, outgoing }] of file.multicastRoutes.entries()) {
    check(["multicastRoutes", index, "incoming"], incoming);
    for (const name of outgoing) check(["multicastRoutes", index, "outgoing"], name);
  }
}

function checkApplications(file: NodeFile, fail: Fail): void {
  for (const list of ["senders", "reservations"] as const) {
    const seen = new Set<string>();
    for (const [index, one] of file[list].entries()) {
      const path = [list, index] as const;
      const protocol = one.protocol;
      if (one.port !== 0 && typeof protocol === "number" && protocol !== 17 && protocol !== 6) {
        fail([...path, "port"], `protocol ${protocol} has no ports`);
      }
      const { family } = parseAddress(one.destination);
      const sources = "source" in one && one.source !== undefined ? [one.source] : [];
      const named = "senders" in one ? one.senders?.map(({ address }) => address) ?? [] : [];
      for (const other of [...sources, ...named]) {
        if (parseAddress(other).family !== family) {
          fail([...path, named.length > 0 ? "senders" : "source"], `${other} is not of the destination's family`);
        }
      }
      const key = applicationKey(one);
      if (seen.has(key)) fail([...path, "destination"], "the same is there already");
      seen.add(key);
      if ("style" in one) checkReservation(one, path, fail);
    }
  }
}

function checkReservation(one: NodeFile["reservations"][number], path: readonly [string, number], fail: Fail): void {
  if (one.style === "WF" && one.senders) {
    fail([...path, "senders"], "a WF reservation is for every sender; leave it out");
  }
  if (one.reservedRate !== undefined && one.service === "controlled-load") {
    fail([...path, "reservedRate"], 'is for service = "guaranteed" only');
  }
  if (one.slackMicroseconds !== undefined && one.service !== "guaranteed" && one.reservedRate === undefined) {
    fail([...path, "slackMicroseconds"], 'is for service = "guaranteed" only');
  }
}

/** Names a sender or a reservation: two with the same key are the same, perhaps changed. */
export function applicationKey(one: NodeFile["senders"][number] | NodeFile["reservations"][number]): string {
  const session = `${one.destination} ${one.protocol} ${one.port}`;
  return "style" in one ? `${session} ${one.interface ?? ""}` : `${session} ${one.source ?? ""} ${one.sourcePort}`;
}

function checkPolicy(file: NodeFile, fail: Fail): void {
  if (file.policy.length > MAXIMUM_POLICY_RULES) {
    fail(["policy", MAXIMUM_POLICY_RULES], `is one too many: there may be ${MAXIMUM_POLICY_RULES} rules`);
  }
  for (const [index, rule] of file.policy.entries()) {
    try {
      policyRecords([policyRule(rule, () => 1)]);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      fail(["policy", index], error.message.replace(/^policy rule \d+: /, ""));
    }
  }
}

/** A rule as the node takes it. */
export function policyRule({ interface: name, ...rule }: PolicyFile, handleOf: (name: string) => number): PolicyRule {
  const given = Object.fromEntries(Object.entries(rule).filter(([, value]) => value !== undefined)) as PolicyRule;
  return name === undefined ? given : { ...given, interface: handleOf(name) };
}

function checkRoutes(file: NodeFile, fail: Fail): void {
  const kernel = file.node.routing === "kernel";
  for (const [index, one] of file.routes.entries()) {
    const path = ["routes", index] as const;
    if (kernel) fail([...path, "prefix"], 'routes are the kernel\'s unless node.routing is "static"');
    if (!one.local && one.interface === undefined) {
      fail([...path, "interface"], "is missing: wants the interface to leave by");
    }
    if (one.local && (one.interface !== undefined || one.gateway !== undefined)) {
      fail([...path, "local"], "a route to this node has neither interface nor gateway");
    }
    const { prefix, family } = parsePrefix(one.prefix);
    if (one.gateway !== undefined && parseAddress(one.gateway).family !== family) {
      fail([...path, "gateway"], "is not of the prefix's family");
    }
    if (isMulticast(prefix, family)) fail([...path, "prefix"], "groups have [[multicastRoutes]]");
  }
  for (const [index, one] of file.multicastRoutes.entries()) {
    const path = ["multicastRoutes", index] as const;
    if (one.source !== undefined && parsePrefix(one.source).family !== parsePrefix(one.group).family) {
      fail([...path, "source"], "is not of the group's family");
    }
    if (one.incoming !== undefined && one.outgoing.includes(one.incoming)) {
      fail([...path, "outgoing"], `"${one.incoming}" is where the group comes in`);
    }
  }
}

/** Whether an address is in one of the prefixes. */
export function inPrefixes(
  address: Uint8Array,
  family: number,
  prefixes: readonly ReturnType<typeof parsePrefix>[],
): boolean {
  return prefixes.some((one) => one.family === family && matchesPrefix(address, one.prefix, one.prefixLength));
}
