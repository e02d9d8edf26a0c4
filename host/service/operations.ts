/** What an operation of the service is: a name, and a function from a request's fields to its result. */
import type { RsvpNode } from "../node.ts";
import type { GroupMembership } from "../signalling_node.ts";
import type { RequestFields } from "./fields.ts";

/** The client that asks, as operations see it. */
export interface ServiceClient {
  /** The node behind the service. */
  readonly node: RsvpNode;
  /** How the host listens to groups; undefined where nobody takes care of that. */
  readonly membership: GroupMembership | undefined;
  /** True once the connection has ended: nothing that is pushed arrives. */
  readonly closed: boolean;
  /** True while the client has much to read yet: what may be left out should be. */
  readonly busy: boolean;
  /** Sends something that was not asked for, or belongs to a long answer: `event` says what it is. */
  push(event: string, fields: object): void;
  /** Resolved when the client has read most of what it was sent; long answers wait for it between their parts. */
  ready(): Promise<void>;
  /** Called once when the connection has ended, by either side. The result takes the call back. */
  onClose(run: () => void): () => void;
  /** Something of an operation's own that lasts as long as the connection. */
  keep<T extends object>(key: object, make: () => T): T;
}

/**
 * An operation. What it returns is the `result`; what it throws is the `error`: a {@linkcode ServiceError} as it is, a
 * ResvError as REFUSED, a RangeError as BAD_REQUEST, everything else as INTERNAL.
 */
export type Operation = (fields: RequestFields, client: ServiceClient) => unknown;

/** Operations by name. Others add theirs in files of their own and hand them to the server. */
export type Operations = Readonly<Record<string, Operation>>;
