/**
 * What an application needs of the node that signals for it. `RsvpNode` is one in the same process; `RemoteNode`
 * (host/service/) is one behind the socket of the host's signalling service. Code that is written against this interface
 * runs over both.
 */
import { formatAddress, isMulticast, parseAddress } from "./address.ts";
import type { SessionAddress } from "./application.ts";
import type { InterfaceSettings } from "./node_settings.ts";
import type { Routing } from "./routing/routing.ts";
import type { Session } from "./session.ts";

/** How a host listens to multicast groups. */
export interface GroupMembership {
  /** The first socket joins. */
  join(group: string): void;
  /** The last socket has left. */
  leave(group: string): void;
}

/**
 * A node as applications see it: {@linkcode RsvpNode} in their own process, or one in another process.
 *
 * A call that is refused throws where the node is in the same process; from another process the refusal comes as a
 * CALL_ERROR event of the session, as it does for calls that are made from a handler.
 */
export interface SignallingNode {
  /** False once it was closed, or has failed for good. A node in another process that is away for a while still runs. */
  readonly running: boolean;
  /** The engine's module, for arithmetic that needs no node. */
  readonly module: WebAssembly.Module;
  /** The host's interfaces. */
  readonly interfaces: readonly InterfaceSettings[];
  /** Registrations of this application that are not released. */
  readonly sessions: readonly Session[];
  /** How the host listens to groups, where the node knows. */
  readonly membership?: GroupMembership;
  /** Registers an application for a session (RFC 2205 3.11.1). @throws {RangeError} if the address is none. */
  session(address: SessionAddress): Session;
  /**
   * The address from which data to `destination` leave, by route; undefined if there is none. The answer comes at once or
   * later, and once. @throws {RangeError} if `destination` is no address.
   */
  sourceAddress(destination: string, answer: (address: string | undefined) => void): void;
  /** Lets it go. */
  close(): void;
}

/** The addresses of interfaces, of one family; link-local ones are left out, for no session can be told by them. */
export function usableAddresses(interfaces: readonly Pick<InterfaceSettings, "addresses">[], family: number): string[] {
  const addresses = interfaces.flatMap((settings) => settings.addresses.map((text) => text.split("/")[0]));
  const usable = addresses.filter((text) =>
    parseAddress(text).family === family && !text.toLowerCase().startsWith("fe80")
  );
  return [...new Set(usable)];
}

/** Asks routing by which address data to `destination` leave. @throws {RangeError} if `destination` is no address. */
export function routeSourceAddress(
  routing: Pick<Routing, "query">,
  interfaces: readonly InterfaceSettings[],
  destination: string,
  answer: (address: string | undefined) => void,
): void {
  const { bytes, family } = parseAddress(destination);
  const multicast = isMulticast(bytes, family) ? 1 : 0;
  const question = { destination: bytes, source: new Uint8Array(16), family, multicast };
  routing.query({ ...question, protocol: 0, destinationPort: 0, sourcePort: 0 }, ({ found, local, hops }) => {
    const [hop] = hops;
    // A group's tree may depend on the sender, who is not known yet: then it is the first interface of the host.
    if (!hop && multicast) return answer(usableAddresses(interfaces, family)[0]);
    if (!hop) return answer(found && local ? formatAddress(bytes, family) : undefined);
    const out = interfaces.filter((candidate) => candidate.interface === hop.interface);
    answer(usableAddresses(out, family)[0]);
  });
}
