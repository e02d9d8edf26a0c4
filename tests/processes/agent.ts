/**
 * A process of its own for tests: a host with QOS sockets or a router, told what to do by lines of JSON on standard input
 * and telling what happens by lines of JSON on standard output. Killed at any time by those who test.
 */
import { openQosHost, type QosHost } from "../../host/qos/host.ts";
import { defaultModule } from "../../host/default_module.ts";
import { RsvpNode } from "../../host/node.ts";
import type { InterfaceSettings } from "../../host/node_settings.ts";
import type { QosEvent } from "../../host/qos/events.ts";
import type { SocketAddress } from "../../host/qos/matching.ts";
import type { QosInput } from "../../host/qos/qos.ts";
import { QosTcpListener, QosTcpSocket } from "../../host/qos/tcp_socket.ts";
import { QosUdpSocket } from "../../host/qos/udp_socket.ts";
import { type StaticRoute, StaticRouting } from "../../host/routing/static_routing.ts";
import { UdpTransport } from "../../host/transport/udp.ts";

/** What a process can be told to do. `name` is that of a socket. */
export type Order =
  | {
    do: "host";
    address: string;
    nextHop: string;
    service: string | false;
    refreshIntervalMs: number;
  }
  | { do: "router"; interfaces: InterfaceSettings[]; routes: StaticRoute[]; refreshIntervalMs: number }
  | { do: "udp"; name: string; local: Partial<SocketAddress>; peer?: SocketAddress; qos?: QosInput }
  | { do: "join"; name: string; group: SocketAddress; direction: "sender" | "receiver"; qos: QosInput }
  | { do: "listen"; name: string; local: Partial<SocketAddress>; qos: QosInput }
  | { do: "connect"; name: string; local: Partial<SocketAddress>; peer: SocketAddress; qos: QosInput }
  | { do: "set"; name: string; qos: QosInput }
  | { do: "send"; name: string; text: string; to?: SocketAddress }
  | { do: "close"; name: string }
  | { do: "tables" }
  | { do: "end" };

/** What it tells. */
export type Told =
  | { told: "done"; order: number; result?: unknown }
  | { told: "failed"; order: number; error: string }
  | { told: "event"; name: string; status: string; direction: string }
  | { told: "data"; name: string; text: string }
  | { told: "error"; error: string };

/** The tables that state stands in. */
export const STATE = ["sessions", "senders", "requests", "reservations", "installed", "blockade"] as const;

type Socket = QosUdpSocket | QosTcpSocket;

class Agent {
  #host: QosHost | undefined;
  #router: RsvpNode | undefined;
  readonly #sockets = new Map<string, Socket | QosTcpListener>();

  async obey(order: Order): Promise<unknown> {
    switch (order.do) {
      case "host":
        this.#host = await openQosHost({
          interfaces: [{ address: order.address, nextHop: order.nextHop }],
          service: order.service,
          settings: { refreshIntervalMs: order.refreshIntervalMs },
          onError: (error) => tell({ told: "error", error: error.message }),
        });
        return { serving: this.#host.serving };
      case "router":
        return await this.#route(order);
      case "udp": {
        const socket = await QosUdpSocket.open(this.#provider, order.local);
        this.#keep(order.name, socket);
        if (order.peer) socket.connect(order.peer, order.qos);
        else if (order.qos) socket.setQos(order.qos);
        return socket.local;
      }
      case "join":
        return void await (this.#sockets.get(order.name) as QosUdpSocket).join(order.group, order);
      case "listen": {
        const listener = await QosTcpListener.listen(this.#provider, order.local, { qos: order.qos });
        this.#sockets.set(`${order.name} listener`, listener);
        listener.accept().then((socket) => socket && this.#keep(order.name, socket));
        return listener.local;
      }
      case "connect": {
        const { local, qos } = order;
        const socket = await QosTcpSocket.connect(this.#provider, order.peer, { local });
        // Listened to first: its events may come at once.
        this.#keep(order.name, socket);
        socket.setQos(qos);
        return socket.local;
      }
      default:
        return await this.#later(order);
    }
  }

  get #provider() {
    return this.#host!.provider;
  }

  async #later(order: Order): Promise<unknown> {
    switch (order.do) {
      case "set":
        return void this.#sockets.get(order.name)!.setQos(order.qos);
      case "send": {
        const data = new TextEncoder().encode(order.text);
        const socket = this.#sockets.get(order.name)!;
        if (socket instanceof QosUdpSocket) return await socket.send(data, order.to);
        return await (socket as QosTcpSocket).write(data);
      }
      case "close":
        await this.#sockets.get(order.name)?.close();
        return void this.#sockets.delete(order.name);
      case "tables": {
        const node = this.#router ?? this.#host?.embedded;
        return Object.fromEntries(STATE.map((table) => [table, node?.inspect(table) ?? []]));
      }
      case "end":
        for (const socket of this.#sockets.values()) await socket.close();
        return void await this.#host?.close();
    }
  }

  async #route({ interfaces, routes, refreshIntervalMs }: Order & { do: "router" }): Promise<void> {
    const transport = await UdpTransport.open({
      addresses: interfaces.map(({ interface: handle, addresses: [text] }) => {
        const [address, prefixLength] = text.split("/");
        return { interface: handle, address, prefixLength: Number(prefixLength) };
      }),
    });
    this.#router = new RsvpNode({
      module: defaultModule(),
      transport,
      routing: new StaticRouting(routes),
      interfaces,
      refreshIntervalMs,
      onError: (error) => tell({ told: "error", error: error.message }),
    });
  }

  #keep(name: string, socket: Socket): void {
    this.#sockets.set(name, socket);
    socket.on(({ status, direction }: QosEvent) => tell({ told: "event", name, status, direction }));
    this.#listen(name, socket);
  }

  async #listen(name: string, socket: Socket): Promise<void> {
    const decoder = new TextDecoder();
    try {
      for await (const one of socket) {
        tell({ told: "data", name, text: decoder.decode(one instanceof Uint8Array ? one : one.data) });
      }
    } catch {
      // The other end of a connection was killed.
    }
  }
}

function tell(told: Told): void {
  const bytes = new TextEncoder().encode(JSON.stringify(told) + "\n");
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}

async function main(): Promise<void> {
  const agent = new Agent();
  const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream());
  let text = "", number = 0;
  for await (const chunk of lines) {
    const parts = (text + chunk).split("\n");
    text = parts.pop()!;
    for (const part of parts) {
      const order = number++;
      const wanted = JSON.parse(part, (_key, value) => value === "Infinity" ? Infinity : value) as Order;
      try {
        tell({ told: "done", order, result: await agent.obey(wanted) });
      } catch (error) {
        tell({ told: "failed", order, error: String(error) });
      }
      if (wanted.do === "end") Deno.exit(0);
    }
  }
  Deno.exit(0);
}

if (import.meta.main) await main();
