/**
 * Reservations in the kernel's traffic control: how long it takes to install, change and remove many, with and without
 * classes made ahead, by u32 and by BPF; and what a packet costs that has to be classified among them.
 *
 * Everything happens in a network namespace of its own, on a veth pair. Needs root (or CAP_NET_ADMIN, CAP_SYS_ADMIN, and
 * for BPF CAP_BPF) and iproute2.
 *
 *   deno run -A bench/linux_install.ts [--flows 1000,10000] [--rounds 3] [--only times,packets]
 */
import process from "node:process";
import { KernelTrafficControl } from "../host/linux/kernel_traffic_control.ts";
import { addressOf, call, cString, libc } from "../host/linux/libc.ts";
import type { InstallRequest } from "../host/traffic_control/traffic_control.ts";
import { inNamespace, withNamespaces } from "../tests/linux/namespace.ts";
import { ipPacket, type Packet } from "../tests/linux/packets.ts";
import { flowObjects, installRequest, joinNamespaces, OUT } from "../tests/linux/traffic_control_world.ts";

/** 10 Gbit/s: nothing waits, so that only the work on packets counts. */
const LINK = 1_250_000_000;
const SENDER = "10.1.0.1";
const PACKETS_PER_SEND = 64;
const PACKETS = 200_000;

/** How flows differ from each other. */
const LAYOUTS = {
  /** Many destinations. */
  spread: (index: number) => ({ to: `10.2.${index >> 8 & 255}.${index & 255}`, from: SENDER, port: 5001 + index }),
  /** One destination, many ports. */
  ports: (index: number) => ({ to: "10.2.0.1", from: SENDER, port: 5001 + index }),
  /** One destination and port, many senders: all in one bucket of u32. */
  senders: (index: number) => ({ to: "10.2.0.1", from: `10.9.${index >> 8 & 255}.${index & 255}`, port: 5001 }),
} as const;
type Layout = keyof typeof LAYOUTS;

function option(name: string, fallback: string): string {
  const at = Deno.args.indexOf(`--${name}`);
  return at < 0 ? fallback : Deno.args[at + 1];
}

function open(namespace: string, classifier: "u32" | "bpf", spareClasses: number): KernelTrafficControl {
  const interfaces = [{ interface: OUT, name: "out", linkBytesPerSecond: LINK }];
  const onError = (error: Error) => {
    throw error;
  };
  return inNamespace(namespace, () => new KernelTrafficControl({ classifier, spareClasses, interfaces, onError }));
}

function requests(layout: Layout, count: number, rate: number): InstallRequest[] {
  return Array.from({ length: count }, (_, index) => {
    const { to, from, port } = LAYOUTS[layout](index);
    return installRequest(index + 1, flowObjects({ to, port, from: [[from, 4000]], rate }));
  });
}

/** Milliseconds until all are answered. @throws {Error} if one is refused. */
async function installAll(control: KernelTrafficControl, all: readonly InstallRequest[]): Promise<number> {
  const startMs = performance.now();
  await new Promise<void>((resolve, reject) => {
    let left = all.length;
    for (const request of all) {
      control.install(request, ({ ok, errorCode, errorValue }) => {
        if (!ok) reject(new Error(`refused: ${errorCode}/${errorValue}`));
        if (--left === 0) resolve();
      });
    }
  });
  return performance.now() - startMs;
}

async function removeAll(control: KernelTrafficControl): Promise<number> {
  const startMs = performance.now();
  for (const { handle } of control.installed(OUT)) control.remove(handle, OUT);
  while (control.installed(OUT).length > 0) await new Promise((resolve) => setTimeout(resolve, 0));
  return performance.now() - startMs;
}

interface Times {
  open: number;
  install: number;
  change: number;
  remove: number;
  close: number;
}

async function timesOf(namespace: string, classifier: "u32" | "bpf", flows: number, ahead: boolean): Promise<Times> {
  const startMs = performance.now();
  const control = open(namespace, classifier, ahead ? flows : 0);
  const openMs = performance.now() - startMs;
  const install = await installAll(control, requests("spread", flows, 3000));
  const change = await installAll(control, requests("spread", flows, 4000));
  const remove = await removeAll(control);
  const closeMs = performance.now();
  control.close();
  return { open: openMs, install, change, remove, close: performance.now() - closeMs };
}

/** Packets in one call of sendmmsg to a packet socket; layouts as in host/linux/send_batch.ts. */
class Blaster {
  #headers = new Uint8Array(64 * PACKETS_PER_SEND);
  #kept: Uint8Array<ArrayBuffer>[] = [];

  constructor(index: number, packets: readonly Packet[]) {
    const address = new Uint8Array(20);
    const view = new DataView(address.buffer);
    view.setUint16(0, 17, true);
    view.setUint16(2, 0x0800);
    view.setInt32(4, index, true);
    address[11] = 6;
    this.#kept.push(address);
    const headers = new DataView(this.#headers.buffer);
    packets.forEach((packet, at) => {
      const data = ipPacket(packet);
      const vector = new Uint8Array(16);
      new DataView(vector.buffer).setBigUint64(0, addressOf(data), true);
      new DataView(vector.buffer).setBigUint64(8, BigInt(data.length), true);
      headers.setBigUint64(at * 64, addressOf(address), true);
      headers.setUint32(at * 64 + 8, address.length, true);
      headers.setBigUint64(at * 64 + 16, addressOf(vector), true);
      headers.setBigUint64(at * 64 + 24, 1n, true);
      this.#kept.push(data, vector);
    });
  }

  send(socket: number): void {
    call(libc().sendmmsg(socket, this.#headers, PACKETS_PER_SEND, 0), "sending");
  }
}

/** CPU microseconds for a packet of a random flow, through the root and to the other end of the veth pair. */
async function packetCost(
  namespace: string,
  classifier: "u32" | "bpf" | "none",
  layout: Layout,
  flows: number,
): Promise<number> {
  const control = classifier === "none" ? undefined : open(namespace, classifier, 0);
  if (control) await installAll(control, requests(layout, flows, 3000));
  const { socket, index } = inNamespace(namespace, () => ({
    socket: call(libc().socket(17, 2 | 0x80000, 0), "a packet socket"),
    index: libc().if_nametoindex(cString("out")),
  }));
  const blasters = Array.from({ length: 64 }, () =>
    new Blaster(
      index,
      Array.from({ length: PACKETS_PER_SEND }, () => {
        const { to, from, port } = LAYOUTS[layout](Math.floor(Math.random() * flows));
        return { from, to, ports: [4000, port] as const, bytes: 200 };
      }),
    ));
  for (const blaster of blasters) blaster.send(socket);
  const before = process.cpuUsage();
  for (let sent = 0; sent < PACKETS; sent += PACKETS_PER_SEND) {
    blasters[(sent / PACKETS_PER_SEND) % blasters.length].send(socket);
  }
  const { user, system } = process.cpuUsage(before);
  const cost = (user + system) / PACKETS;
  libc().close(socket);
  control?.close();
  return cost;
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

async function printTimes(namespace: string, counts: readonly number[], rounds: number): Promise<void> {
  console.log("| flows | classifier | classes made ahead | open ms | install ms | change ms | remove ms | close ms |");
  console.log("| ---: | --- | --- | ---: | ---: | ---: | ---: | ---: |");
  for (const flows of counts) {
    for (const [classifier, ahead] of [["u32", true], ["u32", false], ["bpf", true], ["bpf", false]] as const) {
      const all: Times[] = [];
      for (let round = 0; round < rounds; round++) all.push(await timesOf(namespace, classifier, flows, ahead));
      const cells = (["open", "install", "change", "remove", "close"] as const)
        .map((name) => Math.round(median(all.map((times) => times[name]))));
      console.log(`| ${[flows, classifier, ahead ? "all" : "none", ...cells].join(" | ")} |`);
    }
  }
}

async function printPacketCosts(namespace: string, counts: readonly number[], rounds: number): Promise<void> {
  console.log("\n| flows | that differ in | no root us | u32 us | bpf us |\n| ---: | --- | ---: | ---: | ---: |");
  const cases: [number, Layout][] = [...counts.flatMap((n) => [[n, "spread"], [n, "ports"]] as [number, Layout][])];
  for (const [flows, layout] of [[1, "spread"] as [number, Layout], ...cases, [1000, "senders"] as [number, Layout]]) {
    const cells: string[] = [];
    for (const classifier of ["none", "u32", "bpf"] as const) {
      const costs: number[] = [];
      for (let round = 0; round < rounds; round++) costs.push(await packetCost(namespace, classifier, layout, flows));
      cells.push(median(costs).toFixed(2));
    }
    console.log(`| ${flows} | ${layout} | ${cells.join(" | ")} |`);
  }
}

await withNamespaces(["a", "b"], async ({ a, b }) => {
  await joinNamespaces(a, b);
  const counts = option("flows", "1000,10000").split(",").map(Number);
  const rounds = Number(option("rounds", "3"));
  const parts = option("only", "times,packets").split(",");
  if (parts.includes("times")) await printTimes(a, counts, rounds);
  if (parts.includes("packets")) await printPacketCosts(a, counts, rounds);
});
