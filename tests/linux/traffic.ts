/** Traffic through namespaces: flows that are measured, and floods beside them. */
import { fileURLToPath } from "node:url";
import { run } from "./namespace.ts";

const SCRIPT = fileURLToPath(new URL("./flow.py", import.meta.url));

/** A measured flow of UDP. */
export interface MeasuredFlow {
  from: string;
  fromPort?: number;
  to: string;
  port: number;
  /** Of IP; 1,000 bytes in each packet. */
  bytesPerSecond: number;
}

/** What became of it. */
export interface FlowResult {
  sent: number;
  received: number;
  /** Of IP, received. */
  bytes: number;
  /** Numbers of the packets that came. */
  numbers: number[];
  /** In the order of arrival. */
  delaysMs: number[];
  /** Packets by code point. */
  codePoints: Record<string, number>;
}

const PACKET_BYTES = 1000;

function python(namespace: string, args: readonly string[]): Deno.ChildProcess {
  return new Deno.Command("ip", {
    args: ["netns", "exec", namespace, "python3", SCRIPT, ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

/** Sends for some seconds from one namespace to another. */
export async function measure(from: string, to: string, flow: MeasuredFlow, seconds: number): Promise<FlowResult> {
  const receiver = python(to, ["receive", flow.to, String(flow.port)]);
  const reader = receiver.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.startsWith("ready\n")) text += (await reader.read()).value ?? "";
  const { from: source, fromPort = 4000, to: destination, port, bytesPerSecond } = flow;
  const rate = bytesPerSecond / PACKET_BYTES;
  const numbers = [port, source, fromPort, rate, PACKET_BYTES, seconds].map(String);
  const sender = python(from, ["send", destination, ...numbers]);
  await sender.stdin.close();
  const { stdout } = await sender.output();
  await receiver.stdin.close();
  for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
  await receiver.status;
  const result = JSON.parse(text.slice("ready\n".length));
  return { ...JSON.parse(new TextDecoder().decode(stdout)), ...result };
}

/** The delay that this share of the packets did not exceed; 0 to 1. */
export function percentile(result: { delaysMs: readonly number[] }, share: number): number {
  const delaysMs = result.delaysMs.toSorted((a, b) => a - b);
  return delaysMs[Math.min(delaysMs.length - 1, Math.floor(delaysMs.length * share))] ?? Infinity;
}

/** What iperf3 says of its run at its end. */
export interface IperfResult {
  bitsPerSecondReceived: number;
}

/** Runs iperf3 for some seconds; resolves when both ends have ended. */
export async function iperf(
  from: string,
  to: string,
  destination: string,
  options: { seconds: number; port: number; udpMegabits?: number },
): Promise<IperfResult> {
  const port = ["-p", String(options.port)];
  const server = new Deno.Command("ip", {
    args: ["netns", "exec", to, "iperf3", "-s", "-1", "-J", ...port],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  await listening(to, options.port);
  const load = options.udpMegabits ? ["-u", "-b", `${options.udpMegabits}M`, "-l", "1400"] : [];
  // Its control connection may be so late, in its own flood, that it gives up: what the server has seen counts.
  await new Deno.Command("ip", {
    args: ["netns", "exec", from, "iperf3", "-c", destination, "-t", String(options.seconds), ...load, ...port],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output();
  const { stdout } = await server.output();
  const end = JSON.parse(new TextDecoder().decode(stdout)).end;
  return { bitsPerSecondReceived: (end.sum_received ?? end.sum)?.bits_per_second ?? 0 };
}

async function listening(namespace: string, port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const text = await run("ip", "netns", "exec", namespace, "ss", "-Hltn", `sport = :${port}`);
    if (text !== "") return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`iperf3 does not listen on ${port}`);
}

/** Bytes of IP that an interface has taken in: what it counts, less the Ethernet headers. */
export async function ipBytesReceived(namespace: string, device: string): Promise<number> {
  const [{ stats64: { rx } }] = JSON.parse(await run("ip", "-n", namespace, "-s", "-j", "link", "show", device));
  return rx.bytes - 14 * rx.packets;
}
