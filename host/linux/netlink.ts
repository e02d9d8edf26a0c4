/**
 * Sockets of netlink: the kernel's interfaces, routes and traffic control (NETLINK_ROUTE), its packet filter
 * (NETLINK_NETFILTER).
 *
 * The kernel works a request off while it is sent, and its answers stand in the socket's queue when `send` returns. So a
 * request is one call to send and one or two to receive, never a wait (21 microseconds for a route), and an answer that
 * is not there will not come.
 */
import { call, errno, errorText, int32, libc, setOption } from "./libc.ts";
import { ERRNO, LinuxError } from "./linux_error.ts";
import {
  NETLINK_HEADER_BYTES,
  type NetlinkBatch,
  type NetlinkMessage,
  NLM,
  NLMSG,
  readAttributes,
  readText,
  readU32,
  splitMessages,
} from "./netlink_message.ts";
import { type Poller, sharedPoller } from "./poller.ts";

export * from "./netlink_message.ts";

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0x80000;
const SOL_SOCKET = 1;
const SOCKET_BUFFER = { SEND: 7, RECEIVE: 8, SEND_FORCE: 32, RECEIVE_FORCE: 33 } as const;
const SOL_NETLINK = 270;
const NETLINK_OPTION = { ADD_MEMBERSHIP: 1, CAPPED_ACK: 10, EXTENDED_ACK: 11, STRICT_CHECK: 12 } as const;
const MSG_DONTWAIT = 0x40;
/** Asked for; the kernel doubles it, and grants less to whoever may not administer networks. */
const BUFFER_BYTES = 4 << 20;
/** More than the largest datagram of a dump (32 KB, or as much as the receiver shows room for). */
const RECEIVE_BYTES = 256 << 10;
/** Messages that go in one call: so few that their acknowledgements fit an ordinary receive buffer. */
export const MESSAGES_PER_SEND = 128;
const DUMP_ATTEMPTS = 5;
/** Attribute of an acknowledgement: why, in words. */
const ATTRIBUTE_TEXT = 1;

/** What the kernel refused of a batch. */
export interface NetlinkFailure {
  /** Which message of the batch, from 0. */
  index: number;
  /** As in errno.h, positive. */
  errorNumber: number;
  /** What the kernel says of it, or the C library's text of the number. */
  text: string;
}

/** What a socket is made for. */
export interface NetlinkSocketOptions {
  /** One of {@linkcode NETLINK}; ROUTE by default. */
  protocol?: number;
  /** Numbers of multicast groups (RTNLGRP_LINK is 1) whose notifications are wanted. */
  groups?: readonly number[];
}

/** A netlink socket. One for requests and another one for notifications, so that they do not come between each other. */
export class NetlinkSocket {
  /** To be polled. */
  readonly descriptor: number;
  #buffer = new Uint8Array(RECEIVE_BYTES);
  #sequence = 1;
  #closed = false;

  /** Opens it. @throws {LinuxError} if the kernel refuses. */
  constructor(options: NetlinkSocketOptions = {}) {
    const { protocol = 0, groups = [] } = options;
    this.descriptor = call(libc().socket(AF_NETLINK, SOCK_RAW_CLOEXEC, protocol), "a netlink socket");
    try {
      this.#enlarge(SOCKET_BUFFER.SEND_FORCE, SOCKET_BUFFER.SEND);
      this.#enlarge(SOCKET_BUFFER.RECEIVE_FORCE, SOCKET_BUFFER.RECEIVE);
      for (const option of [NETLINK_OPTION.CAPPED_ACK, NETLINK_OPTION.EXTENDED_ACK, NETLINK_OPTION.STRICT_CHECK]) {
        // Older kernels do without.
        libc().setsockopt(this.descriptor, SOL_NETLINK, option, int32(1), 4);
      }
      const address = new Uint8Array(12);
      address[0] = AF_NETLINK;
      call(libc().bind(this.descriptor, address, address.length), "binding a netlink socket");
      for (const group of groups) {
        setOption(this.descriptor, SOL_NETLINK, NETLINK_OPTION.ADD_MEMBERSHIP, int32(group), `netlink group ${group}`);
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * Sends every message and takes the acknowledgements. Returns what was refused, in order; the other messages are done.
   * Ask for acknowledgements (NLM.ACK) of all, or a lost one is not noticed. With `together`, all go in one call, as a
   * transaction of nf_tables must (thousands of acknowledgements would not fit the queue: ask for those of a few then);
   * otherwise {@linkcode MESSAGES_PER_SEND} at a time. `each` sees what comes besides
   * (what NLM_F_ECHO asks for).
   * @throws {LinuxError} if sending or receiving fails.
   */
  transact(batch: NetlinkBatch, options: { together?: boolean; each?: (message: NetlinkMessage) => void } = {}) {
    const failures: NetlinkFailure[] = [];
    const step = options.together ? Math.max(1, batch.count) : MESSAGES_PER_SEND;
    for (let from = 0; from < batch.count; from += step) {
      this.#transactPart(batch, from, Math.min(batch.count, from + step), failures, options.each);
    }
    return failures;
  }

  /** As {@linkcode transact}, where nothing may be refused. @throws {LinuxError} with `doing` and the kernel's words. */
  execute(batch: NetlinkBatch, doing: string, together = false): void {
    const [failure] = this.transact(batch, { together });
    if (failure) throw new LinuxError(`${doing}: ${failure.text}`, failure.errorNumber);
  }

  /**
   * Sends the one message of the batch, without NLM.ACK, and returns its one answer, or the kernel's refusal. The body
   * is good until the next call.
   * @throws {LinuxError} if sending or receiving fails, or no answer comes.
   */
  ask(batch: NetlinkBatch): NetlinkMessage | NetlinkFailure {
    const sequence = this.#send(batch, 0, 1);
    for (let messages = this.receive(); messages !== undefined; messages = this.receive()) {
      const answer = messages.find((message) => message.sequence === sequence);
      if (answer) return answer.type === NLMSG.ERROR ? failureOf(answer, 0)! : answer;
    }
    throw new LinuxError("netlink: the kernel gave no answer", 0);
  }

  /**
   * Sends the one message of the batch, which asks for a dump (NLM.DUMP), and hands its answers over one by one; each
   * body is good during the call. A dump that a change came between is asked for again, after `restart`, which must
   * forget what it was given.
   * @throws {LinuxError} with `doing`.
   */
  dump(batch: NetlinkBatch, doing: string, each: (message: NetlinkMessage) => void, restart: () => void): void {
    for (let attempt = 1; attempt <= DUMP_ATTEMPTS; attempt++) {
      if (this.#dumpOnce(batch, doing, each)) return;
      if (attempt < DUMP_ATTEMPTS) restart();
    }
    // What was seen last is a mixture of two states, and a notification of the change is on its way.
  }

  /**
   * The messages of the next datagram; undefined if none is waiting. Never waits.
   * @throws {LinuxError} ENOBUFS, if notifications were lost because the queue was full.
   */
  receive(): NetlinkMessage[] | undefined {
    for (;;) {
      const length = libc().recv(this.descriptor, this.#buffer, BigInt(RECEIVE_BYTES), MSG_DONTWAIT);
      if (length >= 0) return splitMessages(this.#buffer.subarray(0, Number(length)));
      const number = errno();
      if (number === ERRNO.EAGAIN) return undefined;
      if (number !== ERRNO.EINTR) throw new LinuxError(`netlink: ${errorText(number)}`, number);
    }
  }

  /** Closes it; again does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    libc().close(this.descriptor);
  }

  #transactPart(
    batch: NetlinkBatch,
    from: number,
    to: number,
    failures: NetlinkFailure[],
    each?: (message: NetlinkMessage) => void,
  ): void {
    const first = this.#send(batch, from, to);
    // By message: a transaction of nf_tables that is refused may answer one message several times, and others not at all.
    const seen = new Set<number>();
    for (let messages = this.receive(); messages !== undefined; messages = this.receive()) {
      for (const message of messages) {
        const index = message.sequence - first;
        if (message.type !== NLMSG.ERROR) {
          each?.(message);
          continue;
        }
        if (index < 0 || index >= to - from || seen.has(index)) continue;
        seen.add(index);
        const failure = failureOf(message, from + index);
        if (failure) failures.push(failure);
      }
      if (seen.size === to - from) break;
    }
    if (failures.length > 0) failures.sort((a, b) => a.index - b.index);
    else this.#demandAnswers(batch, from, to, seen);
  }

  /** Where nothing was refused, an acknowledgement that was asked for and did not come is a fault. */
  #demandAnswers(batch: NetlinkBatch, from: number, to: number, seen: Set<number>): void {
    for (let index = from; index < to; index++) {
      const asked = (batch.buffer[batch.starts[index] + 6] & NLM.ACK) !== 0;
      if (asked && !seen.has(index - from)) throw new LinuxError("netlink: the kernel gave no answer", 0);
    }
  }

  /** Numbers the messages and sends them in one call; returns the first number. */
  #send(batch: NetlinkBatch, from: number, to: number): number {
    // An answer to an earlier request that nobody waited for must not be taken for one to this.
    const first = this.#sequence;
    const view = new DataView(batch.buffer.buffer);
    for (let index = from; index < to; index++) view.setUint32(batch.starts[index] + 8, this.#sequence++, true);
    if (this.#sequence > 0x7fffffff) this.#sequence = 1;
    const bytes = batch.buffer.subarray(batch.starts[from], batch.starts[to]);
    call(libc().send(this.descriptor, bytes, BigInt(bytes.length), 0), "netlink");
    return first;
  }

  /** False if it met a change. */
  #dumpOnce(batch: NetlinkBatch, doing: string, each: (message: NetlinkMessage) => void): boolean {
    const sequence = this.#send(batch, 0, 1);
    let whole = true;
    for (let messages = this.receive(); messages !== undefined; messages = this.receive()) {
      for (const message of messages) {
        if (message.sequence !== sequence) continue;
        if (message.flags & NLM.DUMP_INTERRUPTED) whole = false;
        if (message.type !== NLMSG.DONE && message.type !== NLMSG.ERROR) {
          each(message);
          continue;
        }
        const failure = failureOf(message, 0);
        if (failure) throw new LinuxError(`${doing}: ${failure.text}`, failure.errorNumber);
        return whole;
      }
    }
    throw new LinuxError(`${doing}: the kernel's answer has no end`, 0);
  }

  #enlarge(force: number, ordinary: number): void {
    if (libc().setsockopt(this.descriptor, SOL_SOCKET, force, int32(BUFFER_BYTES), 4) === 0) return;
    libc().setsockopt(this.descriptor, SOL_SOCKET, ordinary, int32(BUFFER_BYTES), 4);
  }
}

/** What an ERROR or DONE says; undefined if it is an acknowledgement. Error@0 i32 (negative), the request's header, attributes. */
function failureOf(message: NetlinkMessage, index: number): NetlinkFailure | undefined {
  const { body, flags, type } = message;
  const errorNumber = body.length >= 4 ? -(readU32(body) | 0) : 0;
  if (errorNumber <= 0) return undefined;
  let text = "";
  if (flags & NLM.ACK_ATTRIBUTES) {
    const echoed = type === NLMSG.DONE ? 0 : flags & NLM.CAPPED ? NETLINK_HEADER_BYTES : readU32(body, 4);
    const words = readAttributes(body, 4 + ((echoed + 3) & ~3)).get(ATTRIBUTE_TEXT);
    if (words) text = readText(words);
  }
  const usual = errorText(errorNumber);
  return { index, errorNumber, text: text === "" ? usual : `${text} (${usual})` };
}

/** What a subscription is made of. */
export interface NetlinkEventsOptions extends NetlinkSocketOptions {
  /** Takes the messages that have come, of up to a few datagrams together. Bodies are good during the call. */
  onMessages: (messages: readonly NetlinkMessage[]) => void;
  /** Notifications were lost, because they came faster than they were read: look at everything again. */
  onLost: () => void;
  /** Takes what `onMessages` and `onLost` throw, and failures of the socket. */
  onError: (error: Error) => void;
  /** Who waits for the socket; the process's own by default. */
  poller?: Poller;
}

/** A subscription to notifications of the kernel. Nothing blocks, and after `close` nothing is left. */
export class NetlinkEvents {
  #socket: NetlinkSocket;
  #options: NetlinkEventsOptions;
  #poller: Poller;

  /** Subscribes at once. @throws {LinuxError} if the kernel refuses. */
  constructor(options: NetlinkEventsOptions) {
    this.#options = options;
    this.#socket = new NetlinkSocket(options);
    this.#poller = options.poller ?? sharedPoller();
    this.#poller.add(this.#socket.descriptor, () => this.#read());
  }

  /** Ends it. */
  close(): void {
    this.#poller.remove(this.#socket.descriptor);
    this.#socket.close();
  }

  #read(): void {
    try {
      for (let messages = this.#next(); messages !== undefined; messages = this.#next()) {
        if (messages.length > 0) this.#options.onMessages(messages);
      }
    } catch (error) {
      this.#options.onError(error as Error);
    }
  }

  #next(): NetlinkMessage[] | undefined {
    try {
      return this.#socket.receive();
    } catch (error) {
      if (!(error instanceof LinuxError) || error.errorNumber !== ERRNO.ENOBUFS) throw error;
      this.#options.onLost();
      return [];
    }
  }
}
