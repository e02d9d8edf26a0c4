/** docs/qos.md: each statement of the page has its tests, which are there and run on real sockets. */
import { assert, assertEquals } from "./assert.ts";

const ROOT = new URL("../", import.meta.url);
const GUIDE = Deno.readTextFileSync(new URL("docs/qos.md", ROOT));
const TESTS = Deno.readTextFileSync(new URL("tests/qos.test.ts", ROOT));

/** A test's name, or what stands for several: a name with values in it. */
interface Name {
  text: string;
  matches: (part: string) => boolean;
}

/** Names of the tests, each of which `statement` runs in a virtual network and on real sockets. */
function names(): Name[] {
  const plain = [...TESTS.matchAll(/^ *statement\(\s*"((?:[^"\\]|\\.)*)"/gm)].map(([, text]): Name => ({
    text,
    matches(part) {
      const [start, end = ""] = part.split("…").map((piece) => piece.trim());
      return part.includes("…") ? text.startsWith(start) && text.endsWith(end) : text === part;
    },
  }));
  const withValues = [...TESTS.matchAll(/^ *statement\(\s*`([^`]*)`/gm)].map(([, text]): Name => {
    const pattern = new RegExp(`^${text.replaceAll(/\$\{[^}]*\}/g, "\\S+")}$`);
    return { text, matches: (part) => pattern.test(part) };
  });
  return [...plain, ...withValues];
}

Deno.test("qos docs: every line of the page's table names tests that there are, and every test of the page is named", () => {
  const [, table] = /## The page, statement by statement\n[\s\S]*?\n\| -+ [^\n]*\n([\s\S]*?)\n(?:\n|$)/.exec(GUIDE)!;
  const lines = table.split("\n").filter((line) => line.startsWith("|"));
  const there = names();
  assert(there.length > 15 && lines.length > 15);
  const used = new Set<string>();
  let before: string[] = [];
  for (const line of lines) {
    const [, , cell] = line.split("|").map((part) => part.trim());
    const named = cell.split(";").map((part) => part.trim()).flatMap((part) => {
      if (part.startsWith("the same")) return before;
      const found = there.filter(({ matches }) => matches(part)).map(({ text }) => text);
      assert(found.length > 0, `no test "${part}"`);
      return found;
    });
    before = named;
    for (const name of named) used.add(name);
  }
  assertEquals(there.filter(({ text }) => !used.has(text)), []);
});
