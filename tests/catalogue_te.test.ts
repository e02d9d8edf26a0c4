/** The catalogue is data: these tests hold it against itself, against the registries, and against its own vectors. */
import { FAMILIES, FLAGS, MESSAGES, NAMES, OBJECTS } from "../catalogue/index.ts";
import { MESSAGE_TYPES } from "../catalogue/names.ts";
import type { Body, Field, ItemFamily, Rest } from "../catalogue/schema.ts";
import { Writer } from "../host/codec/write.ts";
import { readObject, writeObject } from "../host/objects.gen.ts";
import { assert, assertEquals } from "./assert.ts";
import { bitsOf, fromHex, registryTeText, registryText, rows, section, toHex, typeBytes } from "./catalogue_fixture.ts";
import { needs } from "./require.ts";

interface Described {
  readonly what: string;
  readonly header: number;
  readonly headerFields: readonly Field[];
  readonly body: Body;
}

const items = FAMILIES.flatMap((family: ItemFamily): Described[] =>
  family.items.map((item) => ({
    what: `${family.name} ${item.name}`,
    header: family.framing.headerLength,
    headerFields: family.headerFields ?? [],
    body: item,
  }))
);
const objects = OBJECTS.map((object): Described => ({
  what: `${object.name} ${object.class}/${object.ctype}`,
  header: 4,
  headerFields: [],
  body: object,
}));

/** Every fixed run of fields in a structure: its own, its variants', and the records of its rest. */
function* runs({ what, header, body }: Described): Generator<[string, number, readonly Field[], number | undefined]> {
  yield [what, header, body.fields ?? [], body.length];
  for (const variant of body.variants ?? []) yield [`${what} ${variant.name}`, header, variant.fields, variant.length];
  if (body.rest?.kind === "records") yield [`${what} ${body.rest.name}`, 0, body.rest.fields, body.rest.length];
}

Deno.test("every vector is one whole object of its class and C-Type", () => {
  for (const object of OBJECTS) {
    assert(object.vectors.length > 0, `${object.name} ${object.class}/${object.ctype} has no vector`);
    for (const vector of object.vectors) {
      const bytes = fromHex(vector);
      assertEquals(toHex(bytes), vector, "vectors are lower-case hex of whole bytes");
      assertEquals((bytes[0] << 8) | bytes[1], bytes.length, `${object.name}: length of ${vector}`);
      assertEquals(bytes.length % 4, 0, `${object.name}: ${vector} is not a multiple of four long`);
      assertEquals([bytes[2], object.anyCType ? object.ctype : bytes[3]], [object.class, object.ctype], vector);
    }
  }
});

Deno.test("fields neither overlap nor leave bits between them, and end where the structure does", () => {
  for (const described of [...objects, ...items]) {
    for (const [what, header, fields, length] of runs(described)) {
      const bits = fields.flatMap(bitsOf).sort((a, b) => a - b);
      assertEquals(bits, bits.map((_, index) => header * 8 + index), what);
      if (length !== undefined) assertEquals(header + bits.length / 8, length, `${what}: length`);
    }
  }
});

Deno.test("names are unique within a structure, and everything has a text and an RFC or says it has none", () => {
  for (const described of [...objects, ...items]) {
    const rfc = (described.body as { rfc?: string }).rfc, doc = (described.body as { doc?: string }).doc;
    assert(rfc && doc, `${described.what} lacks rfc or doc`);
    for (const [what, , fields] of runs(described)) {
      const rest: Rest[] = what === described.what && described.body.rest ? [described.body.rest] : [];
      const names = [...described.headerFields, ...fields, ...rest].map((field) => field.name);
      assertEquals(names.length, new Set(names).size, `${what}: ${names.join(" ")}`);
      for (const field of [...fields, ...rest]) {
        assert(/^[a-z][A-Za-z0-9]*$/.test(field.name), `${what} ${field.name}`);
        assert(field.doc.length > 2, `${what} ${field.name} has no text`);
      }
    }
  }
});

Deno.test("enumerations, flag sets, families and length fields that are named exist", () => {
  const families = new Set(FAMILIES.map((family) => family.name));
  assertEquals(families.size, FAMILIES.length, "two families have one name");
  for (const described of [...objects, ...items]) {
    for (const [what, , fields] of runs(described)) {
      for (const field of [...described.headerFields, ...fields]) {
        const where = `${what} ${field.name}`;
        if (field.namesBy) {
          // Items decode with their type beside their fields, so it can tell the names of the others.
          const known = [...fields, ...(items.includes(described) ? [{ name: "type" }] : [])];
          assert(known.some((other) => other.name === field.namesBy), `${where}: ${field.namesBy}`);
        }
        if (field.names && !field.namesBy) assert(NAMES[field.names], `${where}: no names ${field.names}`);
        if (field.flags) {
          assert(FLAGS[field.flags], `${where}: no flags ${field.flags}`);
          const { type } = field;
          const width = typeof type === "object" && "bits" in type ? type.width : typeBytes(type) * 8;
          for (const bit of Object.keys(FLAGS[field.flags])) {
            assert(Number.isInteger(Math.log2(Number(bit))) && Number(bit) < 2 ** width, `${where}: bit ${bit}`);
          }
        }
      }
    }
    const { rest } = described.body;
    if (rest?.kind === "items") assert(families.has(rest.family), `${described.what}: no family ${rest.family}`);
    if (rest?.kind === "values" && rest.names) assert(NAMES[rest.names], `${described.what}: ${rest.names}`);
    if (rest?.kind === "text" && rest.lengthField) {
      assert(described.body.fields?.some((field) => field.name === rest.lengthField), described.what);
    }
  }
});

Deno.test("objects are told apart by class and C-Type, and by their forms; items by their types", () => {
  const numbers = OBJECTS.map((object) => `${object.class}/${object.ctype}`);
  assertEquals(numbers.filter((number, index) => numbers.indexOf(number) !== index), []);
  const forms = OBJECTS.map((object) => `${object.name}/${object.form}`);
  assertEquals(forms.filter((form, index) => forms.indexOf(form) !== index), []);
  const classes = new Map<number, string>();
  for (const object of OBJECTS) {
    assertEquals(classes.get(object.class) ?? object.name, object.name, `class ${object.class} has two names`);
    classes.set(object.class, object.name);
  }
  for (const family of FAMILIES) {
    const types = family.items.map((item) => item.type);
    assertEquals(types.length, new Set(types).size, family.name);
  }
});

Deno.test("the objects that messages may and must carry are classes of the catalogue", () => {
  const names = new Set(OBJECTS.map((object) => object.name));
  for (const { name, grammar, required } of MESSAGES) {
    for (const entry of [...grammar, ...required]) {
      assert(names.has(entry.replace(/[?*+]$/, "")), `${name}: ${entry} is no class`);
    }
    assertEquals(grammar.length, new Set(grammar).size, `${name}: a class stands twice in its order`);
  }
});

const decode = (hex: string) => {
  const bytes = fromHex(hex);
  return readObject(bytes, new DataView(bytes.buffer), 0, bytes.length, 0, 0);
};

/** Everything decoded that carries a name: the object, its items, objects inside it. */
function* structures(value: unknown): Generator<Record<string, unknown>> {
  if (Array.isArray(value)) { for (const member of value) yield* structures(member); }
  else if (value !== null && typeof value === "object") {
    if ("name" in value) yield value as Record<string, unknown>;
    for (const member of Object.values(value)) yield* structures(member);
  }
}

Deno.test("every vector decodes without a rest that is not understood and re-encodes to its own bytes", () => {
  for (const object of OBJECTS) {
    for (const vector of object.vectors) {
      const decoded = decode(vector);
      for (const structure of structures(decoded)) {
        for (const odd of ["malformed", "trailing", "padding"]) {
          assertEquals(structure[odd], undefined, `${vector}: ${JSON.stringify(structure)}`);
        }
        assert(structure.name !== "UNKNOWN", `${vector}: ${JSON.stringify(structure)}`);
      }
      const writer = new Writer();
      writeObject(writer, decoded, false);
      assertEquals(toHex(writer.bytes.subarray(0, writer.at)), vector, `${object.name} ${object.form}`);
    }
  }
});

Deno.test("every item of every family stands in some vector", () => {
  const seen = new Set<string>();
  for (const { vectors } of OBJECTS) {
    for (const { name, type } of vectors.flatMap((vector) => [...structures(decode(vector))])) {
      seen.add(`${name} ${type}`);
    }
  }
  const missing = FAMILIES.flatMap((family) =>
    family.items.filter((item) => !seen.has(`${item.name} ${item.type}`)).map((item) => `${family.name} ${item.name}`)
  );
  assertEquals(missing, []);
});

/** The forms of RSVP_LABEL and of the Int-Serv objects serve other classes too; the registry refers to them in words. */
const SAME_AS: Readonly<Record<number, number>> = { 34: 16, 35: 16, 129: 16, 130: 36, 120: 9, 121: 12, 122: 13 };

Deno.test({
  name: "every class and C-Type of the registry has an entry",
  ...needs("shared"),
  fn() {
    const text = registryText();
    const have = new Set(OBJECTS.map((object) => `${object.class}/${object.ctype}`));
    const classes = rows(section(text, /^\s+Class Number\s+Class Name/, /^\s+Class Types or C-Types/));
    assert(classes.size > 80, "the table of classes was not found");
    const missing: string[] = [];
    for (const [number, name] of classes) {
      if (!OBJECTS.some((object) => object.class === number)) missing.push(`${number} ${name}`);
      const title = (of: number) => new RegExp(`^\\s+Class Types or C-Types ‒ ${of} `);
      if (!title(number).test(text.split("\n").findLast((line) => title(number).test(line)) ?? "")) continue;
      const ctypes = rows(
        section(text, title(SAME_AS[number] ?? number), /^\s*(Class Types or C-Types|Subobject)|^Virtual/),
      );
      for (const [ctype, form] of ctypes) {
        if (!/^unassigned$/i.test(form) && !have.has(`${number}/${ctype}`)) {
          missing.push(`${number} ${name} C-Type ${ctype} ${form}`);
        }
      }
    }
    assertEquals(missing, []);
  },
});

Deno.test({
  name: "message types, error codes and error values are the registry's, word for word",
  ...needs("shared"),
  fn() {
    const text = registryText();
    /** Case, dots and the blanks that names lose as identifiers do not count. */
    const plain = (name: string) => name.toLowerCase().replace(/[ .]| message$/g, "").replace(/message$/, "");
    const types = rows(section(text, /^Message Types$/, /^Class Names/));
    for (const [type, name] of types) {
      if (name !== "Reserved") assertEquals(plain(MESSAGE_TYPES[type] ?? ""), plain(name), `message type ${type}`);
    }
    for (const type of Object.keys(MESSAGE_TYPES)) assert(types.has(Number(type)), `message type ${type}`);
    assertEquals(
      MESSAGES.map(({ type, name }) => [type, name]),
      Object.entries(MESSAGE_TYPES).map(([t, n]) => [+t, n]),
    );

    const codes = rows(section(text, /^Error Codes and Globally-Defined/, /Sub-Codes ‒ 1 /));
    assertEquals(
      [...codes].map(([code, name]) => [`${code}`, plain(name)]),
      Object.entries(NAMES.errorCode).map(([code, name]) => [code, plain(name)]),
    );
    for (const [code, name] of codes) {
      const title = new RegExp(`^\\s+Sub-Codes ‒ ${code} `);
      if (!text.split("\n").some((line) => title.test(line))) continue;
      const values = rows(section(text, title, /^\s+Sub-Codes ‒|^Interface Id Error/));
      const ours = NAMES[`errorValue:${code}`] ?? {};
      for (const [value, meaning] of values) {
        if (meaning !== "Reserved") assertEquals(plain(ours[value] ?? ""), plain(meaning), `${name} ${value}`);
      }
      for (const value of Object.keys(ours)) assert(values.has(Number(value)), `${name}: ${value} is not registered`);
    }
  },
});

Deno.test({
  name: "flags of LSPs, recorded hops, labels and capabilities are the registries'",
  ...needs("shared"),
  fn() {
    const te = registryTeText();
    const compare = (flags: string, registered: Map<number, string>, bit = (number: number) => number) =>
      assertEquals(
        Object.fromEntries(Object.entries(FLAGS[flags]).map(([value, name]) => [Number(value), name])),
        Object.fromEntries([...registered].map(([number, name]) => [bit(number), name])),
        flags,
      );
    compare("sessionAttribute", rows(section(te, /^Session Attribute Object Flags/, /^Record Route/)));
    compare("recordRoute", rows(section(te, /^Record Route Object Sub-object Flags/, /Label Sub-object/)));
    compare("recordRouteLabel", rows(section(te, /^\s+Label Sub-object Flags/, /^Sub-TLV/)));
    compare("lspAttribute", rows(section(te, /^Attribute Flags/, /^Session/)), (number) => 2 ** (31 - number));
    const capability = section(registryText(), /^Capability Object values/, /^Call Attributes TLV/);
    const named = capability.map((line) => /^\s+\d+\s+(0x\d+)\s+(.*?)(?: \(\w\))?\s+\[RFC/.exec(line)).filter((row) =>
      row
    );
    assertEquals(named.length, 5);
    compare("capability", new Map(named.map((row) => [Number(row![1]), row![2].trim()])));
  },
});
