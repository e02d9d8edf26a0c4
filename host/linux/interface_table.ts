/**
 * The interfaces of a node: our handles, which survive a restart and are known to neighbours, beside the kernel's names
 * and indexes, which do not.
 */
import { isMulticast, matchesPrefix, parsePrefix } from "../address.ts";
import { cString, libc } from "./libc.ts";
import { LinkCheck } from "./link_check.ts";
import { ERRNO, LinuxError } from "./linux_error.ts";

/** An interface as it is told to a transport. */
export interface LinuxInterface {
  /** Our handle, 1 to 65,535. */
  readonly interface: number;
  /** The kernel's name, such as `eth0`. */
  readonly name: string;
  /** With prefix lengths: `10.0.0.1/24`, `fe80::1/64`. May be empty. */
  readonly addresses: readonly string[];
  /** The kernel's index, where it is known; else it is asked for. */
  readonly index?: number;
  /** MTU of the link, where it is known; else the kernel is asked. */
  readonly mtuBytes?: number;
}

/** An address of an interface. */
export interface InterfaceAddress {
  /** 16 bytes, an IPv4 address in the first four. */
  readonly bytes: Uint8Array;
  readonly family: number;
  readonly prefixLength: number;
}

/** An interface as the transports use it. */
export interface KnownInterface {
  readonly handle: number;
  readonly name: string;
  readonly index: number;
  mtuBytes: number;
  readonly addresses: readonly InterfaceAddress[];
}

const SIOCGIFMTU = 0x8921n;
const SIOCGIFINDEX = 0x8933n;
const IFNAMSIZ = 16;
/** ifreq: name@0 (16 bytes), a union@16 in which MTU and index are ints. */
const IFREQ_BYTES = 40;
/** Every IPv6 link carries as much (RFC 8200 section 5); taken where the kernel does not say. */
const LEAST_MTU_BYTES = 1280;

/** Handles, names and indexes of the interfaces that are managed. */
export class InterfaceTable {
  #byHandle = new Map<number, KnownInterface>();
  #byIndex = new Map<number, KnownInterface>();
  #descriptor = -1;
  /** Kept with the addresses. */
  readonly linkCheck: LinkCheck = new LinkCheck();

  /** Any socket of IP: the kernel is asked about interfaces on it, in the network namespace in which it was opened. */
  askOn(descriptor: number): void {
    this.#descriptor = descriptor;
  }

  /**
   * Adds an interface or changes it, and returns it. An interface that was removed and made again has another index.
   * @throws {LinuxError} naming an interface that the kernel does not have.
   * @throws {RangeError} naming an address that is not one.
   */
  set(settings: LinuxInterface): KnownInterface {
    const index = settings.index ?? this.#ask(SIOCGIFINDEX, settings.name);
    if (index === undefined) {
      throw new LinuxError(`there is no interface "${settings.name}" (ip link shows those there are)`, ERRNO.ENODEV);
    }
    const addresses = settings.addresses.map((text) => {
      const { prefix: bytes, prefixLength, family } = parsePrefix(text);
      return { bytes, prefixLength, family };
    });
    const known = {
      handle: settings.interface,
      name: settings.name,
      index,
      mtuBytes: settings.mtuBytes ?? this.#linkMtuBytes(settings.name),
      addresses,
    };
    this.remove(known.handle);
    this.#byHandle.set(known.handle, known);
    this.#byIndex.set(index, known);
    this.linkCheck.set(this.#byHandle.values());
    return known;
  }

  /** Forgets an interface, and returns what was known of it. */
  remove(handle: number): KnownInterface | undefined {
    const known = this.#byHandle.get(handle);
    if (!known) return undefined;
    this.#byHandle.delete(handle);
    if (this.#byIndex.get(known.index) === known) this.#byIndex.delete(known.index);
    this.linkCheck.set(this.#byHandle.values());
    return known;
  }

  /** By our handle. */
  get(handle: number): KnownInterface | undefined {
    return this.#byHandle.get(handle);
  }

  /** Our handle of the kernel's index; 0 for an interface that is not managed. */
  handleOf(index: number): number {
    return this.#byIndex.get(index)?.handle ?? 0;
  }

  /** All of them. */
  values(): Iterable<KnownInterface> {
    return this.#byHandle.values();
  }

  /** Asks the kernel for the MTU again, after a datagram was too long for the link. */
  refreshMtu(known: KnownInterface): void {
    known.mtuBytes = this.#linkMtuBytes(known.name);
  }

  /**
   * An address to send from where the packet names none: on the link of the destination, else of the same scope; a
   * link-local one for a group of the link. Undefined if there is none of the family.
   */
  sourceFor(handle: number, destination: Uint8Array, family: number): Uint8Array | undefined {
    const known = handle === 0 ? [...this.#byHandle.values()] : [this.#byHandle.get(handle)];
    const usable = known.flatMap((entry) => entry?.addresses ?? []).filter((address) => address.family === family);
    const onLink = usable.find(({ bytes, prefixLength }) => matchesPrefix(destination, bytes, prefixLength));
    if (onLink && !isMulticast(destination, family)) return onLink.bytes;
    const wantsLinkLocal = family === 6 && isLinkScope(destination);
    return (usable.find(({ bytes }) => family === 4 || isLinkScope(bytes) === wantsLinkLocal) ?? usable[0])?.bytes;
  }

  /** The least there is if the kernel does not say: the interface may be going. */
  #linkMtuBytes(name: string): number {
    return this.#ask(SIOCGIFMTU, name) ?? LEAST_MTU_BYTES;
  }

  /** A number that the kernel has of an interface (netdevice(7)). */
  #ask(question: bigint, name: string): number | undefined {
    const request = new Uint8Array(IFREQ_BYTES);
    request.set(cString(name).subarray(0, IFNAMSIZ - 1));
    if (libc().ioctl(this.#descriptor, question, request) !== 0) return undefined;
    return new DataView(request.buffer).getInt32(IFNAMSIZ, true);
  }
}

/** Nothing but zeros: the transport is to choose. */
export function isUnspecified(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== 0) return false;
  return true;
}

/** fe80::/10, or a group of link or interface scope (ff01, ff02, and ff11, ff12 ...). */
export function isLinkScope(bytes: Uint8Array): boolean {
  if (bytes[0] === 0xff) return (bytes[1] & 15) <= 2;
  return bytes[0] === 0xfe && (bytes[1] & 0xc0) === 0x80;
}
