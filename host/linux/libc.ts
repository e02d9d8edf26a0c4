/**
 * The system calls of Linux that sockets need, through Deno's foreign function interface. With the other files of this
 * folder the only place that knows layouts of the C library (LP64, little-endian: x86-64 and aarch64 with glibc).
 *
 * Nothing is opened when this file is imported: `libc()` opens the library at its first call, so that whoever imports the
 * package without `--allow-ffi`, or on another system, is not disturbed.
 *
 * The number of an error has to be read at once after the call that failed: another operation of the runtime overwrites
 * it. `call` does.
 */
import { LinuxError } from "./linux_error.ts";

const SYMBOLS = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  sendto: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"], result: "isize" },
  sendmsg: { parameters: ["i32", "buffer", "i32"], result: "isize" },
  recvmmsg: { parameters: ["i32", "buffer", "u32", "i32", "pointer"], result: "i32" },
  sendmmsg: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  /** On a thread of its own; the number of its error cannot be had. */
  pollWait: { name: "poll", parameters: ["buffer", "usize", "i32"], result: "i32", nonblocking: true },
  poll: { parameters: ["buffer", "usize", "i32"], result: "i32" },
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  eventfd_write: { parameters: ["i32", "u64"], result: "i32" },
  eventfd_read: { parameters: ["i32", "buffer"], result: "i32" },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
  ioctl: { parameters: ["i32", "u64", "buffer"], result: "i32" },
  if_nametoindex: { parameters: ["buffer"], result: "u32" },
  syscall: { parameters: ["i64", "i64", "i64", "i64", "i64", "i64", "i64"], result: "i64" },
  strerror: { parameters: ["i32"], result: "pointer" },
  __errno_location: { parameters: [], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

/** The functions of the C library. */
export type Libc = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

let opened: Libc | undefined;
let errorNumber: Deno.UnsafePointerView | undefined;

/** Opens the C library at the first call. @throws {LinuxError} in one line that says what to do, where it cannot be had. */
export function libc(): Libc {
  if (opened) return opened;
  if (typeof Deno === "undefined" || Deno.build.os !== "linux") {
    throw new LinuxError("this needs Linux and Deno: raw IP, routes and traffic control of the kernel", 0);
  }
  try {
    opened = Deno.dlopen("libc.so.6", SYMBOLS).symbols;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new LinuxError(`the C library cannot be opened (${reason}): run with --allow-ffi, on a system with glibc`, 0);
  }
  return opened;
}

/** The number of the last error of this thread; to be asked for at once after the call. */
export function errno(): number {
  errorNumber ??= new Deno.UnsafePointerView(libc().__errno_location()!);
  return errorNumber.getInt32();
}

/** What the C library says of an error. */
export function errorText(number: number): string {
  const text = libc().strerror(number);
  return text === null ? `error ${number}` : new Deno.UnsafePointerView(text).getCString();
}

/** The result as a number. @throws {LinuxError} with `doing`, the error's text and its number, if it is negative. */
export function call(result: number | bigint, doing: string): number {
  if (result < 0) {
    const number = errno();
    throw new LinuxError(`${doing}: ${errorText(number)}`, number);
  }
  return Number(result);
}

/** Bytes of a C string. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text + "\0");
}

/** The address of bytes, to be written into a structure. The bytes must be kept as long as the structure is in use. */
export function addressOf(bytes: Uint8Array<ArrayBuffer>): bigint {
  return BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes)));
}

/** An int as the kernel reads it. */
export function int32(...values: number[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Int32Array(values).buffer);
}

/** Sets an option of a socket. @throws {LinuxError} naming `what`. */
export function setOption(
  descriptor: number,
  level: number,
  option: number,
  value: Uint8Array<ArrayBuffer>,
  what: string,
): void {
  call(libc().setsockopt(descriptor, level, option, value, value.length), what);
}
