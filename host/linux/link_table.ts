/**
 * The kernel's interfaces and their addresses, as rtnetlink tells of them.
 *
 * ```
 * ifinfomsg, 16 bytes: family@0 u8, type@2 u16, index@4 i32, flags@8 u32, change@12 u32; then attributes IFLA_*
 * ifaddrmsg, 8 bytes: family@0, prefix length@1, flags@2, scope@3 (u8 each), index@4 u32; then attributes IFA_*
 * ```
 */
import { formatAddress } from "../address.ts";
import {
  NetlinkBatch,
  type NetlinkMessage,
  type NetlinkSocket,
  NLM,
  readAttributes,
  readText,
  readU32,
} from "./netlink.ts";

/** Types of rtnetlink's messages on interfaces and addresses (linux/rtnetlink.h). */
export const RTM_LINK = { NEWLINK: 16, DELLINK: 17, GETLINK: 18, NEWADDR: 20, DELADDR: 21, GETADDR: 22 } as const;

const AF_INET = 2;
const AF_INET6 = 10;
const IFINFOMSG_BYTES = 16;
const IFADDRMSG_BYTES = 8;
const IFLA = { NAME: 3, MTU: 4 } as const;
const IFA = { ADDRESS: 1, LOCAL: 2, FLAGS: 8 } as const;
const IFF = { UP: 0x1, LOOPBACK: 0x8, RUNNING: 0x40 } as const;
const IFA_F = { SECONDARY: 0x1, DAD_FAILED: 0x8, DEPRECATED: 0x20, TENTATIVE: 0x40 } as const;

/** One address of an interface. */
export interface LinkAddress {
  /** With prefix length: `10.0.0.1/24`. */
  text: string;
  /** 4 or 6. */
  family: number;
  /** Within fe80::/10. */
  linkLocal: boolean;
  /** Passed over where there is another: a secondary or a deprecated one. */
  secondary: boolean;
  /** False while IPv6 still looks for a double of it, or has found one: it cannot be sent from. */
  usable: boolean;
}

/** One interface of the kernel. */
export interface Link {
  /** The kernel's number, which a link made again does not keep. */
  index: number;
  name: string;
  /** Switched on, and with a carrier. */
  up: boolean;
  loopback: boolean;
  mtuBytes: number;
  /** In the kernel's order. */
  addresses: LinkAddress[];
}

/** What {@linkcode LinkTable.apply} has done. */
export interface LinkTableChange {
  /** The interface concerned, as it is now or was at last. */
  link: Link;
  /** True if it is there no more. */
  gone: boolean;
}

/** All interfaces with their addresses, kept up to date from notifications. */
export class LinkTable {
  #links = new Map<number, Link>();

  /** All interfaces. */
  get links(): readonly Link[] {
    return [...this.#links.values()];
  }

  /** By the kernel's number. */
  get(index: number): Link | undefined {
    return this.#links.get(index);
  }

  /** By name. */
  named(name: string): Link | undefined {
    for (const link of this.#links.values()) if (link.name === name) return link;
  }

  /** Reads everything anew. @throws {LinuxError} if the kernel refuses. */
  load(socket: NetlinkSocket): void {
    const restart = () => this.#links.clear();
    const each = (message: NetlinkMessage) => void this.apply(message);
    restart();
    socket.dump(
      new NetlinkBatch().begin(RTM_LINK.GETLINK, NLM.DUMP).zeros(IFINFOMSG_BYTES).end(),
      "interfaces",
      each,
      restart,
    );
    const addresses = new NetlinkBatch().begin(RTM_LINK.GETADDR, NLM.DUMP).zeros(IFADDRMSG_BYTES).end();
    socket.dump(addresses, "addresses of interfaces", each, () => {
      for (const link of this.#links.values()) link.addresses = [];
    });
  }

  /** Takes a message; undefined if it changes nothing that is kept here. */
  apply(message: NetlinkMessage): LinkTableChange | undefined {
    switch (message.type) {
      case RTM_LINK.NEWLINK:
        return this.#newLink(message.body);
      case RTM_LINK.DELLINK:
        return this.#deleteLink(message.body);
      case RTM_LINK.NEWADDR:
        return this.#address(message.body, true);
      case RTM_LINK.DELADDR:
        return this.#address(message.body, false);
    }
  }

  #newLink(body: Uint8Array): LinkTableChange | undefined {
    // Others than AF_UNSPEC are about its part in a bridge.
    if (body[0] !== 0) return undefined;
    const attributes = readAttributes(body, IFINFOMSG_BYTES);
    const index = readU32(body, 4), flags = readU32(body, 8);
    const name = attributes.get(IFLA.NAME), mtu = attributes.get(IFLA.MTU);
    const before = this.#links.get(index);
    const link: Link = {
      index,
      name: name ? readText(name) : before?.name ?? "",
      up: (flags & IFF.UP) !== 0 && (flags & IFF.RUNNING) !== 0,
      loopback: (flags & IFF.LOOPBACK) !== 0,
      mtuBytes: mtu ? readU32(mtu) : before?.mtuBytes ?? 0,
      addresses: before?.addresses ?? [],
    };
    this.#links.set(index, link);
    const same = before !== undefined && before.name === link.name && before.up === link.up &&
      before.mtuBytes === link.mtuBytes;
    return same ? undefined : { link, gone: false };
  }

  #deleteLink(body: Uint8Array): LinkTableChange | undefined {
    const index = readU32(body, 4);
    const link = body[0] === 0 ? this.#links.get(index) : undefined;
    if (!link) return undefined;
    this.#links.delete(index);
    return { link: { ...link, up: false }, gone: true };
  }

  #address(body: Uint8Array, present: boolean): LinkTableChange | undefined {
    const link = this.#links.get(readU32(body, 4));
    const address = linkAddress(body);
    if (!link || !address) return undefined;
    const at = link.addresses.findIndex(({ text }) => text === address.text);
    if (present && at >= 0) {
      const before = link.addresses[at];
      link.addresses[at] = address;
      // Their lifetimes are renewed every few seconds by router advertisements: nothing that matters here.
      return before.usable === address.usable && before.secondary === address.secondary
        ? undefined
        : { link, gone: false };
    }
    if (present) link.addresses.push(address);
    else if (at >= 0) link.addresses.splice(at, 1);
    else return undefined;
    return { link, gone: false };
  }
}

function linkAddress(body: Uint8Array): LinkAddress | undefined {
  const family = body[0] === AF_INET ? 4 : body[0] === AF_INET6 ? 6 : 0;
  const attributes = readAttributes(body, IFADDRMSG_BYTES);
  // On a point-to-point link IFA_ADDRESS is the other end.
  const bytes = attributes.get(IFA.LOCAL) ?? attributes.get(IFA.ADDRESS);
  if (family === 0 || !bytes || bytes.length < (family === 4 ? 4 : 16)) return undefined;
  const long = attributes.get(IFA.FLAGS);
  const flags = long ? readU32(long) : body[2];
  return {
    text: `${formatAddress(bytes, family)}/${body[1]}`,
    family,
    linkLocal: family === 6 && bytes[0] === 0xfe && (bytes[1] & 0xc0) === 0x80,
    secondary: (flags & (IFA_F.SECONDARY | IFA_F.DEPRECATED)) !== 0,
    usable: (flags & (IFA_F.TENTATIVE | IFA_F.DAD_FAILED)) === 0,
  };
}
