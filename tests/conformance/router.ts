/** A node under test that is spoken to in messages: its neighbours' Paths, Resvs, tears, errors; its applications' calls. */
import { CALL_KIND, ENCAPSULATION } from "../../host/boundary.gen.ts";
import { parseAddress } from "../../host/address.ts";
import type { MessageInput } from "../../host/codec.ts";
import { encode } from "../../host/default_codec.ts";
import { encodeObjects, type ObjectInput } from "../../host/object_list.ts";
import { type NodeOptions, NodeUnderTest } from "./node.ts";
import { type Amount, parseDescriptors, senderTspec, STYLE, type StyleName } from "./notation.ts";
import type { Neighbour } from "./world.ts";

export interface Session {
  destination: string;
  protocol: number;
  port: number;
  /** E_Police. */
  flags?: number;
}
export interface RouterOptions extends NodeOptions {
  session?: Session;
}
/** What may differ from the usual message; `edit` has the last word on its objects. */
export interface Differences {
  session?: Session;
  /** R of TIME_VALUES, milliseconds. */
  refreshPeriodMs?: number;
  /** LIH in RSVP_HOP. */
  handle?: number;
  /** Address in RSVP_HOP. */
  hopAddress?: string;
  edit?: (objects: ObjectInput[]) => ObjectInput[];
  message?: Partial<MessageInput>;
  arrival?: Arrival;
}
/** A message whose objects are written as they are given; the codec says what it cannot write. */
type LooseMessage = Omit<MessageInput, "objects"> & { objects: readonly ObjectInput[] };

/** How a datagram arrives, where it is not as usual. */
export interface Arrival {
  source?: string;
  destination?: string;
  ttl?: number;
  encapsulation?: number;
  /** Letter of the interface, if not that of the neighbour. */
  on?: string;
}
export interface PathDifferences extends Differences {
  tspec?: Amount;
  adspec?: ObjectInput;
}
export interface ResvDifferences extends Differences {
  /** Names of senders. */
  scope?: readonly string[];
  /** Name of the neighbour that wants a confirmation. */
  confirm?: string;
}
export interface ErrorDifferences extends ResvDifferences {
  /** InPlace 1, NotGuilty 2. */
  flags?: number;
  /** Name of the node that found the error. */
  node?: string;
}

const timeValues = (refreshPeriodMs: number): ObjectInput => ({ name: "TIME_VALUES", refreshPeriodMs });

export class Router extends NodeUnderTest {
  session: Session;

  constructor(options: RouterOptions = {}) {
    super(options);
    const group = this.family === 4 ? "224.1.1.1" : "ff0e::1";
    this.session = options.session ?? { destination: group, protocol: 17, port: 5000 };
  }

  sessionObject(session: Session = this.session): ObjectInput {
    const { destination, protocol, port, flags = 0 } = session;
    const ctype = (this.family === 4 ? 1 : 2) + (this.generalizedPorts ? 2 : 0);
    const [address, protocolId] = [destination, protocol];
    const name = this.generalizedPorts ? "virtualDestinationPort" : "destinationPort";
    return { name: "SESSION", ctype, destinationAddress: address, protocolId, flags, [name]: port };
  }
  hopObject(hop: Neighbour, handle: number, address = hop.address): ObjectInput {
    const ctype = this.family === 4 ? 1 : 2;
    return { name: "RSVP_HOP", ctype, hopAddress: address, logicalInterfaceHandle: handle };
  }
  errorObject(node: string, code: number, value: number, flags = 0): ObjectInput {
    const ctype = this.family === 4 ? 1 : 2;
    const errorNodeAddress = this.hop(node).address;
    return { name: "ERROR_SPEC", ctype, errorNodeAddress, flags, errorCode: code, errorValue: value };
  }
  scopeObject(senders: readonly string[]): ObjectInput {
    const sourceAddresses = senders.map((name) => this.known(name).address);
    return { name: "SCOPE", ctype: this.family === 4 ? 1 : 2, sourceAddresses };
  }
  confirmObject(receiver: string): ObjectInput {
    return { name: "RESV_CONFIRM", ctype: this.family === 4 ? 1 : 2, receiverAddress: this.hop(receiver).address };
  }

  /** Delivers a message of a neighbour; `to` is where it is addressed. */
  deliver(hop: Neighbour, to: string, message: LooseMessage, differences: Differences, source = hop.address): void {
    const { arrival = {}, edit } = differences;
    const objects = edit ? edit([...message.objects]) : message.objects;
    this.deliverBytes(hop, encode({ ...message, ...differences.message, objects } as MessageInput), {
      source,
      destination: to,
      ttl: (differences.message?.sendTtl ?? message.sendTtl) ?? 255,
      ...arrival,
    });
  }
  deliverBytes(hop: Neighbour, payload: Uint8Array, arrival: Arrival): void {
    this.datagram({
      interface: this.handle(arrival.on ?? hop.interface),
      source: parseAddress(arrival.source ?? hop.address).bytes,
      destination: parseAddress(arrival.destination ?? this.ownAddress(hop.interface)).bytes,
      family: this.family,
      ttl: arrival.ttl ?? 255,
      encapsulation: arrival.encapsulation ?? ENCAPSULATION.RAW,
      routerAlert: 0,
      payload,
    });
  }

  /** A Path of a sender (its name) through a previous hop (its name). One unit of Tspec unless told. */
  path(sender: string, from: string, differences: PathDifferences = {}): void {
    const hop = this.hop(from);
    const session = differences.session ?? this.session;
    const objects: ObjectInput[] = [
      this.sessionObject(session),
      this.hopObject(hop, differences.handle ?? hop.handle, differences.hopAddress),
      timeValues(differences.refreshPeriodMs ?? 30_000),
      this.template(sender),
      senderTspec(differences.tspec ?? 1),
      ...(differences.adspec ? [differences.adspec] : []),
    ];
    const source = this.known(sender).address;
    this.deliver(hop, session.destination, { message: "Path", sendTtl: 64, objects }, differences, source);
  }
  pathTear(sender: string, from: string, differences: PathDifferences = {}): void {
    const hop = this.hop(from);
    const session = differences.session ?? this.session;
    const objects: ObjectInput[] = [
      this.sessionObject(session),
      this.hopObject(hop, differences.handle ?? hop.handle, differences.hopAddress),
      this.template(sender),
      ...(differences.tspec ? [senderTspec(differences.tspec)] : []),
    ];
    const source = this.known(sender).address;
    this.deliver(hop, session.destination, { message: "PathTear", sendTtl: 64, objects }, differences, source);
  }
  pathError(sender: string, from: string, code: number, value: number, differences: ErrorDifferences = {}): void {
    const hop = this.hop(from);
    const objects: ObjectInput[] = [
      this.sessionObject(differences.session),
      this.errorObject(differences.node ?? from, code, value, differences.flags),
      this.template(sender),
      senderTspec(1),
    ];
    this.deliver(hop, this.ownAddress(hop.interface), { message: "PathErr", objects }, differences);
  }

  #resvObjects(from: string, descriptors: string, differences: ResvDifferences, time: boolean): ObjectInput[] {
    const hop = this.hop(from);
    const handle = differences.handle ?? this.handle(hop.interface);
    const refreshPeriodMs = differences.refreshPeriodMs ?? 30_000;
    return [
      this.sessionObject(differences.session),
      this.hopObject(hop, handle, differences.hopAddress),
      ...(time ? [timeValues(refreshPeriodMs)] : []),
      ...(differences.confirm ? [this.confirmObject(differences.confirm)] : []),
      ...(differences.scope ? [this.scopeObject(differences.scope)] : []),
      ...parseDescriptors(descriptors, this),
    ];
  }
  /** A Resv of a next hop (its name), like `WF(*{4B})`. */
  resv(from: string, descriptors: string, differences: ResvDifferences = {}): void {
    const objects = this.#resvObjects(from, descriptors, differences, true);
    const hop = this.hop(from);
    this.deliver(hop, this.ownAddress(hop.interface), { message: "Resv", objects }, differences);
  }
  resvTear(from: string, descriptors: string, differences: ResvDifferences = {}): void {
    const objects = this.#resvObjects(from, descriptors, differences, false);
    const hop = this.hop(from);
    this.deliver(hop, this.ownAddress(hop.interface), { message: "ResvTear", objects }, differences);
  }
  /** A ResvErr of a previous hop. */
  resvError(from: string, code: number, value: number, descriptors: string, differences: ErrorDifferences = {}): void {
    const hop = this.hop(from);
    const objects: ObjectInput[] = [
      this.sessionObject(differences.session),
      this.hopObject(hop, differences.handle ?? hop.handle, differences.hopAddress),
      this.errorObject(differences.node ?? from, code, value, differences.flags),
      ...(differences.scope ? [this.scopeObject(differences.scope)] : []),
      ...parseDescriptors(descriptors, this),
    ];
    this.deliver(hop, this.ownAddress(hop.interface), { message: "ResvErr", objects }, differences);
  }
  /** A ResvConf on its way to a receiver (its name, or an address). */
  resvConfirm(from: string, receiver: string, descriptors: string, differences: ErrorDifferences = {}): void {
    const hop = this.hop(from);
    const receiverAddress = /[.:]/.test(receiver) ? receiver : this.hop(receiver).address;
    const ctype = this.family === 4 ? 1 : 2;
    const objects: ObjectInput[] = [
      this.sessionObject(differences.session),
      this.errorObject(differences.node ?? from, 0, 0, differences.flags),
      { name: "RESV_CONFIRM", ctype, receiverAddress },
      ...parseDescriptors(descriptors, this),
    ];
    this.deliver(hop, receiverAddress, { message: "ResvConf", objects }, differences);
  }

  /** An application's call (RFC 2205 3.11.1). */
  call(
    application: number,
    call: keyof typeof CALL_KIND,
    objects: readonly ObjectInput[] = [],
    more: { style?: StyleName; options?: number; ttl?: number; interface?: string } = {},
  ): void {
    this.engine.submit("CALL", {
      application,
      call: CALL_KIND[call],
      objects: encodeObjects(objects),
      style: more.style ? STYLE[more.style] : 0,
      options: more.options ?? 0,
      ttl: more.ttl ?? 0,
      interface: more.interface ? this.handle(more.interface) : 0,
    }, this.nowMs);
    this.drain();
  }
  callSession(application: number, session?: Session): void {
    this.call(application, "SESSION", [this.sessionObject(session)]);
  }
  callSender(application: number, sender: string, tspec: Amount = 1, more: { ttl?: number; interface?: string } = {}) {
    this.call(application, "SENDER", [this.template(sender), senderTspec(tspec)], more);
  }
  /** RESERVE, like `FF(S1{4B})`; an empty text takes the reservation away. */
  callReserve(application: number, descriptors: string, options = 0): void {
    if (descriptors === "") return this.call(application, "RESERVE");
    const [, ...objects] = parseDescriptors(descriptors, this);
    this.call(application, "RESERVE", objects, { style: descriptors.slice(0, 2) as StyleName, options });
  }
}
