/** What `resv receive` does: reserve, count, say how it went. */
import type { QosEvent } from "../qos/events.ts";
import { qosFlowspec } from "../qos/flowspec.ts";
import type { QosHost } from "../qos/host.ts";
import { isGroup, type SocketAddress } from "../qos/matching.ts";
import type { ProviderObject } from "../qos/provider_objects.ts";
import type { QosInput } from "../qos/qos.ts";
import { QosTcpListener, type QosTcpSocket } from "../qos/tcp_socket.ts";
import { QosUdpSocket } from "../qos/udp_socket.ts";
import type { ResvContext } from "./context.ts";
import { interruption, openNode } from "./node_flags.ts";
import { UsageError } from "./output.ts";
import { socketPlace } from "./place_argument.ts";
import { type ReceiveFlags, STYLES } from "./receive.ts";
import { eventText, flowspecOf, headerBytes, localAddress, plainEvent, refusal } from "./traffic_flags.ts";
import { readFrame, RECORD_BYTES, RecordReader, wallClockMs } from "./traffic_frame.ts";
import { type Figures, TrafficMeter } from "./traffic_meter.ts";
import { formatBytes, formatCount, formatRate } from "./units.ts";

/** Datagrams that were on their way when a run ended have this long. */
const LATE_MS = 100;

/** Runs the command. */
export async function runReceive(this: ResvContext, flags: ReceiveFlags): Promise<void> {
  if (!flags.at) throw new UsageError("say where: --at 127.9.1.3:5004, or a group");
  const at = socketPlace(flags.at, flags.tcp);
  const qos = qosOf(flags);
  if (flags.tcp && isGroup(at.address)) throw new UsageError("TCP has no groups");
  const host = await openNode(flags, (line) => this.fail(line));
  const interrupted = interruption();
  const receiving = new Receiving(this, flags, at);
  interrupted.promise.then(() => receiving.stop());
  try {
    await receiving.open(host, qos);
    await receiving.untilDone();
    receiving.report();
  } catch (error) {
    throw refusal(error);
  } finally {
    await receiving.close();
    interrupted.close();
    await host.close();
  }
}

/** What is asked for. The sender's TSpec fills in what the flags leave open. */
function qosOf(flags: ReceiveFlags): QosInput {
  const { style, confirm, latency, slack, tcp } = flags;
  const sender = (flags.sender ?? []).map((place) => socketPlace(place, tcp));
  if ((style === undefined || style === "wf") && sender.length > 0) {
    throw new UsageError("--sender goes with --style ff or se; wf reserves for whoever sends");
  }
  if (style && style !== "wf" && sender.length === 0 && !tcp) throw new UsageError(`--style ${style} needs --sender`);
  if (tcp && (sender.length > 0 || (style && style !== "ff"))) {
    throw new UsageError("a TCP connection has one sender: ff");
  }
  const receivingFlowspec = {
    ...flowspecOf(flags),
    ...(latency === undefined ? {} : { latencyMicroseconds: latency }),
    ...(slack === undefined ? {} : { delayVariationMicroseconds: slack }),
  };
  if (style === undefined && !confirm) return { receivingFlowspec };
  const lists = style === "se" ? [sender] : style === "ff" && !tcp ? sender.map((one) => [one]) : [];
  const info: ProviderObject = {
    object: "RESERVE_INFO",
    ...(style === undefined ? {} : { style: STYLES[style] }),
    confirmRequest: confirm,
    // A flowspec that says nothing means the ReceivingFlowspec.
    flowDescriptors: lists.map((filters) => ({ flowspec: qosFlowspec(), filters })),
  };
  return { receivingFlowspec, providerSpecific: [info] };
}

/** A run. */
class Receiving {
  #context: ResvContext;
  #flags: ReceiveFlags;
  #at: SocketAddress;
  #meter = new TrafficMeter();
  #events: Record<string, unknown>[] = [];
  #udp: QosUdpSocket | undefined;
  #listener: QosTcpListener | undefined;
  #connections: QosTcpSocket[] = [];
  #startMs = performance.now();
  #firstMs = 0;
  #lastMs = 0;
  #done = Promise.withResolvers<void>();
  #headerBytes: number;

  constructor(context: ResvContext, flags: ReceiveFlags, at: SocketAddress) {
    this.#context = context;
    this.#flags = flags;
    this.#at = at;
    this.#headerBytes = headerBytes(at.address, flags.tcp);
  }

  /** Ends it early. */
  stop(): void {
    this.#done.resolve();
  }

  async open(host: QosHost, qos: QosInput): Promise<void> {
    if (this.#flags.tcp) {
      this.#listener = await QosTcpListener.listen(host.provider, this.#at, { qos });
      this.#accept(this.#listener).catch((error) => this.#done.reject(error));
      return;
    }
    const group = isGroup(this.#at.address);
    const place = group ? { address: await localAddress(host, this.#at.address) } : this.#at;
    const socket = this.#udp = await QosUdpSocket.open(host.provider, place);
    socket.on((event) => this.#heard(event));
    if (group) await socket.join(this.#at, { direction: "receiver", qos });
    else socket.setQos(qos);
    this.#readDatagrams(socket).catch((error) => this.#done.reject(error));
  }

  /** Until the runs have ended, the time is over or somebody has had enough; figures are told in the meantime. */
  async untilDone(): Promise<void> {
    const { interval, duration } = this.#flags;
    const end = setTimeout(() => this.#done.resolve(), duration * 1000);
    const tick = setInterval(() => this.#tellInterval(this.#meter.interval()), interval * 1000);
    try {
      await this.#done.promise;
    } finally {
      clearTimeout(end);
      clearInterval(tick);
    }
  }

  report(): void {
    const figures = this.#meter.total();
    const seconds = (this.#lastMs - this.#firstMs) / 1000;
    // The first packet begins the time, so that its bytes did not take any of it.
    const bytesPerSecond = seconds > 0 ? figures.bytes * (1 - 1 / Math.max(figures.packets, 1)) / seconds : 0;
    const { packets, lost } = figures;
    if (packets === 0) this.#context.fail("nothing has arrived");
    if (this.#flags.json) {
      const lossRatio = packets + lost === 0 ? 0 : lost / (packets + lost);
      const summary = { seconds, bytesPerSecond, lossRatio, ...figures, events: this.#events };
      return this.#context.out.line(JSON.stringify(summary, null, 2));
    }
    if (packets === 0) return;
    this.#say(
      `received ${formatCount(packets, "packet")}, ${formatBytes(figures.bytes)} in ${seconds.toFixed(1)} s: ` +
        `${formatRate(bytesPerSecond)}, ${lossText(figures)}, ${delayText(figures)}`,
    );
  }

  async close(): Promise<void> {
    await Promise.all([this.#udp?.close(), this.#listener?.close(), ...this.#connections.map((one) => one.close())]);
  }

  async #readDatagrams(socket: QosUdpSocket): Promise<void> {
    for await (const { data } of socket) this.#arrived(data, data.length + this.#headerBytes);
  }

  async #accept(listener: QosTcpListener): Promise<void> {
    for await (const connection of listener) {
      this.#connections.push(connection);
      connection.on((event) => this.#heard(event));
      this.#readRecords(connection).catch(() => this.#say("a connection was cut off"));
    }
  }

  async #readRecords(connection: QosTcpSocket): Promise<void> {
    const records = new RecordReader();
    for await (const piece of connection) {
      for (const record of records.push(piece)) {
        this.#arrived(record, record.length + RECORD_BYTES + this.#headerBytes);
      }
    }
  }

  #arrived(packet: Uint8Array, bytes: number): void {
    const frame = readFrame(packet);
    if (!frame) return;
    this.#meter.arrive(frame, bytes, wallClockMs());
    if (!frame.last) {
      this.#lastMs = performance.now();
      this.#firstMs ||= this.#lastMs;
    } else if (this.#meter.ended) {
      setTimeout(() => this.#done.resolve(), LATE_MS);
    }
  }

  #heard(event: QosEvent): void {
    this.#events.push(plainEvent(Number(((performance.now() - this.#startMs) / 1000).toFixed(3)), event));
    this.#say(eventText(event));
  }

  #tellInterval(figures: Figures): void {
    if (figures.packets === 0) return;
    const rate = formatRate(figures.bytes / this.#flags.interval).padEnd(10);
    this.#say(`${rate} ${formatCount(figures.packets, "packet")}, ${lossText(figures)}, ${delayText(figures)}`);
  }

  #say(text: string): void {
    if (this.#flags.json) return;
    const seconds = ((performance.now() - this.#startMs) / 1000).toFixed(3).padStart(8);
    this.#context.out.line(`${seconds}  ${text}`);
    this.#context.out.flush();
  }
}

function lossText({ packets, lost, late }: Figures): string {
  const ratio = packets + lost === 0 ? 0 : lost / (packets + lost) * 100;
  return `${lost} lost${lost > 0 ? ` (${Number(ratio.toPrecision(2))} %)` : ""}${late > 0 ? `, ${late} late` : ""}`;
}

function delayText({ delay }: Figures): string {
  if (!delay) return "";
  const ms = (value: number) => value.toFixed(2);
  return `delay ${ms(delay.leastMs)} / ${ms(delay.meanMs)} / ${ms(delay.mostMs)} ms, jitter ${ms(delay.jitterMs)} ms`;
}
