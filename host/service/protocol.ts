/**
 * The protocol between the signalling service and its clients: one JSON object a line, in both directions (docs/service.md).
 *
 * ```text
 * client   {"id":1,"op":"hello","versions":[1]}
 * service  {"id":1,"result":{"version":1,"interfaces":[...],...}}
 * client   {"id":2,"op":"session","session":1,"objects":"AAwBAQoAAgIRABOM"}
 * service  {"id":2,"result":{}}
 * service  {"event":"upcall","session":1,"kind":"PATH_EVENT",...,"objects":"AAwB..."}
 * ```
 *
 * RSVP objects travel as they are on the wire, in base64: they are the catalogue's business and not this file's.
 */
import { formatAddress } from "../address.ts";
import { type SessionEvent, styleName } from "../application.ts";
import { decodeBase64 } from "../base64.ts";
import { EVENT_KIND, type EventAction } from "../boundary.gen.ts";
import type { InterfaceSettings } from "../node_settings.ts";
import { decodeObjects } from "../object_list.ts";

/** Why the service does not do what it was asked for. */
export type ServiceErrorCode =
  /** The line is no request: not JSON, too long, without `id` or `op`. The connection ends. */
  | "BAD_LINE"
  /** A field is missing or has a value that it cannot have. */
  | "BAD_REQUEST"
  /** There is no such operation; the answer to `hello` lists those that there are. */
  | "UNKNOWN_OPERATION"
  /** `hello` must come first, and once. */
  | "HELLO"
  /** No version in common. The connection ends. */
  | "VERSION"
  /** What is named does not exist. */
  | "NOT_FOUND"
  /** The engine refuses the call; `status` has its number. */
  | "REFUSED"
  /** More than a client may have. */
  | "LIMIT"
  /** The client does not read what it is sent. The connection ends. */
  | "SLOW"
  /** The service is going away. The connection ends. */
  | "CLOSING"
  /** A fault of the service's own. */
  | "INTERNAL";

/**
 * What the service answers where it cannot do what it was asked for: {@linkcode ServiceConnection} rejects with it, and an
 * {@linkcode Operation} throws it.
 */
export class ServiceError extends Error {
  /** Tells it from other errors where `instanceof` cannot. */
  override readonly name = "ServiceError";
  /** For programs. */
  readonly code: ServiceErrorCode;
  /** STATUS or error code of the call that was REFUSED, else 0. */
  readonly status: number;

  /** The message is one line for a person and names what is wrong. */
  constructor(code: ServiceErrorCode, message: string, status = 0) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** A line that was received. */
export type Line = Readonly<Record<string, unknown>>;

/** What `hello` is answered with. */
export interface Hello {
  /** The version that both speak from now on. */
  version: number;
  /** Name and version of the program. */
  service: string;
  /** Its process. */
  pid: number;
  /** The operations that it has. */
  operations: string[];
  /** The host's interfaces. */
  interfaces: InterfaceSettings[];
  /** (K + 0.5) * 1.5 * R of RFC 2205 3.7 with the service's own R: what has not come again by then is gone. */
  lifetimeMs: number;
}

const EVENT_NAMES = new Map(
  Object.entries(EVENT_KIND).map(([name, kind]) => [kind as number, name as SessionEvent["kind"]]),
);

/** An upcall as it goes to the client: a `SessionEvent` whose objects are still in wire form. */
export function upcallLine(session: number, event: EventAction): Line {
  return {
    event: "upcall",
    session,
    kind: EVENT_NAMES.get(event.event) ?? "CALL_ERROR",
    gone: event.gone === 1,
    style: styleName(event.style),
    errorCode: event.errorCode,
    errorValue: event.errorValue,
    errorNode: formatAddress(event.errorNode, event.errorNodeFamily),
    errorFlags: event.errorFlags,
    objects: encodeBase64(event.objects),
  };
}

/** The upcall of a line. The service is trusted to send what {@linkcode upcallLine} makes. */
export function upcallEvent(line: Line): SessionEvent {
  const { kind, gone, style, errorCode, errorValue, errorNode } = line as unknown as SessionEvent;
  const flags = Number(line.errorFlags);
  const objects = decodeObjects(decodeBase64(String(line.objects)));
  // Flags of ERROR_SPEC (RFC 2205 A.5), as host/application.ts reads them.
  const inPlace = (flags & 1) !== 0, notGuilty = (flags & 2) !== 0;
  return { kind, gone, style, errorCode, errorValue, errorNode, inPlace, notGuilty, objects };
}

/** Base64 of bytes: by the runtime where it can, else by `btoa`, which all of them have. */
export function encodeBase64(bytes: Uint8Array): string {
  const { toBase64 } = Uint8Array.prototype as { toBase64?: () => string };
  if (toBase64) return toBase64.call(bytes);
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}
