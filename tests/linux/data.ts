/** Data between namespaces: UDP over the kernel's own sockets, opened where they are wanted. */
import { parseAddress } from "../../host/address.ts";
import { call, errno, int32, libc, setOption } from "../../host/linux/libc.ts";
import { ERRNO, LinuxError } from "../../host/linux/linux_error.ts";
import { inNamespace } from "./namespace.ts";

const [AF_INET, AF_INET6, SOCK_DGRAM_CLOEXEC, MSG_DONTWAIT, POLLIN] = [2, 10, 2 | 0x80000, 0x40, 1];
const [IPPROTO_IP, IPPROTO_IPV6] = [0, 41];
const JOIN = { IPV4: 35, IPV6: 20 } as const;
const HOPS = { IPV4: 33, IPV6: 18 } as const;
const INTERFACE = { IPV4: 32, IPV6: 17 } as const;

/** A UDP socket in a namespace. */
export class DataSocket {
  #descriptor: number;
  #family: number;

  /** Bound to the port, 0 for any. */
  constructor(namespace: string, family: number, port = 0) {
    this.#family = family;
    this.#descriptor = inNamespace(namespace, () => {
      const descriptor = call(libc().socket(family === 4 ? AF_INET : AF_INET6, SOCK_DGRAM_CLOEXEC, 0), "a UDP socket");
      const any = socketAddress(family === 4 ? "0.0.0.0" : "::", port);
      call(libc().bind(descriptor, any, any.length), `binding to port ${port}`);
      return descriptor;
    });
  }

  /** Listens to a group on the interface with this index in its namespace. */
  join(group: string, index: number): void {
    const { bytes } = parseAddress(group);
    if (this.#family === 4) {
      // ip_mreqn, 12 bytes: group@0, address@4, index@8 i32.
      const request = new Uint8Array(12);
      request.set(bytes.subarray(0, 4));
      request.set(int32(index), 8);
      setOption(this.#descriptor, IPPROTO_IP, JOIN.IPV4, request, `joining ${group}`);
    } else {
      const request = new Uint8Array(20);
      request.set(bytes);
      request.set(int32(index), 16);
      setOption(this.#descriptor, IPPROTO_IPV6, JOIN.IPV6, request, `joining ${group}`);
    }
  }

  /** Sends to groups by the interface with this index, over up to 32 routers. */
  sendGroupsBy(index: number): void {
    const four = this.#family === 4;
    const level = four ? IPPROTO_IP : IPPROTO_IPV6;
    const chosen = four ? new Uint8Array([...new Uint8Array(8), ...int32(index)]) : int32(index);
    setOption(this.#descriptor, level, four ? INTERFACE.IPV4 : INTERFACE.IPV6, chosen, "the interface of groups");
    setOption(this.#descriptor, level, four ? HOPS.IPV4 : HOPS.IPV6, int32(32), "hops of groups");
  }

  /** Sends text. */
  send(text: string, address: string, port: number): void {
    const bytes = new TextEncoder().encode(text), to = socketAddress(address, port);
    call(libc().sendto(this.#descriptor, bytes, BigInt(bytes.length), 0, to, to.length), `sending to ${address}`);
  }

  /** The next text; undefined if none comes within the time, during which nothing else runs. */
  receive(withinMs = 1_000): string | undefined {
    const pollfd = new Uint8Array(8), view = new DataView(pollfd.buffer);
    view.setInt32(0, this.#descriptor, true);
    view.setInt16(4, POLLIN, true);
    libc().poll(pollfd, 1n, withinMs);
    const buffer = new Uint8Array(2048);
    const length = Number(libc().recv(this.#descriptor, buffer, BigInt(buffer.length), MSG_DONTWAIT));
    if (length >= 0) return new TextDecoder().decode(buffer.subarray(0, length));
    const number = errno();
    if (number === ERRNO.EAGAIN) return undefined;
    throw new LinuxError("receiving failed", number);
  }

  close(): void {
    libc().close(this.#descriptor);
  }
}

/** sockaddr_in, 16 bytes: family@0 u16, port@2 (network order), address@4; sockaddr_in6, 28 bytes: address@8. */
function socketAddress(text: string, port: number): Uint8Array<ArrayBuffer> {
  const { bytes, family } = parseAddress(text);
  const address = new Uint8Array(family === 4 ? 16 : 28);
  address[0] = family === 4 ? AF_INET : AF_INET6;
  new DataView(address.buffer).setUint16(2, port);
  address.set(bytes.subarray(0, family === 4 ? 4 : 16), family === 4 ? 4 : 8);
  return address;
}
