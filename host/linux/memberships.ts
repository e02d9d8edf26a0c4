/**
 * Groups joined on interfaces, so that routers and switches of the link send them here. One socket can be in 20 IPv4
 * groups (igmp_max_memberships): there are as many as are needed, and they receive nothing, for they are bound to no port.
 *
 * ```
 * ip_mreqn, 12 bytes: group@0, address@4, interface index@8
 * ipv6_mreq, 20 bytes: group@0, interface index@16
 * ```
 */
import { addressKey, formatAddress } from "../address.ts";
import { errno, errorText, libc } from "./libc.ts";
import { ERRNO, LinuxError } from "./linux_error.ts";
import { openSocket } from "./raw_sockets.ts";
import { AF, IP, IPV6, SOCK, SOL } from "./socket_numbers.ts";

interface Membership {
  readonly descriptor: number;
  readonly family: number;
  readonly request: Uint8Array<ArrayBuffer>;
  readonly index: number;
}

/** Who is a member of what. */
export class Memberships {
  #joined = new Map<string, Membership>();
  #sockets: { descriptor: number; family: number }[] = [];

  /** Joins a group on the interface with the kernel's `index`; does nothing if it is joined. @throws {LinuxError} */
  join(group: Uint8Array, family: number, index: number): void {
    const key = `${index} ${addressKey(group, family)}`;
    if (this.#joined.has(key)) return;
    const request = membershipRequest(group, family, index);
    const [level, option] = family === 6 ? [SOL.IPV6, IPV6.JOIN_GROUP] : [SOL.IP, IP.ADD_MEMBERSHIP];
    for (let attempt = 0;; attempt++) {
      const fresh = attempt >= this.#sockets.length;
      const socket = this.#sockets[attempt] ?? this.#open(family);
      if (socket.family !== family) continue;
      if (libc().setsockopt(socket.descriptor, level, option, request, request.length) === 0) {
        this.#joined.set(key, { descriptor: socket.descriptor, family, request, index });
        return;
      }
      const number = errno();
      if (!fresh && (number === ERRNO.ENOBUFS || number === ERRNO.ENOMEM)) continue;
      throw new LinuxError(`joining ${formatAddress(group, family)}: ${errorText(number)}`, number);
    }
  }

  /** Leaves a group; does nothing if it was not joined. */
  leave(group: Uint8Array, family: number, index: number): void {
    const key = `${index} ${addressKey(group, family)}`;
    const membership = this.#joined.get(key);
    if (!membership) return;
    this.#joined.delete(key);
    const { descriptor, request } = membership;
    const [level, option] = family === 6 ? [SOL.IPV6, IPV6.LEAVE_GROUP] : [SOL.IP, IP.DROP_MEMBERSHIP];
    // The interface may have gone, and the membership with it.
    libc().setsockopt(descriptor, level, option, request, request.length);
  }

  /** Leaves every group. */
  close(): void {
    for (const { descriptor } of this.#sockets) libc().close(descriptor);
    this.#sockets = [];
    this.#joined.clear();
  }

  #open(family: number): { descriptor: number; family: number } {
    const descriptor = openSocket(family === 6 ? AF.INET6 : AF.INET, SOCK.DATAGRAM, 0, "a socket for groups");
    const socket = { descriptor, family };
    this.#sockets.push(socket);
    return socket;
  }
}

function membershipRequest(group: Uint8Array, family: number, index: number): Uint8Array<ArrayBuffer> {
  const request = new Uint8Array(family === 6 ? 20 : 12);
  request.set(group.subarray(0, family === 6 ? 16 : 4));
  new DataView(request.buffer).setInt32(family === 6 ? 16 : 8, index, true);
  return request;
}
