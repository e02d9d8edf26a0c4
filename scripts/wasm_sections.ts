/** The sections of a WebAssembly binary: WebAssembly Core Specification 2.0, section 5.5. */
export interface Section {
  readonly id: number;
  /** Only custom sections (id 0) have a name. */
  readonly name: string;
  /** Offset of the section's id byte, and of the first byte after the section. */
  readonly start: number;
  readonly end: number;
  /** Offset of the contents; in a custom section, after the name. */
  readonly contents: number;
}

/** Reads an unsigned LEB128 number; returns it with the offset after it. */
export function readUnsigned(bytes: Uint8Array, at: number): [value: number, next: number] {
  let value = 0;
  for (let factor = 1;; factor *= 128) {
    if (at >= bytes.length) throw new Error(`LEB128 number runs past the end at offset ${at}`);
    const byte = bytes[at++];
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return [value, at];
  }
}

/** All sections in order. */
export function sections(bytes: Uint8Array): Section[] {
  const list: Section[] = [];
  let at = 8;
  while (at < bytes.length) {
    const start = at;
    const id = bytes[at];
    const [length, body] = readUnsigned(bytes, at + 1);
    const end = body + length;
    let name = "";
    let contents = body;
    if (id === 0) {
      const [nameLength, nameAt] = readUnsigned(bytes, body);
      contents = nameAt + nameLength;
      name = new TextDecoder().decode(bytes.subarray(nameAt, contents));
    }
    list.push({ id, name, start, end, contents });
    at = end;
  }
  return list;
}

/** Names, source map links and the like: what does not change how the module runs. */
export function customSections(bytes: Uint8Array): Section[] {
  return sections(bytes).filter((section) => section.id === 0);
}

/** The same module without its custom sections. */
export function stripCustomSections(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const kept = sections(bytes).filter((section) => section.id !== 0);
  const out = new Uint8Array(8 + kept.reduce((sum, section) => sum + section.end - section.start, 0));
  out.set(bytes.subarray(0, 8));
  let at = 8;
  for (const section of kept) {
    out.set(bytes.subarray(section.start, section.end), at);
    at += section.end - section.start;
  }
  return out;
}
