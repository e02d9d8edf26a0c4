/** Reads the fields of a request; whatever is wrong becomes an error that names the field and what was expected. */
import { parseAddress } from "../address.ts";
import { decodeBase64 } from "../base64.ts";
import { type Line, ServiceError } from "./protocol.ts";

/** The fields of one request, as an {@linkcode Operation} of a {@linkcode ServiceServer} reads them. */
export class RequestFields {
  readonly #line: Line;

  /** Made for every request by the server. */
  constructor(line: Line) {
    this.#line = line;
  }

  /** The line itself. */
  get line(): Line {
    return this.#line;
  }

  /** The number of the request; long answers carry it in their parts. */
  get id(): number {
    return Number(this.#line.id);
  }

  /** Whether the field is there and not null. */
  has(name: string): boolean {
    return this.#line[name] !== undefined && this.#line[name] !== null;
  }

  /** A whole number. @throws {ServiceError} as every reader here: BAD_REQUEST, naming the field. */
  integer(name: string, minimum: number, maximum: number, ifMissing?: number): number {
    const value = this.#line[name] ?? ifMissing;
    if (typeof value === "number" && Number.isInteger(value) && value >= minimum && value <= maximum) return value;
    throw wrong(name, value, `a whole number from ${minimum} to ${maximum}`);
  }

  /** Text. */
  text(name: string, ifMissing?: string): string {
    const value = this.#line[name] ?? ifMissing;
    if (typeof value === "string") return value;
    throw wrong(name, value, "text");
  }

  /** One of several words. */
  choice<T extends string>(name: string, choices: readonly T[], ifMissing?: T): T {
    const value = this.#line[name] ?? ifMissing;
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    throw wrong(name, value, `one of ${choices.map((choice) => JSON.stringify(choice)).join(", ")}`);
  }

  /** True or false. */
  flag(name: string, ifMissing?: boolean): boolean {
    const value = this.#line[name] ?? ifMissing;
    if (typeof value === "boolean") return value;
    throw wrong(name, value, "true or false");
  }

  /** An IPv4 or IPv6 address, as it was written. */
  address(name: string): string {
    const value = this.text(name);
    try {
      parseAddress(value);
      return value;
    } catch {
      throw wrong(name, value, "an IPv4 or IPv6 address");
    }
  }

  /** Bytes in base64. */
  bytes(name: string, ifMissing = ""): Uint8Array<ArrayBuffer> {
    const value = this.text(name, ifMissing);
    try {
      return decodeBase64(value);
    } catch {
      throw wrong(name, value, "base64");
    }
  }

  /** A list of texts. */
  texts(name: string, ifMissing?: readonly string[]): readonly string[] {
    const value = this.#line[name] ?? ifMissing;
    if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value;
    throw wrong(name, value, "a list of texts");
  }

  /** Whole numbers. */
  integers(name: string): number[] {
    const value = this.#line[name];
    if (Array.isArray(value) && value.every((one) => Number.isInteger(one))) return value;
    throw wrong(name, value, "a list of whole numbers");
  }
}

const LONGEST_QUOTE = 60;

function wrong(name: string, value: unknown, expected: string): ServiceError {
  if (value === undefined || value === null) {
    return new ServiceError("BAD_REQUEST", `"${name}" is missing; it must be ${expected}`);
  }
  const text = JSON.stringify(value);
  const quoted = text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}...` : text;
  return new ServiceError("BAD_REQUEST", `"${name}" is ${quoted}, not ${expected}`);
}
