/** Classes and items that share a layout share its code: of functions that are equal but for names and types, one is kept. */

/** A function with the constants before it that are its own. */
interface Unit {
  readonly name: string;
  text: string;
}

/** The functions of generated lines, each of which starts at the margin. */
function unitsOf(lines: readonly string[]): Unit[] {
  const units: Unit[] = [];
  let text = "";
  for (const line of lines) {
    text += `${line}\n`;
    if (line !== "}") continue;
    units.push({ name: /^function (\w+)/m.exec(text)![1], text });
    text = "";
  }
  if (text !== "") throw new Error(`lines that end in no function: ${text}`);
  return units;
}

/** What of a function decides whether another does the same: all but its own names and the types that TypeScript wants. */
function meaning({ name, text }: Unit): string {
  return text
    .replaceAll(new RegExp(`\\b${name}\\b`, "g"), "SELF")
    .replaceAll(/\bLAYOUT_\w+/g, "LAYOUT")
    .replaceAll(/\bconst (o|rest|items)(: [^=]+?) =/g, "const $1 =")
    .replaceAll(/\): \w+ \{$/gm, ") {")
    .replaceAll(/\bas \w+;/g, ";");
}

/**
 * The lines without functions that another can stand for, and the names that have gone, each with the one that stands for
 * it. What calls equal functions may become equal by that, so it is done until nothing changes.
 */
export function shareFunctions(lines: readonly string[]): { text: string; rename: (text: string) => string } {
  let units = unitsOf(lines);
  const gone = new Map<string, string>();
  const renamed = (text: string, names: ReadonlyMap<string, string>) =>
    text.replaceAll(/\b(?:read|write|bare)\w+\b/g, (name) => names.get(name) ?? name);
  for (;;) {
    const kept = new Map<string, Unit>(), names = new Map<string, string>();
    for (const unit of units) {
      const key = meaning(unit), first = kept.get(key);
      if (first === undefined) kept.set(key, unit);
      else names.set(unit.name, first.name);
    }
    if (names.size === 0) break;
    units = [...kept.values()];
    for (const unit of units) unit.text = renamed(unit.text, names);
    for (const [name, other] of gone) gone.set(name, names.get(other) ?? other);
    for (const [name, other] of names) gone.set(name, other);
  }
  return { text: units.map(({ text }) => text).join("").trimEnd(), rename: (text) => renamed(text, gone) };
}
