/**
 * UDP encapsulation (RFC 2205 appendix C) on sockets of Linux, in the same batches as raw IP: for hosts that may not use raw
 * IP, and beside raw IP for neighbours that may not. It needs no capability, only `--allow-ffi`; where that is not given,
 * `host/transport/udp.ts` does the same on sockets of the runtime, more slowly.
 *
 * One socket for each port and family, bound to no address: addresses come and go, and the kernel says beside each datagram
 * by which interface and to which address it came (PKTINFO), and with which TTL. Source, interface and TTL of what is sent
 * go beside it in the same way. The engine decides what is encapsulated, for whom, and to which port.
 */
import { formatAddress } from "../address.ts";
import { ENCAPSULATION, UDP_ENCAPSULATION_PORT, UDP_ENCAPSULATION_PORT_ALTERNATE } from "../boundary.gen.ts";
import { UDP_ENCAPSULATION_GROUP, UdpOpenError } from "../transport/udp.ts";
import type { Packet } from "../transport/transport.ts";
import { isUnspecified, type KnownInterface, type LinuxInterface } from "./interface_table.ts";
import { call, errno, errorText, int32, libc, setOption } from "./libc.ts";
import { ERRNO, errorName, type LinuxError } from "./linux_error.ts";
import { type Poller, sharedPoller } from "./poller.ts";
import { enlarge, prepared } from "./raw_sockets.ts";
import type { SendBatch } from "./send_batch.ts";
import { AF, IP, IPV6, SOCK, SOL, TRAFFIC_CLASS_CONTROL } from "./socket_numbers.ts";
import { SocketTransport } from "./socket_transport.ts";

/** What {@linkcode UdpSocketTransport.open} takes. */
export interface UdpSocketOptions {
  /** Interfaces that are there from the start; `setInterface` adds more. */
  readonly interfaces: readonly LinuxInterface[];
  /** Joins 224.0.0.14 on every interface with an IPv4 address; true by default. */
  readonly listenToGroup?: boolean;
  /** Waits for the sockets; that of the process by default. */
  readonly poller?: Poller;
}

const PORTS: readonly (readonly [encapsulation: number, port: number])[] = [
  [ENCAPSULATION.UDP, UDP_ENCAPSULATION_PORT],
  [ENCAPSULATION.UDP_ALTERNATE, UDP_ENCAPSULATION_PORT_ALTERNATE],
];
/** A datagram that holds no more than this cannot be said to IP. */
const MAXIMUM_PAYLOAD_BYTES = 65_535 - 8 - 20;

/** Carries RSVP in UDP on Linux, made by {@linkcode UdpSocketTransport.open}. Needs `--allow-ffi`. */
export class UdpSocketTransport extends SocketTransport {
  /** By family and encapsulation. */
  #senders = new Map<string, { batch: SendBatch; port: number }>();
  #listenToGroup = false;

  /**
   * Opens the sockets. Nothing stays open if it throws.
   * @throws {UdpOpenError} in one line that says what to do, for example where another program has the port.
   * @throws {LinuxError} naming an interface that is not there. @throws {RangeError} naming an address that is not one.
   */
  static open(options: UdpSocketOptions): UdpSocketTransport {
    const transport = new UdpSocketTransport(options.poller ?? sharedPoller());
    try {
      transport.#listenToGroup = options.listenToGroup ?? true;
      for (const [encapsulation, port] of PORTS) {
        for (const family of [4, 6]) transport.#open(family, encapsulation, port);
      }
      for (const settings of options.interfaces) transport.setInterface(settings);
      return transport;
    } catch (error) {
      transport.close();
      throw error;
    }
  }

  /** Adds an interface or changes it, and listens to 224.0.0.14 on it once it has an IPv4 address. */
  override setInterface(settings: LinuxInterface): void {
    super.setInterface(settings);
    const { addresses } = this.interfaces.get(settings.interface)!;
    if (this.#listenToGroup && addresses.some(({ family }) => family === 4)) {
      this.joinGroup(UDP_ENCAPSULATION_GROUP, settings.interface);
    }
  }

  /** Sends one datagram to the port that its encapsulation names, at the latest when what runs now is done. */
  send(packet: Packet): void {
    if (this.closed) return;
    const sender = this.#senders.get(`${packet.family} ${packet.encapsulation}`);
    const known = packet.interface === 0 ? undefined : this.interfaces.get(packet.interface);
    const { payload, family, destination } = packet;
    if (!sender || (packet.interface !== 0 && !known) || payload.length > MAXIMUM_PAYLOAD_BYTES) {
      return this.refuse(packet, this.#why(packet));
    }
    const at = sender.batch.begin(payload.length);
    if (at < 0) return this.sendFailed("ENOBUFS", ERRNO.ENOBUFS, packet);
    sender.batch.bytes.set(payload, at);
    const source = isUnspecified(packet.source) ? undefined : packet.source;
    const ttl = packet.ttl === 0 ? undefined : packet.ttl;
    const envelope = { family, destination, port: sender.port, index: known?.index ?? 0, source, ttl };
    sender.batch.commit(payload.length, envelope, packet);
  }

  /** Not possible without raw access to IP: the source address would change on the way. Counted and reported. */
  relay(packet: Packet): void {
    const destination = formatAddress(packet.destination, packet.family);
    if (!this.closed) this.refuse(packet, `a message for ${destination} cannot be forwarded over UDP`);
  }

  protected interfaceCame(_known: KnownInterface): void {
    // The sockets are bound to no interface.
  }

  protected interfaceGone(_known: KnownInterface): void {
    // What still comes by it is counted as coming by an unknown one.
  }

  #open(family: number, encapsulation: number, port: number): void {
    let descriptor: number;
    try {
      descriptor = openUdp(family, port);
    } catch (error) {
      // A kernel without IPv6 is no reason not to speak IPv4.
      if (family === 6 && (error as { code?: string }).code === "EAFNOSUPPORT") return;
      throw error;
    }
    this.interfaces.askOn(descriptor);
    this.receiver.add({ descriptor, family, encapsulation, header: false, link: false });
    this.#senders.set(`${family} ${encapsulation}`, { batch: this.sender(descriptor), port });
  }

  #why(packet: Packet): string {
    const destination = formatAddress(packet.destination, packet.family);
    if (packet.encapsulation === ENCAPSULATION.RAW) {
      return `a raw IP datagram to ${destination} cannot be sent over UDP; set the interface to UDP only`;
    }
    if (packet.payload.length > MAXIMUM_PAYLOAD_BYTES) {
      return `a message of ${packet.payload.length} bytes is too long for UDP`;
    }
    return `no interface ${packet.interface} to send to ${destination} by`;
  }
}

function openUdp(family: number, port: number): number {
  const any = family === 6 ? "::" : "0.0.0.0";
  const socket = libc().socket(family === 6 ? AF.INET6 : AF.INET, SOCK.DATAGRAM | SOCK.CLOEXEC | SOCK.NONBLOCK, 0);
  if (socket < 0) {
    const number = errno();
    throw new UdpOpenError(errorName(number), any, port, errorText(number));
  }
  return prepared(socket, (descriptor) => {
    enlarge(descriptor);
    const set = (level: number, option: number, value: number, what: string) =>
      setOption(descriptor, level, option, int32(value), what);
    if (family === 6) {
      set(SOL.IPV6, IPV6.V6ONLY, 1, "IPV6_V6ONLY");
      set(SOL.IPV6, IPV6.RECVPKTINFO, 1, "IPV6_RECVPKTINFO");
      set(SOL.IPV6, IPV6.RECVHOPLIMIT, 1, "IPV6_RECVHOPLIMIT");
      set(SOL.IPV6, IPV6.MULTICAST_LOOP, 0, "IPV6_MULTICAST_LOOP");
      set(SOL.IPV6, IPV6.TCLASS, TRAFFIC_CLASS_CONTROL, "IPV6_TCLASS");
    } else {
      set(SOL.IP, IP.PKTINFO, 1, "IP_PKTINFO");
      set(SOL.IP, IP.RECVTTL, 1, "IP_RECVTTL");
      set(SOL.IP, IP.MULTICAST_LOOP, 0, "IP_MULTICAST_LOOP");
      set(SOL.IP, IP.TOS, TRAFFIC_CLASS_CONTROL, "IP_TOS");
    }
    const address = new Uint8Array(family === 6 ? 28 : 16);
    const view = new DataView(address.buffer);
    view.setUint16(0, family === 6 ? AF.INET6 : AF.INET, true);
    view.setUint16(2, port);
    try {
      call(libc().bind(descriptor, address, address.length), "bind");
    } catch (error) {
      const { errorNumber, message } = error as LinuxError;
      throw new UdpOpenError(errorName(errorNumber), any, port, message);
    }
  });
}
