/**
 * Messages as people write them: names that there are not are refused, for the codec would not miss them; what only one
 * form of an object can mean needs no `ctype` and no `form`; `flags` that are not named are zero.
 */
import { type Codec, type MessageInput, ResvEncodeError } from "../codec.ts";
import { MESSAGE_TYPES } from "../messages.gen.ts";
import {
  FAMILY_METADATA,
  type FieldMetadata,
  OBJECT_METADATA,
  type ObjectMetadata,
  type RestMetadata,
  VALUE_NAMES,
} from "../metadata.gen.ts";
import { COMMON_MEMBERS, LINE_MEMBERS } from "./columns.ts";
import { InputError } from "./message_input.ts";
import { unknownName } from "./nearest.ts";

type Values = Record<string, unknown>;

/** What the content of an object, item or record may be. */
interface Body {
  readonly fields: readonly FieldMetadata[];
  readonly variants?: readonly { readonly fields: readonly FieldMetadata[] }[];
  readonly rest?: RestMetadata;
}

/** One form of a class. */
interface Form {
  readonly ctype: number;
  readonly metadata: ObjectMetadata;
}

const COMMON = new Set(COMMON_MEMBERS);

/** The forms of each class, by name. */
const FORMS: ReadonlyMap<string, readonly Form[]> = Map.groupBy(
  Object.entries(OBJECT_METADATA).map(([key, metadata]) => ({ ctype: Number(key.split("/")[1]), metadata })),
  ({ metadata }) => metadata.name,
);

const isValues = (value: unknown): value is Values =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Every name that a body gives to a member. */
function namesOf({ fields, variants = [], rest }: Body): string[] {
  const names = [...fields, ...variants.flatMap((variant) => variant.fields)].map(({ name }) => name);
  if (rest !== undefined) names.push(rest.name);
  if (rest?.kind === "text") names.push(`${rest.name}Bytes`);
  return [...new Set(names)];
}

/** Completes messages with what goes without saying; everything else is the codec's to judge. */
export class HandWritten {
  readonly #codec: Codec;

  constructor(codec: Codec) {
    this.#codec = codec;
  }

  /**
   * A message with what its writer left out.
   * @throws {InputError} naming a message, object or member that there is not, in its place.
   */
  message(value: Values, path = ""): Values {
    const unknown = Object.keys(value).find((name) => !LINE_MEMBERS.has(name));
    if (unknown !== undefined) throw new InputError(unknownName(`${path}no member`, unknown, LINE_MEMBERS));
    const { message, type, objects, messages } = value;
    if (type === undefined && typeof message === "string" && !(message in MESSAGE_TYPES)) {
      throw new InputError(unknownName(`${path}message: no message`, message, Object.keys(MESSAGE_TYPES)));
    }
    return {
      ...value,
      ...(Array.isArray(objects) && { objects: this.#objects(objects, `${path}objects`) }),
      ...(Array.isArray(messages) && {
        messages: messages.map((one, index) =>
          isValues(one) && !("bytes" in one) ? this.message(one, `${path}messages[${index}].`) : one
        ),
      }),
    };
  }

  #objects(objects: readonly unknown[], path: string): unknown[] {
    return objects.map((one, index) => isValues(one) ? this.#object(one, `${path}[${index}]`) : one);
  }

  #object(object: Values, path: string): Values {
    const { name, ctype, form } = object;
    if (object.bytes !== undefined || typeof name !== "string") return object;
    const forms = FORMS.get(name);
    if (forms === undefined) {
      if (object.class !== undefined) return object;
      throw new InputError(unknownName(`${path}: unknown object`, name, FORMS.keys()));
    }
    const here = `${path}.${name}`;
    let chosen = forms.find((one) => ctype === undefined ? one.metadata.form === form : one.ctype === ctype);
    if (chosen === undefined && ctype === undefined) {
      if (form !== undefined) {
        throw new InputError(unknownName(`${here}: no form`, String(form), forms.map(({ metadata }) => metadata.form)));
      }
      chosen = this.#choose(object, forms, here);
    }
    chosen ??= forms.find(({ ctype }) => Number.isNaN(ctype));
    // A C-Type that is not in the catalogue: the codec says so.
    if (chosen === undefined) return object;
    const content = this.#content(object, chosen.metadata, here);
    return Number.isNaN(chosen.ctype) ? content : { ...content, ctype: chosen.ctype };
  }

  /** The only form that can be meant: one that has all members that were given, and whose values can be written. */
  #choose(object: Values, forms: readonly Form[], here: string): Form {
    if (forms.length === 1) return forms[0];
    const given = Object.keys(object).filter((name) => !COMMON.has(name));
    const unknown = given.find((name) => !forms.some(({ metadata }) => namesOf(metadata).includes(name)));
    if (unknown !== undefined) {
      throw new InputError(
        unknownName(`${here}: no field`, unknown, new Set(forms.flatMap(({ metadata }) => namesOf(metadata)))),
      );
    }
    const named = forms.filter(({ metadata }) => given.every((name) => namesOf(metadata).includes(name)));
    const faults: string[] = [];
    const fitting = named.filter(({ ctype, metadata }) => {
      try {
        const whole = { ...this.#content(object, metadata, here), ctype };
        this.#codec.encode({ type: 1, objects: [whole] } as unknown as MessageInput);
        return true;
      } catch (error) {
        if (!(error instanceof ResvEncodeError || error instanceof InputError)) throw error;
        faults.push(
          error instanceof ResvEncodeError ? error.message.replace(/^objects\[0\]\.\w+/, here) : error.message,
        );
        return false;
      }
    });
    if (fitting.length === 1) return fitting[0];
    // Of several that fit none, the one that says what is missing, and not that an address is of the other family.
    const say = (choice: readonly Form[]) =>
      choice.map(({ metadata, ctype }) => `${metadata.form} (${ctype})`).join(", ");
    if (fitting.length === 0 && faults.length > 0) {
      throw new InputError(faults.find((fault) => fault.endsWith("is missing")) ?? faults[0]);
    }
    throw new InputError(`${here}: which form (ctype) is it? ${say(fitting.length > 0 ? fitting : forms)}`);
  }

  /** Members of an object or item, checked and completed. */
  #content(value: Values, body: Body, here: string, more: readonly FieldMetadata[] = []): Values {
    const names = [...namesOf(body), ...more.map(({ name }) => name)];
    const unknown = Object.keys(value).find((name) => !COMMON.has(name) && !names.includes(name));
    if (unknown !== undefined) throw new InputError(unknownName(`${here}: no field`, unknown, names));
    const { rest } = body;
    const whole = { ...value };
    if (whole.flags === undefined && body.fields.some(({ name }) => name === "flags")) whole.flags = 0;
    const content = rest === undefined ? undefined : value[rest.name];
    // The variants of the Int-Serv objects (RFC 2210 3) are told by the service; without it the codec asks for items.
    const service = body.variants?.flatMap(({ fields }) => fields).find(({ name }) => name === "service");
    if (service !== undefined && content === undefined && value.service === undefined) {
      const names = Object.entries(VALUE_NAMES[service.names ?? ""] ?? {}).map(([number, name]) =>
        `${number} (${name})`
      );
      throw new InputError(`${here}.service: is missing; there are ${names.join(", ")}`);
    }
    if (rest === undefined || !Array.isArray(content)) return whole;
    const path = `${here}.${rest.name}`;
    if (rest.kind === "objects") whole[rest.name] = this.#objects(content, path);
    else if (rest.kind === "items") whole[rest.name] = this.#items(content, rest.family ?? "", path);
    else if (rest.kind === "records") {
      whole[rest.name] = content.map((one, index) =>
        isValues(one) ? this.#content(one, { fields: rest.fields ?? [] }, `${path}[${index}]`) : one
      );
    }
    return whole;
  }

  #items(items: readonly unknown[], family: string, path: string): unknown[] {
    const { items: known, headerFields } = FAMILY_METADATA[family];
    return items.map((item, index) => {
      if (!isValues(item) || item.bytes !== undefined) return item;
      const type = item.type ?? Object.keys(known).find((type) => known[Number(type)].name === item.name);
      if (type === undefined) {
        const names = Object.values(known).map(({ name }) => name);
        throw new InputError(unknownName(`${path}[${index}]: unknown item`, String(item.name), names));
      }
      const body = known[Number(type)];
      return body === undefined ? item : this.#content(item, body, `${path}[${index}].${body.name}`, headerFields);
    });
  }
}
