/** What an endpoint keeps of its socket, and the sessions that it wants for it. */
import type { SessionAddress } from "../application.ts";
import { type JoinedGroup, type ReceiverMatch, sameAddress, type SenderMatch, type SocketAddress } from "./matching.ts";
import { isSignalledService, splitServiceType } from "./service_types.ts";
import type { QosSetting } from "./setting.ts";

/** Which directions a group is joined for (JL_SENDER_ONLY, JL_RECEIVER_ONLY, JL_BOTH). */
export type JoinDirection = "sender" | "receiver" | "both";

/** A group that was joined, with its own setting. */
export interface Group extends JoinedGroup {
  setting: QosSetting;
}

/** A destination that was set on an unconnected socket. */
export interface Destination extends SocketAddress {
  setting: QosSetting;
}

/** A session as the socket's state wants it. */
export interface Wish {
  address: SessionAddress;
  sends?: { match: SenderMatch; setting: QosSetting };
  receives?: { match: ReceiverMatch; setting: QosSetting };
}

/** ERROR_SPEC code of the application interface, and its value for a sender that cannot be (RAPI). */
export const API_ERROR = 20, BAD_SENDER = 21;

/** Whether QOS is invoked in a direction of this service type, signalled or not. */
export function isInvoked(serviceType: number): boolean {
  const parts = splitServiceType(serviceType);
  return parts !== undefined && isSignalledService(parts.type);
}

/** Whether two places are one. */
export function isSame(a: SocketAddress, b: SocketAddress): boolean {
  return a.port === b.port && sameAddress(a.address, b.address);
}
