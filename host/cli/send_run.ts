/** What `resv send` does: announce, wait, send at the rate, say how it went. */
import type { QosHost } from "../qos/host.ts";
import { isGroup, type SocketAddress } from "../qos/matching.ts";
import { isSpecified, type QosFlowspec } from "../qos/flowspec.ts";
import type { QosEvent } from "../qos/events.ts";
import { SERVICE_TYPE } from "../qos/service_types.ts";
import { QosTcpSocket } from "../qos/tcp_socket.ts";
import { QosUdpSocket } from "../qos/udp_socket.ts";
import type { ResvContext } from "./context.ts";
import { interruption, openNode } from "./node_flags.ts";
import { CommandError, UsageError } from "./output.ts";
import { socketPlace } from "./place_argument.ts";
import type { SendFlags } from "./send.ts";
import { eventText, flowspecOf, headerBytes, localAddress, plainEvent, refusal } from "./traffic_flags.ts";
import { FRAME_BYTES, RECORD_BYTES, wallClockMs, writeFrame } from "./traffic_frame.ts";
import { TokenBucketPacer } from "../qos/pacer.ts";
import { formatAddressPort, formatBytes, formatCount, formatRate } from "./units.ts";

/** Packets where neither a size nor a template says how large they are. */
const STANDARD_PACKET_BYTES = 1_000;
/** A bucket that nobody has given holds what a late timer would leave out. */
const BUCKET_SECONDS = 0.02;
/** How often the end of a run is told where datagrams may be lost. */
const ENDINGS = 3;

/** Runs the command. */
export async function runSend(this: ResvContext, flags: SendFlags): Promise<void> {
  if (!flags.to || flags.to.length === 0) throw new UsageError("say where to: --to 127.9.1.3:5004");
  const to = flags.to.map((place) => socketPlace(place, flags.tcp));
  if (flags.tcp && to.length > 1) throw new UsageError("a TCP connection has one peer: one --to");
  const plan = planOf(flags, to);
  const host = await openNode(flags, (line) => this.fail(line));
  const interrupted = interruption();
  const sending = new Sending(this, flags, plan, to);
  interrupted.promise.then(() => sending.stop());
  try {
    await sending.open(host);
    await sending.waitForReservation();
    await sending.send();
    sending.report();
  } catch (error) {
    throw refusal(error);
  } finally {
    await sending.close();
    interrupted.close();
    await host.close();
  }
}

/** What is sent. */
interface Plan {
  flowspec: Partial<QosFlowspec>;
  bytesPerSecond: number;
  bucketBytes: number;
  /** IP header included. */
  packetBytes: number;
  headerBytes: number;
  signalled: boolean;
}

function planOf(flags: SendFlags, to: readonly SocketAddress[]): Plan {
  const flowspec = flowspecOf(flags);
  const { tokenRateBytesPerSecond: rate, maxSduSizeBytes: largest, tokenBucketSizeBytes: bucket } = flowspec;
  if (rate === undefined || !isSpecified(rate)) {
    throw new UsageError("say what is sent: --rate BYTES or --template G711");
  }
  const packetBytes = largest !== undefined && isSpecified(largest) ? largest : STANDARD_PACKET_BYTES;
  const header = Math.max(...to.map(({ address }) => headerBytes(address, flags.tcp)));
  const least = header + FRAME_BYTES + (flags.tcp ? RECORD_BYTES : 0);
  if (packetBytes < least) throw new UsageError(`--size ${packetBytes}: a packet has at least ${least} bytes`);
  const bucketBytes = bucket !== undefined && isSpecified(bucket)
    ? bucket
    : Math.max(2 * packetBytes, Math.ceil(rate * BUCKET_SECONDS));
  return {
    flowspec: { ...flowspec, maxSduSizeBytes: packetBytes, tokenBucketSizeBytes: bucketBytes },
    bytesPerSecond: rate,
    bucketBytes,
    packetBytes,
    headerBytes: header,
    signalled: flowspec.serviceType !== SERVICE_TYPE.BESTEFFORT,
  };
}

/** One way of a run: its destination, its bucket, what went out. */
interface Flow {
  readonly to: SocketAddress;
  readonly run: number;
  readonly pacer: TokenBucketPacer;
  reserved: boolean;
  number: number;
}

/** A run. */
class Sending {
  #context: ResvContext;
  #flags: SendFlags;
  #plan: Plan;
  #flows: Flow[];
  #events: Record<string, unknown>[] = [];
  #udp: QosUdpSocket | undefined;
  #tcp: QosTcpSocket | undefined;
  #startMs = performance.now();
  #stopped = Promise.withResolvers<void>();
  #isStopped = false;
  #changed: () => void = () => {};
  #sentMs = 0;

  constructor(context: ResvContext, flags: SendFlags, plan: Plan, to: readonly SocketAddress[]) {
    this.#context = context;
    this.#flags = flags;
    this.#plan = plan;
    this.#flows = to.map((place) => ({
      to: place,
      run: crypto.getRandomValues(new Uint32Array(1))[0],
      pacer: new TokenBucketPacer(plan.bytesPerSecond, plan.bucketBytes, 0),
      reserved: false,
      number: 0,
    }));
  }

  /** Ends waiting and sending. */
  stop(): void {
    this.#isStopped = true;
    this.#stopped.resolve();
    this.#changed();
  }

  async open(host: QosHost): Promise<void> {
    const { tcp, from = 0 } = this.#flags;
    const qos = { sendingFlowspec: this.#plan.flowspec };
    const [first] = this.#flows;
    const local = { address: await localAddress(host, first.to.address), port: from };
    if (tcp) {
      this.#tcp = await QosTcpSocket.connect(host.provider, first.to, { local: { ...local, port: from || undefined } });
      this.#tcp.on((event) => this.#heard(event));
      this.#tcp.setQos(qos);
      return;
    }
    const socket = this.#udp = await QosUdpSocket.open(host.provider, local);
    socket.on((event) => this.#heard(event));
    const groups = this.#flows.filter(({ to }) => isGroup(to.address));
    if (groups.length > 0 && groups.length < this.#flows.length) {
      throw new UsageError("a socket sends to groups or to hosts, not to both");
    }
    for (const { to } of groups) await socket.join(to, { direction: "sender", qos });
    if (groups.length > 0) return;
    if (this.#flows.length === 1) return void socket.connect(first.to, qos);
    for (const { to } of this.#flows) {
      socket.setQos({ ...qos, providerSpecific: [{ object: "DESTINATION_ADDRESS", ...to }] });
    }
  }

  async waitForReservation(): Promise<void> {
    const { wait, required } = this.#flags;
    if (!this.#plan.signalled) return;
    const until = performance.now() + wait * 1000;
    while (!this.#isStopped && this.#flows.some(({ reserved }) => !reserved) && performance.now() < until) {
      const changed = new Promise<void>((resolve) => this.#changed = resolve);
      await this.#pause(until - performance.now(), changed);
    }
    const missing = this.#flows.filter(({ reserved }) => !reserved).map(({ to }) =>
      formatAddressPort(to.address, to.port)
    );
    if (missing.length === 0 || this.#isStopped) return;
    const what = `no reservation from ${missing.join(", ")} within ${wait} s`;
    if (required) throw new CommandError(what);
    this.#say(`${what}: sending as best effort`);
  }

  /** Sends as the buckets permit, until the time is over. */
  async send(): Promise<void> {
    const startMs = performance.now(), endMs = startMs + this.#flags.duration * 1000;
    const packet = new Uint8Array(this.#plan.packetBytes - this.#plan.headerBytes);
    let nextMs = startMs + this.#flags.interval * 1000, before = this.#packets();
    while (!this.#isStopped) {
      const nowMs = performance.now();
      if (nowMs >= endMs) break;
      if (nowMs >= nextMs) {
        this.#tellInterval(this.#packets() - before);
        before = this.#packets();
        nextMs += this.#flags.interval * 1000;
      }
      const delays: number[] = [];
      for (const flow of this.#flows) {
        const delayMs = flow.pacer.take(this.#plan.packetBytes, nowMs);
        delays.push(delayMs);
        if (delayMs === 0) await this.#put(flow, packet, false);
      }
      const delayMs = Math.min(...delays, nextMs - nowMs, endMs - nowMs);
      if (delayMs > 0) await this.#pause(delayMs);
    }
    this.#sentMs = performance.now() - startMs;
    for (let time = 0; time < (this.#tcp ? 1 : ENDINGS); time++) {
      for (const flow of this.#flows) await this.#put(flow, packet.subarray(0, this.#leastBytes()), true);
    }
    this.#tcp?.shutdown("sending");
  }

  report(): void {
    const packets = this.#packets(), bytes = packets * this.#plan.packetBytes, seconds = this.#sentMs / 1000;
    const bytesPerSecond = seconds > 0 ? bytes / seconds : 0;
    const reserved = this.#flows.every((flow) => flow.reserved);
    if (this.#flags.json) {
      const destinations = this.#flows.map(({ to, reserved, number, pacer }) => ({
        ...{ ...to, reserved, packets: number, pacedBytesPerSecond: pacer.bytesPerSecond },
      }));
      const summary = { seconds, packets, bytes, bytesPerSecond, reserved, destinations, events: this.#events };
      return this.#context.out.line(JSON.stringify(summary, null, 2));
    }
    this.#say(
      `sent ${formatCount(packets, "packet")}, ${formatBytes(bytes)} in ${seconds.toFixed(1)} s: ` +
        `${formatRate(bytesPerSecond)}, ${reserved ? "reserved" : "not reserved"}`,
    );
  }

  async close(): Promise<void> {
    await Promise.all([this.#udp?.close(), this.#tcp?.close()]);
  }

  #leastBytes(): number {
    return FRAME_BYTES + (this.#tcp ? RECORD_BYTES : 0);
  }

  #packets(): number {
    return this.#flows.reduce((sum, { number }) => sum + number, 0);
  }

  async #put(flow: Flow, packet: Uint8Array, last: boolean): Promise<void> {
    const offset = this.#tcp ? RECORD_BYTES : 0;
    const copy = packet.slice();
    const view = new DataView(copy.buffer);
    if (this.#tcp) view.setUint32(0, copy.length);
    const frame = { run: flow.run, number: flow.number, last, sentMs: wallClockMs() };
    writeFrame(new DataView(copy.buffer, offset), frame);
    if (!last) flow.number++;
    if (this.#tcp) return await this.#tcp.write(copy);
    await this.#udp!.send(copy, flow.to);
  }

  /** A reservation for less than was announced slows the flow down to it. */
  #heard(event: QosEvent): void {
    const seconds = Number(((performance.now() - this.#startMs) / 1000).toFixed(3));
    this.#events.push(plainEvent(seconds, event));
    this.#say(eventText(event));
    const { destination, port } = event.session;
    const flow = this.#flows.find(({ to }) => to.port === port && to.address === destination) ?? this.#flows[0];
    if (event.status === "RECEIVERS") flow.reserved = true;
    if (event.status === "NO_RECEIVERS") flow.reserved = false;
    const { tokenRateBytesPerSecond: rate } = event.qos.sendingFlowspec;
    const reservedRate = event.status === "RECEIVERS" && isSpecified(rate) ? rate : Infinity;
    flow.pacer.bytesPerSecond = Math.min(this.#plan.bytesPerSecond, reservedRate);
    this.#changed();
  }

  #tellInterval(packets: number): void {
    const bytes = packets * this.#plan.packetBytes;
    this.#say(`${formatRate(bytes / this.#flags.interval).padEnd(10)} ${formatCount(packets, "packet")}`);
  }

  #say(text: string): void {
    if (this.#flags.json) return;
    const seconds = ((performance.now() - this.#startMs) / 1000).toFixed(3).padStart(8);
    this.#context.out.line(`${seconds}  ${text}`);
    this.#context.out.flush();
  }

  async #pause(ms: number, ...others: Promise<void>[]): Promise<void> {
    const timer = Promise.withResolvers<void>();
    const handle = setTimeout(timer.resolve, Math.max(0, ms));
    await Promise.race([timer.promise, this.#stopped.promise, ...others]);
    clearTimeout(handle);
  }
}
