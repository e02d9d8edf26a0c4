/**
 * docs/objects.md lists every class and C-Type of the catalogue with its RFC, fields and vectors; and every vector that
 * stands there decodes, prints as a tree and as NDJSON, and is encoded to its own bytes.
 */
import { OBJECTS } from "../catalogue/index.ts";
import { decode, encode } from "../host/default_codec.ts";
import { type Message, ResvDecodeError } from "../host/codec.ts";
import { assert, assertEquals } from "./assert.ts";
import { jsonLines, run } from "./cli_in_process.ts";
import { bytesOf, hexOf } from "./codec_vectors.ts";

const DOCS = Deno.readTextFileSync(new URL("../docs/objects.md", import.meta.url));

interface Row {
  readonly class: number;
  readonly name: string;
  readonly ctype: string;
  readonly form: string;
  readonly rfc: string;
  readonly fields: readonly string[];
  readonly vectors: readonly string[];
}

/** The rows of the first table, each with the vectors at the place that it links to. */
const ROWS: readonly Row[] = DOCS.split("\n").flatMap((line) => {
  const cells = /^\| (\d+) \| (\S+) \| (\S+) \| (\S*) ?\| (.*?) \| (.*?) \| \[vector\]\(#(\S+)\) \|$/.exec(line);
  if (!cells) return [];
  const [, number, name, ctype, form, rfc, fields, anchor] = cells;
  const section = DOCS.split(`<a id="${anchor}"></a>`)[1]?.split(/^### /m)[0] ?? "";
  const block = /Vectors?:\n\n```text\n([\s\S]*?)```/.exec(section)?.[1] ?? "";
  return [{
    class: Number(number),
    name,
    ctype,
    form,
    rfc,
    fields: [...fields.matchAll(/`(\w+)`/g)].map((match) => match[1]),
    vectors: block.split("\n").filter((text) => text !== ""),
  }];
});

/** A message with one object, its checksum zero, which means none. */
function messageOf(vector: string): Uint8Array<ArrayBuffer> {
  const bytes = bytesOf("100100003f000000" + vector);
  new DataView(bytes.buffer).setUint16(6, bytes.length);
  return bytes;
}

Deno.test("docs/objects.md has a row for every class and C-Type, with RFC, fields and the vectors of the catalogue", () => {
  const expected = OBJECTS.map(({ class: number, ctype, anyCType, name, form, vectors }) => ({
    class: number,
    ctype: anyCType ? "any" : String(ctype),
    name,
    form: form ?? "",
    vectors: [...vectors],
  }));
  const key = (row: { class: number; ctype: string }) => row.class * 1000 + (Number(row.ctype) || 0);
  const rows = ROWS.map(({ class: number, ctype, name, form, vectors }) => ({
    class: number,
    ctype,
    name,
    form,
    vectors: [...vectors],
  }));
  assertEquals(rows.sort((a, b) => key(a) - key(b)), expected.sort((a, b) => key(a) - key(b)));
  for (const { name, rfc, vectors } of ROWS) {
    assert(rfc.length > 0, `${name} says nothing of where it is described`);
    assert(vectors.length > 0, `${name} has no vector`);
  }
});

const isNamed = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && "name" in value;

/** Every word that a tree must show of an object: its fields, and the names and fields of the items in it. */
function wordsOf(object: Record<string, unknown>): string[] {
  const above = ["name", "class", "ctype", "form", "offset", "length", "type"];
  return Object.entries(object).filter(([name]) => !above.includes(name)).flatMap(([name, value]) => {
    const items = Array.isArray(value) ? value : [];
    if (items.length === 0 && Array.isArray(value)) return [];
    return items.some(isNamed)
      ? items.filter(isNamed).flatMap((item) => [String(item.name), ...wordsOf(item)])
      : [name];
  });
}

Deno.test("every vector in docs/objects.md decodes, prints as a tree and as a line, and is encoded to its own bytes", async () => {
  const samples = ROWS.flatMap((row) => row.vectors.map((vector) => ({ row, message: messageOf(vector) })));
  assert(samples.length > 232);
  const input = samples.map(({ message }) => JSON.stringify({ bytes: hexOf(message) })).join("\n");
  const capture = (await run(["encode", "--pcap", "-"], { input })).bytes;
  const lines = jsonLines((await run(["decode", "--ndjson", "-"], { input: capture })).out);
  const trees = (await run(["decode", "-"], { input: capture })).out.split(/^Frame /m).slice(1);
  assertEquals([lines.length, trees.length], [samples.length, samples.length]);
  const shown = new Map<Row, Set<string>>();
  samples.forEach(({ row, message }, index) => {
    const note = `${row.name} ${row.form} ${hexOf(message)}`;
    let decoded: Message;
    try {
      decoded = decode(message);
    } catch (error) {
      throw new Error(`${note}: ${error instanceof ResvDecodeError ? error.message : error}`);
    }
    assertEquals(encode(decoded), message, note);
    assertEquals(encode(JSON.parse(JSON.stringify(lines[index]))), message, `${note} by way of its line`);
    const [object] = decoded.objects as unknown as Record<string, unknown>[];
    assertEquals([object.name, object.class], [row.name, row.class], note);
    assert(!("malformed" in object), note);
    const [inLine] = lines[index].objects;
    assertEquals(inLine, JSON.parse(JSON.stringify(object)), note);
    const tree = trees[index], title = `${row.name}${row.form ? ` ${row.form}` : ""}  class ${row.class} C-Type`;
    assert(tree.includes(title), `${note}: ${title} is not in ${tree}`);
    for (const word of wordsOf(object)) {
      assert(new RegExp(`\\b${word}\\b`).test(tree), `${note}: ${word} is not in ${tree}`);
    }
    const seen = shown.get(row) ?? new Set<string>();
    shown.set(row, seen);
    // Texts that are no UTF-8 are shown as hex under another name, lists of items by the item's name.
    for (const name of Object.keys(object)) seen.add(name).add(name.replace(/Bytes$/, ""));
  });
  const unseen = [...shown].flatMap(([{ name, form, fields }, seen]) =>
    fields.filter((field) => !seen.has(field)).map((field) => `${name} ${form} ${field}`.replace("  ", " "))
  );
  assertEquals(unseen.sort(), Object.keys(NEVER_SHOWN).sort());
});

/** Fields that no vector shows, and why. */
const NEVER_SHOWN: Readonly<Record<string, string>> = {
  "CALL_ID GLOBALLY_UNIQUE addressAndIdentifier":
    "bytes of addresses that are of no known type; vectors have known ones",
  "CALL_ID OPERATOR_SPECIFIC addressAndIdentifier":
    "bytes of addresses that are of no known type; vectors have known ones",
  "SESSION_ATTRIBUTE LSP_TUNNEL nameLength": "the length of the text, which is shown",
  "SESSION_ATTRIBUTE LSP_TUNNEL_RA nameLength": "the length of the text, which is shown",
  "USER_ERROR_SPEC errorDescriptionLength": "the length of the text, which is shown",
};
