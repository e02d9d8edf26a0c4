/** Which messages are about a session, for traces. */
import { tryDecode } from "../default_codec.ts";
import { decodeObjects } from "../object_list.ts";
import { ServiceError } from "./protocol.ts";

/** Fields of SESSION that are not its identity: flags (RFC 2205 A.1), and where the object stood. */
const NOT_IDENTITY = new Set(["flags", "offset", "length"]);

/** Tells messages of the session of this SESSION object. @throws {ServiceError} if it is none. */
export function sessionFilter(objects: Uint8Array): (payload: Uint8Array) => boolean {
  const [wanted] = decodeObjects(objects);
  if (wanted?.name !== "SESSION") throw new ServiceError("BAD_REQUEST", '"objects" does not begin with a SESSION');
  const identity = Object.entries(wanted).filter(([name]) => !NOT_IDENTITY.has(name));
  return (payload) => {
    const decoded = tryDecode(payload);
    if (!decoded.ok) return false;
    const session = decoded.message.objects.find(({ name }) => name === "SESSION") as object | undefined;
    return session !== undefined && identity.every(([name, value]) => Reflect.get(session, name) === value);
  };
}
