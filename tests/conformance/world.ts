/** Names of what stands around the node under test: its interfaces, its neighbours, the senders. */
import type { ObjectInput } from "../../host/object_list.ts";
import type { RsvpObject } from "../../host/objects.gen.ts";
import type { Names } from "./notation.ts";

export interface Neighbour {
  name: string;
  /** Letter of the node's interface that it is on. */
  interface: string;
  address: string;
  /** LIH that its Path messages carry; a Resv carries the node's own. */
  handle: number;
}
export interface Sender {
  address: string;
  /** Source port, or for C-Types of RFC 2207 the SPI. */
  port: number;
}
/** What routing says of one sender's data. */
export interface RouteAnswer {
  /** False: there is no route. */
  found?: boolean;
  /** The destination is this node (unicast). */
  local?: boolean;
  /** The interface that multicast routing expects the data on. */
  in?: string;
  out?: readonly (string | { interface: string; gateway: string })[];
}

export class World implements Names {
  readonly letters: string;
  readonly family: 4 | 6;
  /** Senders and filters of RFC 2207, with an SPI in place of a port. */
  readonly generalizedPorts: boolean;
  readonly #neighbours = new Map<string, Neighbour>();
  readonly #senders = new Map<string, Sender>();
  readonly #routes = new Map<string, RouteAnswer>();

  constructor(letters: string, family: 4 | 6, generalizedPorts: boolean) {
    this.letters = letters;
    this.family = family;
    this.generalizedPorts = generalizedPorts;
  }

  /** Handle of an interface, 1 for the first letter. */
  handle(letter: string): number {
    const index = this.letters.indexOf(letter);
    if (index < 0) throw new Error(`no interface ${letter}`);
    return index + 1;
  }
  letter(handle: number): string {
    return handle === 0 ? "route" : this.letters[handle - 1];
  }
  /** The node's own address on an interface. */
  ownAddress(letter: string): string {
    return this.address(this.handle(letter), 1);
  }
  address(network: number, host: number): string {
    return this.family === 4 ? `10.0.${network}.${host}` : `2001:db8:0:${network}::${host}`;
  }

  /** Makes a neighbour on an interface; afterwards it is known by its name. */
  neighbour(name: string, letter: string): Neighbour {
    const number = this.#neighbours.size + 10;
    const address = this.address(this.handle(letter), number);
    const made = { name, interface: letter, address, handle: 0x100 + number };
    this.#neighbours.set(name, made);
    return made;
  }
  hop(name: string): Neighbour {
    const hop = this.#neighbours.get(name);
    if (!hop) throw new Error(`no neighbour ${name}`);
    return hop;
  }

  /** Names a sender and says where its data are routed. S1 has 10.9.0.1 and port 4001 unless told otherwise. */
  sender(name: string, route?: RouteAnswer, sender: Partial<Sender> = {}): void {
    const number = Number(name.replaceAll(/\D/g, "")) || 99;
    const usual = this.family === 4 ? `10.9.0.${number}` : `2001:db8:9::${number}`;
    this.#senders.set(name, { address: usual, port: 4000 + number, ...sender });
    if (route) this.route(name, route);
  }
  /** What routing says of this sender's data from now on; `*` for whoever has none of its own. */
  route(name: string, answer: RouteAnswer): void {
    this.#routes.set(name, answer);
  }
  routeOf(source: string, port: number): RouteAnswer {
    for (const [name, sender] of this.#senders) {
      if (sender.address !== source || (!this.generalizedPorts && sender.port !== port)) continue;
      const route = this.#routes.get(name);
      if (route) return route;
    }
    return this.#routes.get("*") ?? { found: false };
  }
  known(name: string): Sender {
    const sender = this.#senders.get(name);
    if (!sender) throw new Error(`no sender ${name}`);
    return sender;
  }

  #named(objectName: "FILTER_SPEC" | "SENDER_TEMPLATE", name: string): ObjectInput {
    const { address, port } = this.known(name);
    if (this.generalizedPorts) {
      const ctype = this.family === 4 ? 4 : 5;
      return { name: objectName, ctype, sourceAddress: address, generalizedPortIdentifier: port };
    }
    return {
      name: objectName,
      ctype: this.family === 4 ? 1 : 2,
      sourceAddress: address,
      sourcePort: port,
    };
  }
  filter(name: string): ObjectInput {
    return this.#named("FILTER_SPEC", name);
  }
  template(name: string): ObjectInput {
    return this.#named("SENDER_TEMPLATE", name);
  }

  /** The sender that an object names. */
  senderOf(object: RsvpObject): string {
    const { sourceAddress, sourcePort, generalizedPortIdentifier } = object as unknown as Record<string, unknown>;
    const port = sourcePort ?? generalizedPortIdentifier;
    for (const [name, sender] of this.#senders) {
      if (sender.address === sourceAddress && sender.port === port) return name;
    }
    return `${sourceAddress}/${port}`;
  }
  /** Whoever has this address: a neighbour, a sender, or an interface of the node (as `(a)`). */
  node(address: string): string {
    for (const hop of this.#neighbours.values()) if (hop.address === address) return hop.name;
    for (const [name, sender] of this.#senders) if (sender.address === address) return name;
    for (const letter of this.letters) if (this.ownAddress(letter) === address) return `(${letter})`;
    return address;
  }
}
