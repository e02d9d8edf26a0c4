/** Carries out the commands of `resv call`: threads, each with at the most one session, on RAPI. */
import { RAPI_EVENT, RAPI_FLAG, RAPI_FORM } from "../rapi/codes.ts";
import type { Rapi } from "../rapi/rapi.ts";
import type { RapiEvent } from "../rapi/registration.ts";
import { type Command, filterIn, LanguageError, type ParsedLine, type WaitedEvent } from "./call_language.ts";

/** What the program says. */
export interface CallOutput {
  /** An upcall, as it comes. */
  event(thread: number, event: RapiEvent): void;
  /** What a command answers. */
  line(text: string): void;
}

interface Thread {
  readonly number: number;
  sid?: number;
  generalized: boolean;
  ttl: number;
  confirm: boolean;
  name: string;
  /** What the session and its calls are, for `status`. */
  dest: string;
  sender: string;
  reservation: string;
  /** Events that no `waitevent` has taken. */
  unseen: RapiEvent[];
  wake?: () => void;
}

/** Events that are kept for `waitevent`. */
const MAXIMUM_UNSEEN = 1_000;

const IS_EVENT: Readonly<Record<WaitedEvent, (event: RapiEvent) => boolean>> = {
  path: ({ eventType, filters }) => eventType === RAPI_EVENT.PATH_EVENT && filters.length > 0,
  nopath: ({ eventType, filters }) => eventType === RAPI_EVENT.PATH_EVENT && filters.length === 0,
  resv: ({ eventType, flows }) => eventType === RAPI_EVENT.RESV_EVENT && flows.length > 0,
  noresv: ({ eventType, flows }) => eventType === RAPI_EVENT.RESV_EVENT && flows.length === 0,
  perr: ({ eventType }) => eventType === RAPI_EVENT.PATH_ERROR,
  rerr: ({ eventType }) => eventType === RAPI_EVENT.RESV_ERROR,
  confirm: ({ eventType }) => eventType === RAPI_EVENT.RESV_CONFIRM,
};

/** Help, a line for each command. */
export const CALL_HELP: readonly string[] = [
  "[T<n>] before a command names its thread; without it, it is the one named last, T1 at the beginning",
  "dest | session [gpi] [intserv] udp | tcp | proto <n> <address>[:/]<port>   opens the thread's session",
  "sender [[<address>[:/]]<port> <tspec>]   announces a sender or changes it; alone, withdraws it",
  "reserve [<receiver>] wf [*] <flowspec>   reserves for every sender",
  "reserve [<receiver>] ff <filter> <flowspec> ...   for each of these senders",
  "reserve [<receiver>] se <filter> ... <flowspec>   for these senders together",
  "reserve   gives the reservation up",
  "confirm   the next reserve asks for a confirmation",
  "ttl <n>, auth <name>   for the next sender, and auth for the next reserve",
  "close | release   tears down and ends the thread's session",
  "status   what the threads have",
  "sleep <seconds>",
  "waitevent path | nopath | resv | noresv | perr | rerr | confirm [<seconds>]   one not yet waited for; 10 s",
  "echo <text>, help | ?, quit",
  "<tspec> is [t r b p m M], p, m and M if wanted; rates in bytes per second, sizes in bytes",
  "<flowspec> is [cl r b m M] or [g R S r b p m M], with S in microseconds",
  "<filter> is <address>[:/]<port>, <address>/FL<label>, or with gpi <address>/<identifier>",
];

/** The program. */
export class CallProgram {
  #rapi: Rapi;
  #output: CallOutput;
  #threads = new Map<number, Thread>();
  #current = 1;
  #pumping = false;
  #ended: Promise<void>;

  /** `ended` is resolved when waiting is to end early. */
  constructor(rapi: Rapi, output: CallOutput, ended: Promise<void>) {
    this.#rapi = rapi;
    this.#output = output;
    this.#ended = ended;
  }

  /** Carries a line out; false if the program is to end. Rejects with what makes it impossible. */
  async execute({ thread, command }: ParsedLine): Promise<boolean> {
    if (thread !== undefined) this.#current = thread;
    if (!command) return true;
    if (command.verb === "quit") return false;
    await this.#carryOut(this.#thread(this.#current), command);
    return true;
  }

  /** Tears everything down. */
  close(): void {
    for (const thread of this.#threads.values()) if (thread.sid !== undefined) this.#closeSession(thread);
  }

  #thread(number: number): Thread {
    const known = this.#threads.get(number);
    if (known) return known;
    const texts = { name: "", dest: "", sender: "", reservation: "" };
    const made = { number, generalized: false, ttl: 0, confirm: false, unseen: [], ...texts };
    this.#threads.set(number, made);
    return made;
  }

  #carryOut(thread: Thread, command: Command): Promise<void> | void {
    switch (command.verb) {
      case "dest":
        return this.#dest(thread, command);
      case "sender":
        return this.#sender(thread, command.sender);
      case "reserve":
        return this.#reserve(thread, command);
      case "close":
        return this.#closeSession(thread);
      case "confirm":
        return void (thread.confirm = true);
      case "ttl":
        return void (thread.ttl = command.ttl);
      case "auth":
        return void (thread.name = command.text);
      case "status":
        return this.#status();
      case "help":
        return CALL_HELP.forEach((line) => this.#output.line(line));
      case "echo":
        return this.#output.line(command.text);
      case "sleep":
        return this.#sleep(command.seconds);
      case "waitevent":
        return this.#waitEvent(thread, command.event, command.seconds);
    }
  }

  #dest(thread: Thread, { generalized, intServ, protocol, place }: Extract<Command, { verb: "dest" }>): void {
    if (thread.sid !== undefined) throw new LanguageError(`T${thread.number} has a session: close it first`);
    thread.sid = this.#rapi.session(place, {
      protid: protocol,
      flags: (generalized ? RAPI_FLAG.GPI_SESSION : 0) | (intServ ? RAPI_FLAG.USE_INTSERV : 0),
      eventRoutine: (event) => this.#heard(thread, event),
    });
    thread.generalized = generalized;
    thread.dest = `${place.address}/${place.port} protocol ${protocol}`;
    if (!this.#pumping) this.#pump(thread.sid);
  }

  /** From the first session on, upcalls are made as they come. */
  async #pump(sid: number): Promise<void> {
    this.#pumping = true;
    const source = this.#rapi.getfd(sid)!;
    for (;;) {
      await source.readable();
      this.#rapi.dispatch();
    }
  }

  #heard(thread: Thread, event: RapiEvent): void {
    this.#output.event(thread.number, event);
    thread.unseen.push(event);
    if (thread.unseen.length > MAXIMUM_UNSEEN) thread.unseen.shift();
    thread.wake?.();
  }

  #sender(thread: Thread, sender: Extract<Command, { verb: "sender" }>["sender"]): void {
    const sid = sessionOf(thread);
    if (!sender) {
      thread.sender = "";
      return this.#rapi.sender(sid, { lhost: null });
    }
    const { address = anyOf(thread.dest), port, flowLabel, tspec } = sender;
    if (thread.generalized && sender.address === undefined) {
      throw new LanguageError("with gpi, a sender has an address: sender <address>/<identifier> <tspec>");
    }
    const isTemplate = thread.generalized || flowLabel !== undefined;
    const template = isTemplate
      ? { senderTemplate: filterIn(thread.generalized, { address, port, flowLabel }) }
      : { lhost: { address, port } };
    this.#rapi.sender(sid, { ...template, senderTspec: tspec, senderPolicy: policyOf(thread), ttl: thread.ttl });
    thread.sender = `${sender.address ?? "default"}/${port}`;
  }

  #reserve(thread: Thread, { receiver, reservation }: Extract<Command, { verb: "reserve" }>): void {
    const sid = sessionOf(thread);
    if (!reservation) {
      thread.reservation = "";
      return this.#rapi.reserve(sid, { flowspecs: [] });
    }
    const { styleId, flowspecs } = reservation;
    this.#rapi.reserve(sid, {
      flags: thread.confirm ? RAPI_FLAG.REQ_CONFIRM : 0,
      ...(receiver === undefined ? {} : { rhost: { address: receiver } }),
      styleId,
      filters: reservation.filters.map((filter) => filterIn(thread.generalized, filter)),
      flowspecs,
      receiverPolicy: policyOf(thread),
    });
    thread.confirm = false;
    thread.reservation = ["", "WF", "FF", "SE"][styleId];
  }

  #closeSession(thread: Thread): void {
    this.#rapi.release(sessionOf(thread));
    this.#threads.delete(thread.number);
  }

  #status(): void {
    const open = [...this.#threads.values()].filter(({ sid }) => sid !== undefined);
    if (open.length === 0) this.#output.line("no sessions");
    for (const { number, dest, sender, reservation } of open) {
      this.#output.line(`T${number} ${dest}, sender ${sender || "none"}, reservation ${reservation || "none"}`);
    }
  }

  async #sleep(seconds: number): Promise<void> {
    const timer = Promise.withResolvers<void>();
    const handle = setTimeout(timer.resolve, seconds * 1000);
    await Promise.race([timer.promise, this.#ended]);
    clearTimeout(handle);
  }

  async #waitEvent(thread: Thread, wanted: WaitedEvent, seconds: number): Promise<void> {
    sessionOf(thread);
    let over = false;
    const handle = setTimeout(() => {
      over = true;
      thread.wake?.();
    }, seconds * 1000);
    this.#ended.then(() => {
      over = true;
      thread.wake?.();
    });
    try {
      for (;;) {
        const index = thread.unseen.findIndex(IS_EVENT[wanted]);
        if (index >= 0) return void thread.unseen.splice(0, index + 1);
        if (over) throw new LanguageError(`no ${wanted} within ${seconds} s`);
        await new Promise<void>((resolve) => thread.wake = resolve);
      }
    } finally {
      clearTimeout(handle);
      thread.wake = undefined;
    }
  }
}

function sessionOf(thread: Thread): number {
  if (thread.sid === undefined) throw new LanguageError(`T${thread.number} has no session: dest opens one`);
  return thread.sid;
}

function policyOf({ name }: Thread) {
  return name === "" ? undefined : { form: RAPI_FORM.POLICY_NAME_STRING, name } as const;
}

function anyOf(dest: string): string {
  return dest.includes(":") ? "::" : "0.0.0.0";
}
