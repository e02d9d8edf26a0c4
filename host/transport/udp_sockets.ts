/**
 * Opening UDP sockets on `node:dgram`, so that RFC 2205 appendix C needs neither root nor FFI, and saying in one line
 * why one could not be opened. `node:dgram` is imported when the first socket is opened: importing this file needs no
 * permission and works where there are no sockets.
 *
 * Two things are not done because of Deno 2.9.6: the receive buffer size is never set (after `setRecvBufferSize` some 260
 * packets a second are received), and sockets get no `lookup` of their own (with one that answers at once, `close` never
 * says that it is done).
 */
import type { Socket } from "node:dgram";

export type { Socket };

/**
 * A socket that could not be opened; `message` is one line for a person.
 *
 * @example
 * ```ts
 * // deno run --allow-net
 * import { UdpOpenError, UdpTransport } from "@resv/resv";
 *
 * try {
 *   // An address for documentation (RFC 5737), which no machine has.
 *   await UdpTransport.open({ addresses: [{ interface: 1, address: "198.51.100.77", prefixLength: 24 }] });
 * } catch (error) {
 *   if (error instanceof UdpOpenError) console.log(error.code, error.address, error.port); // EADDRNOTAVAIL 198.51.100.77 1698
 * }
 * ```
 */
export class UdpOpenError extends Error {
  /** Tells it from other errors where `instanceof` cannot. */
  override readonly name = "UdpOpenError";
  /** The system's code: EADDRINUSE, EADDRNOTAVAIL, EACCES; DENIED where Deno's permission is missing. */
  readonly code: string;
  /** The address that could not be bound. */
  readonly address: string;
  /** The port that could not be bound. */
  readonly port: number;

  /** Makes the line. @param detail the system's words, for codes that are not explained here */
  constructor(code: string, address: string, port: number, detail: string) {
    super(`cannot listen on ${formatEndpoint(address, port)}: ${explain(code, address, detail)}`);
    this.code = code;
    this.address = address;
    this.port = port;
  }
}

/** `127.0.1.1:1698`, `[::1]:1698`. */
export function formatEndpoint(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Says what to do about the errors that people meet. */
function explain(code: string, address: string, detail: string): string {
  switch (code) {
    case "EADDRINUSE":
      return "another program, perhaps another RSVP node, holds this address and port; stop it or use another address";
    case "EADDRNOTAVAIL":
      return `${address} is not an address of this machine; add it to an interface first`;
    case "EACCES":
    case "EPERM":
      return "the system does not permit it";
    case "DENIED":
      return "Deno was not permitted to use the network there; --allow-net permits it";
    default:
      return detail;
  }
}

function openError(error: unknown, address: string, port: number): UdpOpenError {
  const { code, message, name } = error as { code?: string; message?: string; name?: string };
  const reason = name === "NotCapable" || name === "PermissionDenied" ? "DENIED" : code ?? "UNKNOWN";
  return new UdpOpenError(reason, address, port, message ?? String(error));
}

/** What of Deno's permissions is used; other runtimes have none. */
interface Permissions {
  request(wanted: { name: "net"; host: string }): Promise<{ state: string }>;
}

/**
 * Asks for the permission before `bind` does: what that throws comes in a later turn of the event loop, where nobody can
 * catch it. A person at a terminal is asked as usual.
 */
async function permit(address: string, port: number): Promise<void> {
  const { permissions } = (globalThis as { Deno?: { permissions?: Permissions } }).Deno ?? {};
  const answer = await permissions?.request({ name: "net", host: formatEndpoint(address, port) });
  if (answer && answer.state !== "granted") throw new UdpOpenError("DENIED", address, port, "");
}

/**
 * Opens one socket on an address and port. `shared` lets several nodes of one machine bind the same group.
 * Rejects with {@linkcode UdpOpenError}.
 */
export async function openSocket(address: string, family: number, port: number, shared: boolean): Promise<Socket> {
  await permit(address, port);
  const { createSocket } = await import("node:dgram");
  return await new Promise((resolve, reject) => {
    const socket = createSocket({
      type: family === 4 ? "udp4" : "udp6",
      reuseAddr: shared,
      ipv6Only: family === 6,
    });
    const refuse = async (error: unknown) => {
      await closeSocket(socket);
      reject(openError(error, address, port));
    };
    socket.once("error", refuse);
    try {
      socket.bind({ address, port, exclusive: true }, () => {
        socket.off("error", refuse);
        resolve(socket);
      });
    } catch (error) {
      refuse(error);
    }
  });
}

/** Closes a socket, which may be closed already; its port is free once the promise is resolved. */
export function closeSocket(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    try {
      socket.close(() => resolve());
    } catch {
      // It was never open or is closed already: nothing is left to release.
      resolve();
    }
  });
}
