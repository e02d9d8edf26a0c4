/**
 * RSVP as IP protocol 46 on Linux. Which sockets, and why:
 *
 * - **IPv4, raw with Router Alert.** Brings what is addressed to us, and, on a machine that forwards, unicast messages in
 *   transit that carry Router Alert (Path, PathTear, ResvConf; RFC 2205 section 3.1.3, RFC 2113). The kernel takes those out
 *   of its forwarding for this socket, after prerouting rules and reverse path filter have seen them (forward rules do not
 *   any more) and after it has put their fragments together: nothing is forwarded twice, and no rule is left behind in a
 *   packet filter if we die. A transit message without Router Alert is not for us, and the kernel forwards it. The same
 *   socket sends, with our IP header, for a Path has the sender's address as its source and not ours.
 * - **IPv6, raw.** Brings what is addressed to us, without its header; that is told beside it.
 * - **IPv6, raw with Router Alert** (RFC 2711, value 1). Brings transit, header included; fragments one by one. Sends.
 * - **A packet socket for each family**, whose filter in the kernel passes protocol 46 to groups and nothing else. A router
 *   has to hear Path messages to every group, but IP hands up only groups that were joined, or, where a multicast routing
 *   daemon runs, those in its table. The raw sockets' filters keep groups away, so that none comes twice. The kernel does not
 *   forward groups unless a daemon does; then its Router Alert chain ends in our socket and the copy is not forwarded.
 *   What comes by a packet socket has passed no firewall: the checksum is looked at here, everything else is as untrusted
 *   as on any link.
 *
 * A packet socket for everything would need its own reassembly of all traffic, and a rule of nftables to stop forwarding.
 *
 * Egress is chosen by interface (PKTINFO): the kernel's route by that interface gives the next hop. Datagrams longer than the
 * MTU are fragmented here (ip_header.ts). Everything needs CAP_NET_RAW; with CAP_NET_ADMIN the queues may be larger.
 */
import { formatAddress } from "../address.ts";
import { ENCAPSULATION } from "../boundary.gen.ts";
import type { Packet } from "../transport/transport.ts";
import { isUnspecified, type KnownInterface, type LinuxInterface } from "./interface_table.ts";
import { fitsIp, fragmentBytes, ipHeaderBytes, type Piece, writeIpHeader } from "./ip_header.ts";
import { ERRNO, type LinuxError } from "./linux_error.ts";
import { type Poller, sharedPoller } from "./poller.ts";
import { openGroups, openRawIpv4, openRawIpv6, openRouterAlertIpv6, receiveAllGroups } from "./raw_sockets.ts";
import type { SendBatch } from "./send_batch.ts";
import { SocketTransport } from "./socket_transport.ts";

/** What {@linkcode RawTransport.open} takes. */
export interface RawTransportOptions {
  /** Interfaces that are there from the start; `setInterface` adds more. */
  readonly interfaces: readonly LinuxInterface[];
  /** Hears Path messages to every group of the link, joined or not: a router has to, a host need not. True by default. */
  readonly allGroups?: boolean;
  /** Waits for the sockets; that of the process by default. */
  readonly poller?: Poller;
}

const NO_ADDRESS = new Uint8Array(16);
/** The longest MTU that there can be; by route nothing is known of the link. */
const LARGEST_MTU_BYTES = 65_535;

/** Carries RSVP as raw IP on Linux, made by {@linkcode RawTransport.open}. Needs `--allow-ffi` and CAP_NET_RAW. */
export class RawTransport extends SocketTransport {
  #groupSockets: number[] = [];
  /** By family. */
  #senders = new Map<number, SendBatch>();
  /** Packets that were too long for the MTU as we knew it, and are sent again, once. */
  #again = new WeakSet<Packet>();
  #identification = Math.floor(Math.random() * 0x10000);

  /**
   * Opens the sockets. Nothing stays open if it throws.
   * @throws {LinuxError} in one line that says what to do: a capability that is missing, an interface that is not there.
   * @throws {RangeError} naming an address that is not one.
   */
  static open(options: RawTransportOptions): RawTransport {
    const transport = new RawTransport(options.poller ?? sharedPoller());
    try {
      transport.#openSockets(options.allGroups ?? true);
      for (const settings of options.interfaces) transport.setInterface(settings);
      return transport;
    } catch (error) {
      transport.close();
      throw error;
    }
  }

  /** Sends one datagram, at the latest when what runs now is done; fragmented if it is longer than the MTU. */
  send(packet: Packet): void {
    if (this.closed) return;
    const known = packet.interface === 0 ? undefined : this.interfaces.get(packet.interface);
    const problem = this.#unsendable(packet, known);
    if (problem) return this.refuse(packet, problem);
    const mtuBytes = this.#mtuBytes(known);
    const most = fragmentBytes(packet, mtuBytes);
    const source = this.#source(packet);
    // Never 0, which would have the kernel choose one, and look for it in a table of destinations.
    const identification = this.#identification = (this.#identification % 0xffff) + 1;
    let from = 0;
    do {
      const to = Math.min(packet.payload.length, from + most);
      if (!this.#sendPiece(packet, source, { from, to, identification }, known)) return;
      from = to;
    } while (from < packet.payload.length);
  }

  /** Forwards a datagram as IP would: by route, source and TTL as they are. */
  relay(packet: Packet): void {
    this.send({ ...packet, interface: 0, routerAlert: 0 });
  }

  protected interfaceCame(known: KnownInterface): void {
    for (const descriptor of this.#groupSockets) receiveAllGroups(descriptor, known.index, true);
  }

  protected interfaceGone(known: KnownInterface): void {
    for (const descriptor of this.#groupSockets) receiveAllGroups(descriptor, known.index, false);
  }

  #openSockets(allGroups: boolean): void {
    const raw = { encapsulation: ENCAPSULATION.RAW, link: false };
    const ipv4 = openRawIpv4(!allGroups);
    this.interfaces.askOn(ipv4);
    this.receiver.add({ ...raw, descriptor: ipv4, family: 4, header: true });
    this.#senders.set(4, this.sender(ipv4));
    if (allGroups) this.#openGroupSocket(4);
    try {
      this.receiver.add({ ...raw, descriptor: openRawIpv6(!allGroups), family: 6, header: false });
    } catch (error) {
      // A kernel without IPv6 is no reason not to speak IPv4.
      if ((error as LinuxError).errorNumber === ERRNO.EAFNOSUPPORT) return;
      throw error;
    }
    const ipv6 = openRouterAlertIpv6();
    this.receiver.add({ ...raw, descriptor: ipv6, family: 6, header: true });
    this.#senders.set(6, this.sender(ipv6));
    if (allGroups) this.#openGroupSocket(6);
  }

  #openGroupSocket(family: number): void {
    const descriptor = openGroups(family);
    this.#groupSockets.push(descriptor);
    this.receiver.add({ descriptor, family, encapsulation: ENCAPSULATION.RAW, header: true, link: true });
  }

  /** Why a packet cannot be sent, or undefined. */
  #unsendable(packet: Packet, known: KnownInterface | undefined): string | undefined {
    const to = () => formatAddress(packet.destination, packet.family);
    if (packet.encapsulation !== ENCAPSULATION.RAW) return `a message to ${to()} in UDP cannot be sent as raw IP`;
    if (packet.interface !== 0 && !known) return `no interface ${packet.interface} to send to ${to()} by`;
    if (!this.#senders.has(packet.family)) return `this system has no IPv6 to send to ${to()} with`;
    if (!fitsIp(packet)) return `a message of ${packet.payload.length} bytes is too long for IP`;
    return undefined;
  }

  #mtuBytes(known: KnownInterface | undefined): number {
    if (known) return known.mtuBytes;
    let least = LARGEST_MTU_BYTES;
    for (const { mtuBytes } of this.interfaces.values()) least = Math.min(least, mtuBytes);
    return least;
  }

  #source(packet: Packet): Uint8Array {
    if (!isUnspecified(packet.source)) return packet.source;
    return this.interfaces.sourceFor(packet.interface, packet.destination, packet.family) ?? NO_ADDRESS;
  }

  #sendPiece(
    packet: Packet,
    source: Uint8Array,
    piece: Piece,
    known: KnownInterface | undefined,
  ): boolean {
    const sender = this.#senders.get(packet.family)!;
    // Room for a fragment header too.
    const at = sender.begin(ipHeaderBytes(packet) + 8 + piece.to - piece.from);
    if (at < 0) {
      this.sendFailed("ENOBUFS", ERRNO.ENOBUFS, packet);
      return false;
    }
    const headerLength = writeIpHeader(sender.view, sender.bytes, at, packet, source, piece);
    const { payload } = packet;
    const whole = piece.from === 0 && piece.to === payload.length;
    sender.bytes.set(whole ? payload : payload.subarray(piece.from, piece.to), at + headerLength);
    const envelope = { family: packet.family, destination: packet.destination, port: 0, index: known?.index ?? 0 };
    sender.commit(headerLength + piece.to - piece.from, envelope, packet);
    return true;
  }

  protected override sendFailed(reason: string, errorNumber: number, packet: Packet): void {
    if (errorNumber !== ERRNO.EMSGSIZE || this.closed || this.#again.has(packet)) {
      return super.sendFailed(reason, errorNumber, packet);
    }
    // The MTU has changed since we asked for it.
    this.#again.add(packet);
    for (const known of this.interfaces.values()) this.interfaces.refreshMtu(known);
    this.send(packet);
  }
}
