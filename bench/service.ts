/**
 * The signalling service measured: `resv show` on a node with 100,000 sessions, and how long signalling waits for it; what
 * an application's calls cost in process and over the socket. `deno run -A bench/service.ts [--sessions N]`; the figures of
 * docs/performance.md are from it.
 */
import { cpuUsage } from "node:process";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { encodeObjects } from "../host/object_list.ts";
import { flowspecObject, senderObject, senderTspecObject } from "../host/application.ts";
import { defaultModule } from "../host/default_module.ts";
import { RsvpNode } from "../host/node.ts";
import { QosServiceProvider } from "../host/qos/service_provider.ts";
import { SERVICE_TYPE } from "../host/qos/service_types.ts";
import { StaticRouting } from "../host/routing/static_routing.ts";
import { RemoteNode } from "../host/service/remote_node.ts";
import { ServiceServer } from "../host/service/server.ts";
import type { SignallingNode } from "../host/signalling_node.ts";
import { MemoryTransport } from "../host/transport/memory_transport.ts";
import { pathPacket, resvPacket, TRANSIT_INTERFACES } from "./transit_node.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const HERE = "192.0.2.254";
const { values } = parseArgs({
  options: {
    sessions: { type: "string", default: "100000" },
    serve: { type: "string" },
    rounds: { type: "string", default: "3" },
  },
});
const SESSIONS = Number(values.sessions);
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** A router with two interfaces that sends into nothing. */
function router(): { node: RsvpNode; transport: MemoryTransport } {
  const transport = new MemoryTransport({ send: () => {} });
  const node = new RsvpNode({
    module: defaultModule(),
    transport,
    routing: new StaticRouting([
      { prefix: `${HERE}/32`, local: true },
      { prefix: "192.0.2.0/24", interface: 1 },
      { prefix: "0.0.0.0/0", interface: 2 },
    ]),
    interfaces: TRANSIT_INTERFACES.map((one) => ({
      interface: one.interface!,
      name: `eth${one.interface}`,
      addresses: [one.interface === 1 ? `${HERE}/24` : "203.0.113.254/24"],
    })),
    seed: 1,
    memoryLimitBytes: 2 ** 30,
    noTrafficControlResult: true,
  });
  return { node, transport };
}

/** The server's process: fills a node, serves it, and tells how long the event loop was ever held up while it was asked. */
async function serve(path: string): Promise<void> {
  const { node, transport } = router();
  const refreshes = Array.from({ length: 1_000 }, (_, index) => pathPacket(index));
  for (let number = 0; number < SESSIONS; number++) transport.deliver([pathPacket(number)]);
  for (let number = 0; number < SESSIONS; number++) transport.deliver([resvPacket(number)]);
  if (node.counters().RESERVATION_STATES !== SESSIONS) throw new Error("the node did not take every session");
  let longest = { wallMs: 0, processorMs: 0, turns: 0 };
  const operations = {
    longest() {
      const answer = longest;
      longest = { wallMs: 0, processorMs: 0, turns: 0 };
      return answer;
    },
  };
  const server = await new ServiceServer({ node, path, operations }).listen();
  console.log("ready");
  // Signalling goes on: a refresh in every turn of the event loop. How long a turn takes is what a packet waits at the most;
  // on a machine that does other things too, the processor's time says how much of that is ours.
  let wall = performance.now(), processor = processorMs();
  for (let turn = 0; server.listening; turn++) {
    await pause(0);
    transport.deliver([refreshes[turn % refreshes.length]]);
    const wallNow = performance.now(), processorNow = processorMs();
    longest.wallMs = Math.max(longest.wallMs, wallNow - wall);
    longest.processorMs = Math.max(longest.processorMs, processorNow - processor);
    longest.turns++;
    [wall, processor] = [wallNow, processorNow];
  }
}

/** What this process has used of the processors, all its threads together. */
function processorMs(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1_000;
}

/** Runs a command line with its output thrown away: seconds on the clock, and of the processors. */
async function timed(command: string): Promise<{ wall: number; processor: number }> {
  const args = ["-c", `TIMEFORMAT='%R %U %S'; time ${command} > /dev/null`];
  const { stderr, success } = await new Deno.Command("bash", { args, stdout: "null", stderr: "piped" }).output();
  const text = new TextDecoder().decode(stderr).trim();
  if (!success) throw new Error(`${command}: ${text}`);
  const [wall, user, system] = text.split("\n").at(-1)!.split(" ").map(Number);
  return { wall, processor: user + system };
}

async function show(): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "resv_bench_" });
  const path = `${folder}/resv.sock`;
  const args = ["run", "-A", fileURLToPath(import.meta.url), "--serve", path, "--sessions", String(SESSIONS)];
  const child = new Deno.Command(Deno.execPath(), { args, stdout: "piped", stderr: "inherit" }).spawn();
  const reader = child.stdout.getReader();
  try {
    await reader.read();
    const { ServiceConnection } = await import("../host/service/client_connection.ts");
    const connection = await ServiceConnection.open({ path });
    const longest = async () =>
      await connection.request("longest") as unknown as { wallMs: number; processorMs: number };
    const turnText = ({ wallMs, processorMs }: { wallMs: number; processorMs: number }) =>
      `${wallMs.toFixed(1)} ms, ${processorMs.toFixed(1)} ms of the processor`;
    await longest();
    await pause(2_000);
    console.log(`${SESSIONS} sessions, each with a sender and a reservation`);
    console.log(`longest turn of the event loop while nobody asks: ${turnText(await longest())}`);
    for (const table of ["sessions", "senders", "reservations", "installed", "requests", "counters"]) {
      const command =
        `${Deno.execPath()} run -A --no-check --quiet ${ROOT}host/cli/main.ts show ${table} --socket ${path}`;
      for (let round = 0; round < Number(values.rounds); round++) {
        await longest();
        const { wall, processor } = await timed(command);
        const took = `${wall.toFixed(2)} s, ${processor.toFixed(2)} s of the processor`;
        console.log(`resv show ${table.padEnd(12)} ${took}; longest turn ${turnText(await longest())}`);
      }
    }
    connection.close();
  } finally {
    child.kill("SIGKILL");
    await child.status;
    await reader.cancel();
    await Deno.remove(folder, { recursive: true });
  }
}

const TSPEC = { tokenBucketRateBytesPerSecond: 12_500 };

/** Processor time of each kind of call (garbage collection included), in microseconds: the mean over `count` of them. */
function calls(node: SignallingNode, count: number): Map<string, number> {
  const cost = new Map<string, number>();
  const timed = <T>(name: string, run: (index: number) => T): T[] => {
    const results: T[] = [];
    const start = processorMs();
    for (let index = 0; index < count; index++) results.push(run(index));
    cost.set(name, (processorMs() - start) * 1_000 / count);
    return results;
  };
  const to = (index: number) => ({ destination: HERE, port: 1_000 + index });
  const sending = timed("session", (index) => node.session(to(index)));
  const receiving = timed("session, a second in it", (index) => node.session(to(index)));
  timed("sender", (index) => sending[index].sender({ address: HERE, port: 4_000, ...TSPEC }));
  timed(
    "sender, changed",
    (index) => sending[index].sender({ address: HERE, port: 4_000, tokenBucketRateBytesPerSecond: 25_000 }),
  );
  const objects = encodeObjects([
    senderObject("SENDER_TEMPLATE", { address: HERE, port: 4_000 }),
    senderTspecObject(TSPEC),
  ]);
  if (objects.length === 0) throw new Error("nothing was encoded");
  const senders = [{ address: HERE, port: 4_000 }];
  timed("reserve", (index) => receiving[index].reserve({ style: "FF", senders, flowspec: TSPEC, confirm: true }));
  timed(
    "request, ready made",
    (index) => receiving[index].request("FF", [flowspecObject(TSPEC), senderObject("FILTER_SPEC", senders[0])]),
  );
  timed("unreserve", (index) => receiving[index].unreserve());
  timed("withdraw", (index) => sending[index].withdraw());
  timed("release", (index) => sending[index].release());
  timed("release, the last", (index) => receiving[index].release());
  return cost;
}

/** What a QOS socket costs beside its socket. */
function endpoints(node: SignallingNode, count: number, receiversHere: boolean): Map<string, number> {
  const cost = new Map<string, number>();
  const provider = new QosServiceProvider(node);
  const serviceType = SERVICE_TYPE.CONTROLLEDLOAD;
  const timed = (name: string, run: (index: number) => void) => {
    const start = processorMs();
    for (let index = 0; index < count; index++) run(index);
    cost.set(name, (processorMs() - start) * 1_000 / count);
  };
  const receivers = Array.from({ length: count }, () => provider.endpoint("udp"));
  const senders = Array.from({ length: count }, () => provider.endpoint("udp"));
  timed("bind", (index) => receivers[index].bind({ address: HERE, port: 1_000 + index }));
  timed("setQos, receiving", (index) => receivers[index].setQos({ receivingFlowspec: { serviceType } }));
  for (const [index, sender] of senders.entries()) sender.bind({ address: HERE, port: 20_000 + index });
  // Where the receiver is here too, the call does everything at once: Path, the receiver's decision, Resv, both events.
  const address = receiversHere ? HERE : "203.0.113.9", more = receiversHere ? ", and all that follows" : "";
  timed(
    `connect with QOS${more}`,
    (index) =>
      senders[index].connect({ address, port: 1_000 + index }, {
        sendingFlowspec: { serviceType, tokenRateBytesPerSecond: 8_500 },
      }),
  );
  timed(
    `setQos, another rate${more}`,
    (index) => senders[index].setQos({ sendingFlowspec: { serviceType, tokenRateBytesPerSecond: 9_500 } }),
  );
  timed("close, sending", (index) => senders[index].close());
  timed("close, receiving", (index) => receivers[index].close());
  return cost;
}

/** The middle of the rounds: the first ones are the compiler's. */
function median(rounds: Map<string, number>[]): Map<string, number> {
  const middle = new Map<string, number>();
  for (const name of rounds[0].keys()) {
    const sorted = rounds.map((round) => round.get(name)!).sort((a, b) => a - b);
    middle.set(name, sorted[sorted.length >> 1]);
  }
  return middle;
}

function print(title: string, cost: Map<string, number>): void {
  console.log(`\n${title}, microseconds each`);
  for (const [name, us] of cost) console.log(`  ${name.padEnd(52)} ${us.toFixed(1)}`);
}

async function measureCalls(): Promise<void> {
  const { node } = router();
  const rounds = (one: () => Map<string, number>) => median(Array.from({ length: 11 }, one));
  print("Calls of a session in process, mean of 2,000, median of 11 rounds", rounds(() => calls(node, 2_000)));
  for (const receivers of ["elsewhere", "here"] as const) {
    const cost = rounds(() => endpoints(node, 1_000, receivers === "here"));
    print(`QOS endpoints in process, receivers ${receivers}, mean of 1,000, median of 11 rounds`, cost);
  }
  const folder = await Deno.makeTempDir({ prefix: "resv_bench_" });
  const server = await new ServiceServer({ node, path: `${folder}/resv.sock` }).listen();
  const remote = await RemoteNode.connect({ path: server.path });
  const rates: number[] = [];
  for (let round = 0; round < 5; round++) {
    const start = processorMs();
    const kinds = calls(remote, 1_000).size;
    await remote.settled();
    rates.push((processorMs() - start) * 1_000 / (1_000 * kinds));
  }
  console.log(
    `\nCalls over the socket, client and service in one process: ${Math.min(...rates).toFixed(1)} microseconds each`,
  );
  remote.close();
  await server.close();
  node.close();
  await Deno.remove(folder, { recursive: true });
}

if (values.serve !== undefined) await serve(values.serve);
else {
  await measureCalls();
  console.log();
  await show();
}
