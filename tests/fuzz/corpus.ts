/**
 * Whole messages to begin with: corpus/messages.hex, made by this project's own generator and encoder, and every vector
 * of the catalogue wrapped in messages that may carry it.
 */
import { OBJECTS } from "../../catalogue/index.ts";
import { type Bytes, fromHex, message, objectsOf } from "./bytes.ts";

const FILE = new URL("./corpus/messages.hex", import.meta.url);

/** The committed messages, by name: a line each, name and hex. */
export function committedMessages(): Map<string, Bytes> {
  const messages = new Map<string, Bytes>();
  for (const line of Deno.readTextFileSync(FILE).split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const [name, hex] = line.split(" ");
    messages.set(name, fromHex(hex));
  }
  return messages;
}

let cached: Bytes[] | undefined;

/** Committed messages and catalogue vectors, all well framed. */
export function corpus(): readonly Bytes[] {
  return cached ??= [...committedMessages().values(), ...wrappedVectors()];
}

function wrappedVectors(): Bytes[] {
  const committed = [...committedMessages().values()];
  const wrapped: Bytes[] = [];
  OBJECTS.forEach((description, index) => {
    description.vectors.forEach((vector, number) => {
      const bytes = fromHex(vector);
      const host = committed[(index + number) % committed.length];
      const objects = objectsOf(host);
      // In place of what it would double, else behind TIME_VALUES and the like.
      const at = objects.findIndex((object) => object[2] === bytes[2]);
      const list = at >= 0 ? objects.with(at, bytes) : objects.toSpliced(Math.min(3, objects.length), 0, bytes);
      wrapped.push(message(host[1], list), message(1 + (index % 7), [bytes]));
    });
  });
  return wrapped;
}
