/**
 * RAPI, the application interface that The Open Group standardised as C809 and ISI's rsvpd brought into the world: the
 * generic interface of RFC 2205 3.11.1 as a handful of calls. docs/rapi.md maps each C name to its name here.
 */
import type { SessionAddress } from "../application.ts";
import { parseAddress } from "../address.ts";
import { defaultModule } from "../default_module.ts";
import { QosArithmetic } from "../qos/arithmetic.ts";
import { adspecObject } from "./adspec.ts";
import { RAPI_ERR, RAPI_FLAG, RAPI_RSTYLE, RapiError } from "./codes.ts";
import { checkWord, familyOf, filterObject, flowspecObjectOf, policyObjects, tspecObject } from "./convert.ts";
import { RapiEventSource } from "./event_source.ts";
import { type RapiFilter, rapiFilter } from "./objects.ts";
import type {
  RapiAddress,
  RapiNode,
  RapiOptions,
  RapiReserveOptions,
  RapiSenderOptions,
  RapiSessionOptions,
} from "./calls.ts";
import { type RapiNodeSession, Registration, statusOf } from "./registration.ts";

const UDP = 17, ESP = 50, AH = 51;
const VERSION = 502;
const DEFAULT_MAXIMUM_SESSIONS = 10_000;
const STYLE_NAMES: Readonly<Record<number, "WF" | "FF" | "SE">> = {
  [RAPI_RSTYLE.WILDCARD]: "WF",
  [RAPI_RSTYLE.FIXED]: "FF",
  [RAPI_RSTYLE.SE]: "SE",
};

/**
 * RAPI on a node. Calls return at once; what comes of them is told by upcalls, which happen only inside `dispatch`. A
 * call that cannot be throws a {@linkcode RapiError} that names the member, and nothing has changed then.
 *
 * @example
 * ```ts
 * import { Network, Rapi, RAPI_EVENT, RAPI_FLAG, RAPI_RSTYLE, rapiFlowspec, rapiTspec } from "@resv/resv";
 *
 * const network = new Network();
 * const alice = network.host("alice"), bob = network.host("bob");
 * network.link(alice, bob);
 * const dest = { address: bob.address, port: 5004 }, bucket = { tokenBucketRateBytesPerSecond: 8_500 };
 *
 * const receiving = new Rapi(bob.rsvp);
 * const receiver = receiving.session(dest, {
 *   eventRoutine({ eventType, filters }) {
 *     if (eventType === RAPI_EVENT.RESV_CONFIRM) console.log("confirmed");
 *     if (eventType !== RAPI_EVENT.PATH_EVENT || filters.length === 0) return;
 *     receiving.reserve(receiver, {
 *       flags: RAPI_FLAG.REQ_CONFIRM,
 *       styleId: RAPI_RSTYLE.FIXED,
 *       filters,
 *       flowspecs: filters.map(() => rapiFlowspec(bucket)),
 *     });
 *   },
 * });
 *
 * const sending = new Rapi(alice.rsvp);
 * const sender = sending.session(dest, {
 *   eventRoutine: ({ eventType, flows }) => console.log("event", eventType, "flowspecs", flows.length), // event 2 flowspecs 1
 * });
 * sending.sender(sender, { lhost: { address: "0.0.0.0", port: 6000 }, senderTspec: rapiTspec(bucket) });
 *
 * for (let turn = 0; turn < 2; turn++) {
 *   network.settle();
 *   receiving.dispatch(); // "confirmed" in the second turn
 * }
 * sending.dispatch();
 * ```
 */
export class Rapi {
  #node: RapiNode;
  #maximumSessions: number;
  #calculator: QosArithmetic | undefined;
  #registrations = new Map<number, Registration>();
  #nextSid = 1;
  #source = new RapiEventSource(() => this.#pending());

  /** Several on one node do not disturb each other. */
  constructor(node: RapiNode, options: RapiOptions = {}) {
    this.#node = node;
    this.#maximumSessions = options.maximumSessions ?? DEFAULT_MAXIMUM_SESSIONS;
  }

  /**
   * Opens a session (`rapi_session`) and returns its handle, which is never 0. One handle has at the most one sender:
   * several senders are several handles. Senders that are known already are told by the first `dispatch`.
   */
  session(dest: RapiAddress, options: RapiSessionOptions = {}): number {
    const { flags = 0, protid = 0, eventRoutine, eventArgument } = options;
    const family = familyOf(dest?.address);
    const protocol = protid === 0 ? UDP : protid, port = dest?.port ?? 0;
    if (family === 0) throw new RapiError("INVAL", "dest.address", `"${dest?.address}" is no address`);
    if (isAny(dest.address)) throw new RapiError("INVAL", "dest.address", `"${dest.address}" is no destination`);
    checkWord(port, "dest.port", 0, 0xffff);
    checkWord(protocol, "protid", 0, 0xff);
    checkFlags(flags, RAPI_FLAG.USE_INTSERV | RAPI_FLAG.GPI_SESSION);
    const generalized = (flags & RAPI_FLAG.GPI_SESSION) !== 0;
    if (generalized && protocol !== ESP && protocol !== AH) {
      throw new RapiError("BADPROTO", "protid", `${protocol} is neither ESP (${ESP}) nor AH (${AH})`);
    }
    if (generalized && port === 0) throw new RapiError("BADVDPORT", "dest.port", "a virtual destination port is not 0");
    const address: SessionAddress = {
      destination: dest.address,
      protocol,
      port,
      ...(generalized ? { generalized } : {}),
    };
    this.#checkConflict(address);
    if (this.#registrations.size >= this.#maximumSessions) {
      throw new RapiError("MAXSESS", "session", `${this.#maximumSessions} are open already`);
    }
    const intServ = (flags & RAPI_FLAG.USE_INTSERV) !== 0;
    const sid = this.#freeSid();
    const onPending = () => this.#source.notify();
    const parts = { sid, address, family, generalized, intServ, eventRoutine, argument: eventArgument, onPending };
    this.#registrations.set(sid, new Registration(this.#open(address), parts));
    return sid;
  }

  /**
   * Announces the handle's sender, changes it, or withdraws it (`rapi_sender`). A sender whose address is not this host's
   * comes back as the upcall PATH_ERROR, code 20, value RAPI_ERR.BADSEND.
   */
  sender(sid: number, options: RapiSenderOptions): void {
    const registration = this.#registration(sid);
    if (options.lhost === null) {
      registration.hasSender = false;
      return registration.call("sender", (session) => session.withdraw());
    }
    const { senderTspec, senderAdspec, ttl = 0 } = options;
    if (!senderTspec) throw new RapiError("NOTSPEC", "senderTspec", "a sender has to say what it sends");
    const template = this.#template(registration, options);
    checkWord(ttl, "ttl", 0, 0xff);
    const objects = [
      template,
      tspecObject(senderTspec, this.#arithmetic, "senderTspec"),
      ...(senderAdspec ? [adspecObject(senderAdspec, this.#arithmetic, "senderAdspec")] : []),
      ...policyObjects(options.senderPolicy, "senderPolicy"),
    ];
    registration.hasSender = true;
    registration.call("sender", (session) => session.announce(objects, { ttl: ttl || undefined }));
  }

  /**
   * Reserves, changes the reservation, or gives it up (`rapi_reserve`). It may be asked for before a sender is known, and
   * waits for one then. With another style, the old reservation is torn down first; with the same, only what is not
   * listed any more.
   */
  reserve(sid: number, options: RapiReserveOptions): void {
    const registration = this.#registration(sid);
    const { flags = 0, flowspecs, styleExtension } = options;
    if (!Array.isArray(flowspecs)) throw new RapiError("INVAL", "flowspecs", "is missing: none of them is []");
    if (flowspecs.length === 0) {
      registration.style = 0;
      return registration.call("reserve", (session) => session.unreserve());
    }
    const style = STYLE_NAMES[options.styleId ?? 0];
    if (!style) throw new RapiError("BADSTYLE", "styleId", `${options.styleId} is none of RAPI_RSTYLE`);
    if (styleExtension !== undefined && styleExtension !== null) {
      throw new RapiError("UNSUPPORTED", "styleExtension", "RAPI does not define any");
    }
    checkFlags(flags, RAPI_FLAG.REQ_CONFIRM);
    const filters = style === "WF" ? this.#wildFilters(options.filters ?? []) : this.#filters(options.filters);
    checkCounts(style, filters.length, flowspecs.length);
    const { family, generalized, address } = registration.options;
    const kind = { family, generalized };
    const filterObjects = filters.map((filter, index) =>
      filterObject("FILTER_SPEC", filter, kind, `filters[${index}]`)
    );
    const flowObjects = flowspecs.map((one, index) => flowspecObjectOf(one, this.#arithmetic, `flowspecs[${index}]`));
    const policy = policyObjects(options.receiverPolicy, "receiverPolicy");
    const iface = this.#receivingInterface(options.rhost, family);
    if (iface === "elsewhere") return registration.apiError("reserve", RAPI_ERR.BADRECV, filters);
    const hasPort = (filter: RapiFilter) => "port" in filter && filter.port !== 0;
    if (!address.port && filters.some(hasPort)) return registration.apiError("reserve", RAPI_ERR.BADSPORT, filters);
    const descriptors = style === "FF"
      ? flowObjects.flatMap((flowspec, index) => [flowspec, filterObjects[index]])
      : [flowObjects[0], ...filterObjects];
    registration.style = options.styleId!;
    const confirm = (flags & RAPI_FLAG.REQ_CONFIRM) !== 0;
    registration.call(
      "reserve",
      (session) => session.request(style, [...policy, ...descriptors], { confirm, interface: iface }),
    );
  }

  /** Tears sender and reservation down and ends the handle (`rapi_release`); upcalls that wait for it are dropped. */
  release(sid: number): void {
    const registration = this.#registration(sid);
    this.#registrations.delete(sid);
    registration.release();
  }

  /** What to wait for before `dispatch` (`rapi_getfd`), the same for every handle; undefined for a bad handle. */
  getfd(sid: number): RapiEventSource | undefined {
    return this.#registrations.has(sid) ? this.#source : undefined;
  }

  /**
   * Makes the upcalls that wait, of every handle (`rapi_dispatch`). Calls that an upcall makes are carried out at once;
   * what comes of them waits for the next `dispatch`.
   */
  dispatch(): void {
    for (const registration of [...this.#registrations.values()]) {
      if (this.#registrations.get(registration.options.sid) === registration) registration.dispatch();
    }
  }

  /** 100 times the major version of RAPI, and the minor one (`rapi_version`). */
  version(): number {
    return VERSION;
  }

  /** Handles that are open. */
  get sessions(): readonly number[] {
    return [...this.#registrations.keys()];
  }

  /** Upcalls that were not dispatched in time: of 10,000 that wait for a handle, the oldest goes. */
  get dropped(): number {
    return [...this.#registrations.values()].reduce((sum, { dropped }) => sum + dropped, 0);
  }

  /** Releases every handle, as the end of a process does. */
  close(): void {
    for (const sid of this.sessions) this.release(sid);
  }

  get #arithmetic(): QosArithmetic {
    return this.#calculator ??= new QosArithmetic(this.#node.module ?? defaultModule());
  }

  #pending(): number {
    let count = 0;
    for (const { pending } of this.#registrations.values()) count += pending;
    return count;
  }

  #registration(sid: number): Registration {
    const registration = this.#registrations.get(sid);
    if (!registration) throw new RapiError("BADSID", "sid", `${sid} is no handle`);
    return registration;
  }

  #freeSid(): number {
    while (this.#registrations.has(this.#nextSid)) this.#nextSid = this.#nextSid % 0x7fffffff + 1;
    const sid = this.#nextSid;
    this.#nextSid = sid % 0x7fffffff + 1;
    return sid;
  }

  #open(address: SessionAddress): RapiNodeSession {
    if (this.#node.running === false) throw new RapiError("NORSVP", "session", "the node has ended");
    try {
      return this.#node.session(address);
    } catch (error) {
      if (statusOf(error) === undefined) throw error;
      throw new RapiError("INVAL", "dest", (error as Error).message);
    }
  }

  #checkConflict(address: SessionAddress): void {
    for (const { options: { address: other } } of this.#registrations.values()) {
      const same = other.destination === address.destination && other.protocol === address.protocol;
      if (!same || other.generalized === address.generalized) continue;
      const what = `${address.destination} is open ${other.generalized ? "with" : "without"} a generalized port`;
      throw new RapiError("GPI_CONFLICT", "flags", what);
    }
  }

  /** SENDER_TEMPLATE, of the template if there is one, else of the local address. */
  #template(registration: Registration, { lhost, senderTemplate }: RapiSenderOptions) {
    const { family, generalized } = registration.options;
    const kind = { family, generalized };
    if (senderTemplate) return filterObject("SENDER_TEMPLATE", senderTemplate, kind, "senderTemplate");
    if (generalized) throw new RapiError("GPISESS", "senderTemplate", "a GPI session needs one, with an identifier");
    if (!lhost) throw new RapiError("INVAL", "lhost", "is missing: null withdraws the sender");
    if (familyOf(lhost.address) !== family) {
      throw new RapiError("INVAL", "lhost.address", `"${lhost.address}" is no IPv${family} address`);
    }
    const address = isAny(lhost.address) ? this.#localAddress(family) : lhost.address;
    return filterObject("SENDER_TEMPLATE", rapiFilter({ address, port: lhost.port ?? 0 }), kind, "lhost");
  }

  /** The default interface's address of a family, link-local ones left out: no session can be told by them. */
  #localAddress(family: number): string {
    const addresses = this.#node.interfaces.flatMap(({ addresses }) => addresses.map((text) => text.split("/")[0]));
    const found = addresses.find((text) => familyOf(text) === family && !text.toLowerCase().startsWith("fe80"));
    if (found === undefined) throw new RapiError("INVAL", "lhost.address", `no interface has an IPv${family} address`);
    return found;
  }

  #receivingInterface(rhost: RapiAddress | undefined, family: number): number | undefined | "elsewhere" {
    if (!rhost || isAny(rhost.address)) return undefined;
    if (familyOf(rhost.address) !== family) {
      throw new RapiError("INVAL", "rhost.address", `"${rhost.address}" is no IPv${family} address`);
    }
    const wanted = parseAddress(rhost.address).bytes.join();
    const found = this.#node.interfaces.find(({ addresses }) =>
      addresses.some((text) => parseAddress(text.split("/")[0]).bytes.join() === wanted)
    );
    return found ? found.interface : "elsewhere";
  }

  #filters(filters: readonly RapiFilter[] | undefined): readonly RapiFilter[] {
    if (!filters) throw new RapiError("INVAL", "filters", "is missing, and the style needs its senders");
    return filters;
  }

  /** WF may name the wild filter, which is none on the wire. */
  #wildFilters(filters: readonly RapiFilter[]): readonly RapiFilter[] {
    if (filters.length > 1) throw new RapiError("N_FFS", "filters", `${filters.length}: WF has none, or a wild one`);
    for (const filter of filters) {
      const wild = "address" in filter && isAny(filter.address) && !("port" in filter && filter.port !== 0);
      if (!wild) throw new RapiError("INVAL", "filters[0]", "WF has no sender of its own: address any, port 0");
    }
    return [];
  }
}

function checkCounts(style: "WF" | "FF" | "SE", filters: number, flowspecs: number): void {
  const bad = (member: string, what: string) => new RapiError("N_FFS", member, what);
  if (style !== "WF" && filters === 0) throw bad("filters", `${style} needs its senders`);
  if (style === "FF" && flowspecs !== filters) throw bad("flowspecs", `${flowspecs} for ${filters} filters`);
  if (style !== "FF" && flowspecs !== 1) throw bad("flowspecs", `${flowspecs}: ${style} has one`);
}

function checkFlags(flags: number, known: number): void {
  if (Number.isInteger(flags) && (flags & ~known) === 0) return;
  throw new RapiError("INVAL", "flags", `0x${(flags >>> 0).toString(16)} has bits that mean nothing here`);
}

function isAny(address: string): boolean {
  return familyOf(address) !== 0 && parseAddress(address).bytes.every((byte) => byte === 0);
}
