/**
 * Receiving refreshes on real links: a router between two veth pairs in network namespaces, flooded with refreshes of its
 * state by a C program on either side, beside a C program that receives the same flood and does nothing with it. CPU per
 * packet is what getrusage says of the process, user and system. Rounds are interleaved; the median of them counts.
 *
 * Needs root (or CAP_NET_ADMIN, CAP_SYS_ADMIN, CAP_NET_RAW), iproute2 and a C compiler.
 *
 *   deno run -A bench/linux_receive.ts [--rounds 5] [--seconds 3] [--rates 20000,50000] [--sessions 1000]
 */
import { ipDatagram } from "../host/transport/ip_datagram.ts";
import type { Packet } from "../host/transport/transport.ts";
import { pathPacket, resvPacket } from "./transit_node.ts";
import type { NodeState } from "./linux_receive_node.ts";

const NODE = new URL("linux_receive_node.ts", import.meta.url).pathname;
const SOURCE = new URL("limit/linux_io.c", import.meta.url).pathname;
/** So that a round's own refreshes stay away from what is measured. */
const SLOW_REFRESH_MS = 600_000;

function option(name: string, fallback: string): string {
  const at = Deno.args.indexOf(`--${name}`);
  return at < 0 ? fallback : Deno.args[at + 1];
}

async function run(...command: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command[0], { args: command.slice(1) }).output();
  if (!success) throw new Error(`${command.join(" ")}: ${new TextDecoder().decode(stderr).trim()}`);
  return new TextDecoder().decode(stdout);
}

/** A - R - B, with the addresses of transit_node.ts. */
class Line {
  readonly prefix = `resv-bench-${Deno.pid}`;

  in(node: string): string[] {
    return ["ip", "netns", "exec", `${this.prefix}-${node}`];
  }

  async make(): Promise<void> {
    for (const node of ["a", "r", "b"]) {
      await run("ip", "netns", "add", `${this.prefix}-${node}`);
      await run("ip", "-n", `${this.prefix}-${node}`, "link", "set", "lo", "up");
    }
    await this.#link("a", "192.0.2.1/24", "left", "192.0.2.254/24");
    await this.#link("b", "203.0.113.2/24", "right", "203.0.113.254/24");
    await run("ip", "-n", `${this.prefix}-r`, "route", "add", "10.0.0.0/8", "via", "203.0.113.2");
    await run("ip", "-n", `${this.prefix}-r`, "route", "add", "198.51.100.0/24", "via", "192.0.2.1");
    await run("ip", "-n", `${this.prefix}-a`, "route", "add", "default", "via", "192.0.2.254");
    await run("ip", "-n", `${this.prefix}-b`, "route", "add", "default", "via", "203.0.113.254");
    // What the router sends on is taken, by the flood's own socket, and not answered by ICMP.
    await run("ip", "-n", `${this.prefix}-b`, "route", "add", "local", "10.0.0.0/8", "dev", "lo");
    await run(...this.in("r"), "sysctl", "-qw", "net.ipv4.ip_forward=1");
  }

  async remove(): Promise<void> {
    for (const node of ["a", "r", "b"]) await run("ip", "netns", "del", `${this.prefix}-${node}`).catch(() => {});
  }

  async #link(end: string, address: string, name: string, routerAddress: string): Promise<void> {
    const [at, router] = [`${this.prefix}-${end}`, `${this.prefix}-r`];
    await run("ip", "link", "add", "eth0", "netns", at, "type", "veth", "peer", "name", name, "netns", router);
    for (const [space, device, text] of [[at, "eth0", address], [router, name, routerAddress]]) {
      await run("ip", "-n", space, "link", "set", device, "up");
      await run("ip", "-n", space, "addr", "add", text, "dev", device);
    }
  }
}

/** What one side has used, in one round. */
interface Used {
  packets: number;
  cpuMicroseconds: number;
  milliseconds: number;
  lost: number;
  sent: number;
}

class Bench {
  readonly line = new Line();
  readonly folder = Deno.makeTempDirSync();
  readonly program = `${this.folder}/linux_io`;
  readonly seconds = Number(option("seconds", "3"));

  async prepare(): Promise<void> {
    await run("gcc", "-O3", "-march=native", "-o", this.program, SOURCE);
    await this.line.make();
  }

  /** Writes the messages of so many sessions to files, as the flood wants them. */
  writeTraffic(sessions: number): void {
    for (const [side, packetOf] of [["a", pathPacket], ["b", resvPacket]] as const) {
      const file = Deno.openSync(`${this.folder}/${side}-${sessions}`, { write: true, create: true });
      for (let number = 0; number < sessions; number++) {
        const datagram = ipDatagram(packetOf(number) as Packet, 0);
        const record = new Uint8Array(2 + datagram.length);
        new DataView(record.buffer).setUint16(0, datagram.length, true);
        record.set(datagram, 2);
        file.writeSync(record);
      }
      file.close();
    }
  }

  /** Floods from both sides, half of the rate each; returns how many were sent. */
  async flood(sessions: number, seconds: number, rate: number): Promise<number> {
    const sides = ["a", "b"].map((side) =>
      run(
        ...this.line.in(side),
        this.program,
        "send",
        `${this.folder}/${side}-${sessions}`,
        `${seconds}`,
        `${rate / 2}`,
      )
    );
    return (await Promise.all(sides)).reduce((sum, text) => sum + Number(text.split(" ")[0]), 0);
  }

  async c(sessions: number, rate: number, pauseMicroseconds: number, answering = false): Promise<Used> {
    const [ip, ...args] = this.line.in("r");
    const answers = answering ? [`${this.folder}/a-${sessions}`] : [];
    const child = new Deno.Command(ip, {
      args: [...args, this.program, "receive", `${this.seconds + 1}`, `${pauseMicroseconds}`, ...answers],
      stdout: "piped",
    }).spawn();
    const output = child.output();
    await new Promise((resolve) => setTimeout(resolve, 200));
    await this.flood(sessions, this.seconds, rate);
    const text = new TextDecoder().decode((await output).stdout).split("\n")[1];
    const [packets, cpuMicroseconds, milliseconds, lost] = text.split(" ").map(Number);
    return { packets, cpuMicroseconds, milliseconds, lost, sent: answering ? packets : 0 };
  }

  /** The node, with its state set up first. With `answering` it sends as many refreshes as it receives. */
  async node(sessions: number, rate: number, way: string, answering: boolean): Promise<Used> {
    const refreshMs = answering ? Math.round(2 * sessions / rate * 1000) : SLOW_REFRESH_MS;
    const [ip, ...args] = this.line.in("r");
    const child = new Deno.Command(ip, {
      args: [...args, Deno.execPath(), "run", "-A", "--no-check", NODE, String(refreshMs), way, "5"],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const state = async (): Promise<NodeState> => {
      let text = "";
      while (!text.endsWith("\n")) {
        const { value, done } = await reader.read();
        if (done) throw new Error("the node has ended");
        text += value;
      }
      return JSON.parse(text);
    };
    const ask = async () => {
      await writer.write(new Uint8Array([10]));
      return await state();
    };
    await state();
    // Setting up costs more than refreshing: slowly, and once more where a queue was full.
    let before = await ask();
    for (
      let i = 0;
      i < 5 && (before.counters.SESSIONS !== sessions || before.counters.RESERVATION_STATES !== sessions);
      i++
    ) {
      await this.flood(sessions, 0, 8_000);
      await new Promise((resolve) => setTimeout(resolve, 500));
      before = await ask();
    }
    if (before.counters.SESSIONS !== sessions) throw new Error(`${before.counters.SESSIONS} of ${sessions} sessions`);
    await this.flood(sessions, 1, rate);
    // What waits in the queue is not to be counted.
    await new Promise((resolve) => setTimeout(resolve, 500));
    before = await ask();
    const start = performance.now();
    await this.flood(sessions, this.seconds, rate);
    const after = await ask();
    await writer.close();
    await child.status;
    if (option("verbose", "") !== "") console.error(after);
    return {
      packets: after.received - before.received,
      cpuMicroseconds: after.cpuMicroseconds - before.cpuMicroseconds,
      milliseconds: performance.now() - start,
      lost: after.kernelDrops - before.kernelDrops,
      sent: after.sent - before.sent,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.line.remove();
    await Deno.remove(this.folder, { recursive: true });
  }
}

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

if (import.meta.main) {
  await using bench = new Bench();
  await bench.prepare();
  const sessions = Number(option("sessions", "1000"));
  const rates = option("rates", "20000,60000").split(",").map(Number);
  bench.writeTraffic(sessions);
  console.log("| packets a second | side | received | lost | sent | CPU us per packet received | ratio to C |");
  console.log("| ---: | --- | ---: | ---: | ---: | ---: | ---: |");
  for (const rate of rates) {
    // As many sessions as are refreshed once a second by this rate: Path and Resv each.
    const answered = rate / 2;
    bench.writeTraffic(answered);
    const sides: [string, () => Promise<Used>][] = [
      ["C, recvmmsg, does nothing", () => bench.c(sessions, rate, 0)],
      ["C, the same with a pause of 1 ms", () => bench.c(sessions, rate, 1000)],
      ["C, a datagram sent for each", () => bench.c(sessions, rate, 0, true)],
      ["resv, state refreshed", () => bench.node(sessions, rate, "batches", false)],
      ["resv, without batches", () => bench.node(sessions, rate, "packets", false)],
      ["resv, and as many refreshes sent", () => bench.node(answered, rate, "batches", true)],
    ];
    const costs: number[][] = sides.map(() => []), last: Used[] = [];
    for (let round = 0; round < Number(option("rounds", "3")); round++) {
      for (const [i, [, side]] of sides.entries()) {
        last[i] = await side();
        costs[i].push(last[i].cpuMicroseconds / last[i].packets);
      }
    }
    const base = median(costs[0]);
    for (const [i, [name]] of sides.entries()) {
      const { packets, lost, sent } = last[i], cost = median(costs[i]);
      const cells = [rate, name, packets, lost, sent, cost.toFixed(2), (cost / base).toFixed(2)];
      console.log(`| ${cells.join(" | ")} |`);
    }
  }
}
