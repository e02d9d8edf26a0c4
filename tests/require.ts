/**
 * What some tests need and not every machine has. A test that needs something says so:
 *
 * ```ts
 * Deno.test({ name: "...", ...needs("shared", "tshark"), fn() { ... } });
 * ```
 *
 * Where it is missing, the test is skipped and the line printed names what is missing. With RESV_REQUIRE=all in the
 * environment (as `.ci/run` sets it) nothing is skipped: the test's file fails to load, with the same words.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The folder of reference material beside the repository: captures, conformance tables, the C limit. */
export const SHARED = fileURLToPath(new URL("../../shared/", import.meta.url));
/** Real captures with tshark's and tcpdump's reading beside each. */
export const CAPTURES = SHARED + "captures/";

/** Whether a program is on the PATH. */
export function hasProgram(name: string): boolean {
  const path = Deno.env.get("PATH") ?? "";
  return path.split(":").some((folder) => folder !== "" && existsSync(`${folder}/${name}`));
}

/** Bits of /proc/self/status CapEff, from capabilities(7). */
const CAPABILITY = { CAP_NET_ADMIN: 12n, CAP_NET_RAW: 13n, CAP_SYS_ADMIN: 21n, CAP_BPF: 39n } as const;

function hasCapability(name: keyof typeof CAPABILITY): boolean {
  if (Deno.build.os !== "linux") return false;
  const line = /^CapEff:\s*([0-9a-f]+)$/m.exec(Deno.readTextFileSync("/proc/self/status"));
  return line !== null && ((BigInt("0x" + line[1]) >> CAPABILITY[name]) & 1n) === 1n;
}

function nodeMajor(): number {
  if (!hasProgram("node")) return 0;
  const { stdout } = new Deno.Command("node", { args: ["--version"], stdout: "piped", stderr: "null" }).outputSync();
  return Number(/^v(\d+)\./.exec(new TextDecoder().decode(stdout))?.[1] ?? 0);
}

function loopbackHasIpv6(): boolean {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}

/** The Python that has scapy: the distribution's, where another one stands before it on the PATH. */
export function scapyPython(): string | undefined {
  return ["python3", "/usr/bin/python3"].find((program) =>
    (program.includes("/") ? existsSync(program) : hasProgram(program)) &&
    new Deno.Command(program, { args: ["-c", "import scapy"], stdout: "null", stderr: "null" }).outputSync().success
  );
}

/** Tried in a namespace that ends with the command. */
function hasBridge(): boolean {
  return hasProgram("ip") && hasProgram("unshare") &&
    new Deno.Command("unshare", {
      args: ["-n", "ip", "link", "add", "lan", "type", "bridge"],
      stdout: "null",
      stderr: "null",
    }).outputSync().success;
}

interface Probe {
  readonly present: () => boolean;
  /** What to say when it is missing; how to get it, where that is one command. */
  readonly missing: string;
}

const PROBES = {
  shared: { present: () => existsSync(SHARED + "README.md"), missing: "the folder ../shared beside the repository" },
  captures: {
    present: () => existsSync(CAPTURES + "MANIFEST.json"),
    missing: "the folder ../shared/captures beside the repository",
  },
  conformance: {
    present: () => existsSync(SHARED + "conformance/rsvp-conformance.tsv"),
    missing: "the folder ../shared/conformance beside the repository",
  },
  perf: {
    present: () => existsSync(SHARED + "perf/limit.c"),
    missing: "the folder ../shared/perf beside the repository",
  },
  tshark: { present: () => hasProgram("tshark"), missing: "tshark (apt-get install tshark)" },
  tcpdump: { present: () => hasProgram("tcpdump"), missing: "tcpdump (apt-get install tcpdump)" },
  scapy: { present: () => scapyPython() !== undefined, missing: "scapy (apt-get install python3-scapy)" },
  compiler: { present: () => hasProgram("cc") || hasProgram("gcc"), missing: "a C compiler (apt-get install gcc)" },
  node: { present: () => nodeMajor() >= 20, missing: "Node 20 or later" },
  ip: { present: () => hasProgram("ip"), missing: "the ip command (apt-get install iproute2)" },
  linux: { present: () => Deno.build.os === "linux", missing: "Linux" },
  ipv6: { present: loopbackHasIpv6, missing: "IPv6 on the loopback interface" },
  netRaw: { present: () => hasCapability("CAP_NET_RAW"), missing: "the capability CAP_NET_RAW (or root)" },
  netAdmin: { present: () => hasCapability("CAP_NET_ADMIN"), missing: "the capability CAP_NET_ADMIN (or root)" },
  bpf: { present: () => hasCapability("CAP_BPF"), missing: "the capability CAP_BPF (or root)" },
  nft: { present: () => hasProgram("nft"), missing: "nft (apt-get install nftables)" },
  iperf3: { present: () => hasProgram("iperf3"), missing: "iperf3 (apt-get install iperf3)" },
  python: { present: () => hasProgram("python3"), missing: "python3 (apt-get install python3)" },
  namespaces: {
    present: () =>
      hasCapability("CAP_SYS_ADMIN") && hasCapability("CAP_NET_ADMIN") && hasProgram("ip") && hasProgram("unshare") &&
      new Deno.Command("unshare", { args: ["-n", "true"], stdout: "null", stderr: "null" }).outputSync().success,
    missing: "network namespaces (CAP_SYS_ADMIN and CAP_NET_ADMIN, or root; and iproute2)",
  },
  bridge: { present: hasBridge, missing: "bridges in the kernel (CONFIG_BRIDGE), which a LAN is made of" },
} satisfies Record<string, Probe>;

/** The name of something that a test may need. */
export type Need = keyof typeof PROBES;

const answers = new Map<Need, boolean>();
const announced = new Set<Need>();

/** Whether it is here; probed once. */
export function has(need: Need): boolean {
  let answer = answers.get(need);
  if (answer === undefined) answers.set(need, answer = PROBES[need].present());
  return answer;
}

/** True when a missing thing must fail the test rather than skip it. */
export function requireAll(): boolean {
  return Deno.env.get("RESV_REQUIRE") === "all";
}

/**
 * To be spread into a test's definition. With something missing the test is ignored, and a line says what is missing;
 * under RESV_REQUIRE=all this throws, which fails the file that asks.
 */
export function needs(...wanted: Need[]): { ignore: boolean } {
  const missing = wanted.filter((need) => !has(need));
  if (missing.length === 0) return { ignore: false };
  for (const need of missing) {
    if (announced.has(need)) continue;
    announced.add(need);
    console.error(`${requireAll() ? "missing" : "tests skipped for want of"}: ${PROBES[need].missing}`);
  }
  if (!requireAll()) return { ignore: true };
  throw new Error(`RESV_REQUIRE=all, but missing: ${missing.map((need) => PROBES[need].missing).join("; ")}`);
}

/** For the inside of a test or step: throws, naming what is missing. */
export function demand(...wanted: Need[]): void {
  const missing = wanted.filter((need) => !has(need)).map((need) => PROBES[need].missing);
  if (missing.length > 0) throw new Error(`missing: ${missing.join("; ")}`);
}
