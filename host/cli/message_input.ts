/** Messages as JSON: one value, an array of them, or a line for each. */

/** The input is not what it should be; the message says why and where. */
export class InputError extends Error {
  override readonly name = "InputError";
}

/**
 * The values in a stream of JSON text. One value a line, as `--ndjson` and `--json` write them, is read as it comes, in
 * constant memory; anything else is read whole.
 * @throws {InputError} if it is no JSON, or nothing at all.
 */
export async function* readMessages(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<unknown, void, void> {
  let number = 0, read = 0, empty = true;
  let whole: string[] | undefined;
  for await (const line of readLines(chunks)) {
    number++;
    if (whole) {
      whole.push(line);
      continue;
    }
    // An array whose members have a line each: its brackets and commas are left out.
    const text = line.trim().replace(/,$/, "");
    if (text !== "") empty = false;
    if (text === "" || text === "[" || text === "]") continue;
    const value = text.startsWith("{") ? parse(text) : undefined;
    if (value !== undefined) {
      read++;
      yield value;
    } else if (read === 0) whole = [...new Array<string>(number - 1).fill(""), line];
    else throw new InputError(`line ${number} is no JSON`);
  }
  if (whole) yield* parseWhole(whole.join("\n"));
  else if (empty) throw new InputError("empty, no JSON");
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function parseWhole(text: string): unknown[] {
  // The bracket of an array may have stood on a line before.
  for (const candidate of [text, `[${text}`]) {
    const value = parse(candidate);
    if (value !== undefined) return Array.isArray(value) ? value : [value];
  }
  try {
    JSON.parse(text);
  } catch (error) {
    throw new InputError(`is no JSON: ${(error as Error).message}`);
  }
  return [];
}

async function* readLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true });
    let from = 0;
    for (let to = text.indexOf("\n"); to >= 0; from = to + 1, to = text.indexOf("\n", from)) {
      yield rest + text.slice(from, to);
      rest = "";
    }
    rest += text.slice(from);
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}
