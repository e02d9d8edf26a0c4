/**
 * What applications ask of the service: sessions, the calls in them (RFC 2205 3.11.1), the address of a route, groups. A
 * call's objects go into the engine as they came: it is the engine that judges them.
 */
import { styleName, STYLES } from "../application.ts";
import { CALL_KIND, type CallInput, type EventAction, STATUS } from "../boundary.gen.ts";
import { ResvError } from "../engine_errors.ts";
import type { ApplicationPort } from "../node.ts";
import type { RequestFields } from "./fields.ts";
import { MAXIMUM_GROUPS_PER_CLIENT, MAXIMUM_SESSIONS_PER_CLIENT } from "./limits.ts";
import type { Operations, ServiceClient } from "./operations.ts";
import { ServiceError, upcallLine } from "./protocol.ts";

/** Handles of the client's own choice. */
const MAXIMUM_SESSION = 0xffffffff;
/** Calls in a session that is registered. */
const CALLS = ["SENDER", "RESERVE", "DIAGNOSE"] as const;
/** Style by name; empty takes a reservation away. */
const STYLE_NAMES = ["", ...Object.keys(STYLES)] as ("" | keyof typeof STYLES)[];

/** The registrations and groups of one client. They end with its connection: an application that dies leaves nothing. */
class ClientState {
  readonly #client: ServiceClient;
  readonly #sessions = new Map<number, ApplicationPort>();
  readonly #groups = new Set<string>();
  /** The first refusal of the call that is on the stack. */
  #refusal: EventAction | undefined;
  #calling = false;

  constructor(client: ServiceClient) {
    this.#client = client;
    client.onClose(() => this.#end());
  }

  register(session: number, objects: Uint8Array): void {
    if (this.#sessions.has(session)) {
      throw new ServiceError("BAD_REQUEST", `"session" is ${session}, which is registered already`);
    }
    if (this.#sessions.size >= MAXIMUM_SESSIONS_PER_CLIENT) {
      throw new ServiceError(
        "LIMIT",
        `a client has at the most ${MAXIMUM_SESSIONS_PER_CLIENT} sessions`,
        STATUS.OUT_OF_MEMORY,
      );
    }
    const port = this.#client.node.application((event) => this.#deliver(session, event));
    this.#sessions.set(session, port);
    try {
      this.#call(port, { call: CALL_KIND.SESSION, objects });
    } catch (error) {
      this.#sessions.delete(session);
      port.released();
      throw error;
    }
  }

  call(session: number, record: CallInput): void {
    this.#call(this.#port(session), record);
  }

  release(session: number): void {
    const port = this.#port(session);
    this.#sessions.delete(session);
    try {
      port.call({ call: CALL_KIND.RELEASE });
    } finally {
      port.released();
    }
  }

  join(group: string): void {
    if (this.#groups.has(group)) return;
    if (this.#groups.size >= MAXIMUM_GROUPS_PER_CLIENT) {
      throw new ServiceError("LIMIT", `a client listens to at the most ${MAXIMUM_GROUPS_PER_CLIENT} groups`);
    }
    this.#groups.add(group);
    this.#client.membership?.join(group);
  }

  leave(group: string): void {
    if (this.#groups.delete(group)) this.#client.membership?.leave(group);
  }

  #port(session: number): ApplicationPort {
    const port = this.#sessions.get(session);
    if (!port) throw new ServiceError("NOT_FOUND", `"session" is ${session}, which is not registered`);
    return port;
  }

  /** What the engine refuses while the call is on the stack is the answer; what comes later is an upcall. */
  #call(port: ApplicationPort, record: CallInput): void {
    this.#refusal = undefined;
    this.#calling = true;
    try {
      port.call(record);
    } finally {
      this.#calling = false;
    }
    if (!this.#refusal) return;
    const { errorCode, errorValue } = this.#refusal;
    // Code 0 is no error of the protocol: the value is the STATUS with which the engine refused the call.
    const refused = new ResvError(errorCode || errorValue, "the call");
    throw new ServiceError("REFUSED", refused.message, refused.code);
  }

  #deliver(session: number, event: EventAction): void {
    const line = upcallLine(session, event);
    if (line.kind === "CALL_ERROR" && this.#calling) this.#refusal ??= event;
    else this.#client.push("upcall", line);
  }

  #end(): void {
    for (const session of [...this.#sessions.keys()]) {
      try {
        if (this.#client.node.running) this.release(session);
      } catch (error) {
        // Releasing cannot be refused for what a client did; a node that has failed releases nothing.
        if (!(error instanceof ResvError)) throw error;
      }
    }
    for (const group of [...this.#groups]) this.leave(group);
  }
}

const KEY = {};
const stateOf = (client: ServiceClient) => client.keep(KEY, () => new ClientState(client));
const sessionOf = (fields: RequestFields) => fields.integer("session", 1, MAXIMUM_SESSION);

/** The operations of applications. */
export const APPLICATION_OPERATIONS: Operations = {
  session(fields, client) {
    stateOf(client).register(sessionOf(fields), fields.bytes("objects"));
    return {};
  },

  call(fields, client) {
    const call = fields.choice("call", CALLS);
    const style = fields.choice("style", STYLE_NAMES, "");
    stateOf(client).call(sessionOf(fields), {
      call: CALL_KIND[call],
      style: style === "" ? 0 : STYLES[style],
      options: fields.integer("options", 0, 255, 0),
      ttl: fields.integer("ttl", 0, 255, 0),
      interface: fields.integer("interface", 0, 0xffff, 0),
      objects: fields.bytes("objects"),
    });
    return {};
  },

  release(fields, client) {
    stateOf(client).release(sessionOf(fields));
    return {};
  },

  source(fields, client) {
    return new Promise((resolve) =>
      client.node.sourceAddress(
        fields.address("destination"),
        (address) => resolve(address === undefined ? {} : { address }),
      )
    );
  },

  interfaces: (_fields, client) => ({ interfaces: client.node.interfaces }),

  join(fields, client) {
    stateOf(client).join(fields.address("group"));
    return {};
  },

  leave(fields, client) {
    stateOf(client).leave(fields.address("group"));
    return {};
  },
};

/** The fields of a call's record as they travel; what is zero is left out. */
export function callFields(record: CallInput, encode: (bytes: Uint8Array) => string): object {
  const { call, options, ttl, style, objects } = record;
  return {
    call: CALLS.find((name) => CALL_KIND[name] === call),
    ...(style ? { style: styleName(style) } : {}),
    ...(options ? { options } : {}),
    ...(ttl ? { ttl } : {}),
    ...(record.interface ? { interface: record.interface } : {}),
    ...(objects ? { objects: encode(objects) } : {}),
  };
}
