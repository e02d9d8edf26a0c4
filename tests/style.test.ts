/** The house's style and its two laws, each rule a test that reports file and line. */
import { fileURLToPath } from "node:url";
import { applyRule, blankOut, functionLengths, projectFiles, RULES, type SourceFile } from "../scripts/style_rules.ts";
import { assert, assertEquals, fail } from "./assert.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
const files = await projectFiles(ROOT);

for (const rule of RULES) {
  Deno.test(`style: ${rule.name}`, () => {
    const findings = applyRule(rule, files);
    if (findings.length > 0) fail("\n" + findings.map((f) => `  ${f.path}:${f.line}: ${f.what}`).join("\n"));
  });
}

Deno.test("style: the rules see the project's files", () => {
  for (const path of ["deno.json", "scripts/style_rules.ts", "tests/style.test.ts", "engine-as/abort.ts"]) {
    assert(files.some((file) => file.path === path), `${path} is not among the ${files.length} files read`);
  }
});

/** For each rule, by a piece of its name: a file that breaks it, and the line at which it does. */
const BREAKERS: [rule: string, path: string, text: string, line: number][] = [
  ["no file is longer", "host/long.ts", "a();\n".repeat(401), 401],
  ["no function is longer", "host/long.ts", "\nfunction f(a: number) {\n" + "a++;\n".repeat(70) + "}\n", 2],
  ["no function is longer", "host/long.ts", "class C {\n  m(): void {\n" + "    a++;\n".repeat(70) + "  }\n}\n", 2],
  ["snake_case", "host/CamelCase.ts", "", 1],
  ["snake_case", "host/some-folder/a.ts", "", 1],
  ["snake_case", "tests/.scratch.ts", "", 1],
  ["declares no imports", "engine-as/x.ts", "// @external is a word\n@external('a', 'b')\n", 2],
  ["declares no imports", "engine-as/x.ts", "declare function now(): f64;\n", 1],
  ["is managed", "engine-as/x.ts", "\n\nconst a = new Thing();\n", 3],
  ["is managed", "engine-as/x.ts", "function f(): void { const a = Array<u8>(4); }\n", 1],
  ["lost its decorator", "engine-as/x.ts", "// @ts-ignore: decorator\n\nfunction f(): void {}\n", 1],
  ["no clock", "engine-as/x.ts", "const a = Math.random();\n", 1],
  ["touch WASM memory", "host/codec.ts", "const v = new Uint8Array(exports.memory.buffer);\n", 1],
  ["writes to the console", "host/loop.ts", "console.log(1);\n", 1],
  ["someone's machine", "docs/a.md", "see " + "/ro" + "ot/x/y\n", 1],
  ["from JSR", "host/a.ts", 'import "js' + 'r:@std/assert";\n', 1],
  ["registry's host", "docs/a.md", "https://registry.npm" + "js.org/x\n", 1],
  ["conflict marker", "docs/a.md", "a\n" + "<".repeat(7) + " HEAD\n", 2],
  ["skipped or alone", "tests/a.test.ts", "Deno.test.only('a', () => {});\n", 1],
];

for (const [name, path, text, line] of BREAKERS) {
  Deno.test(`style: the rule on "${name}" finds ${path}:${line}`, () => {
    const rule = RULES.find((candidate) => candidate.name.includes(name));
    assert(rule, `no rule is named by "${name}"`);
    const file: SourceFile = { path, text, lines: text.split("\n") };
    assertEquals(applyRule(rule, [file]).map((finding) => finding.line), [line]);
  });
}

Deno.test("style: every rule has a file that breaks it", () => {
  for (const rule of RULES) assert(BREAKERS.some(([name]) => rule.name.includes(name)), `nothing breaks: ${rule.name}`);
});

Deno.test("style: comments and strings are not taken for code", () => {
  const text = "a(/[/{]/, `x ${b({})} }`); // {\n'{'; /* {\n{ */ c";
  const code = blankOut(text, true);
  assertEquals(code.length, text.length);
  assertEquals(code.split("\n").length, 3);
  assertEquals((code.match(/\{/g) ?? []).length, (code.match(/\}/g) ?? []).length);
  assert(!code.includes("x ") && code.includes("b({})") && code.trimEnd().endsWith("c"), code);
});

Deno.test("style: a function's length is counted over object types, defaults and templates", () => {
  const text = [
    "export function one(a: { b: number } = { b: 1 }): { c: string } {",
    "  return { c: `${a.b}{` };",
    "}",
    "const two = (a: number) => {",
    "  return a;",
    "};",
    "declare function three(): void;",
    "class C { ",
    "  static async four<T>(a: T): Promise<T> {",
    "    if (a) { return a; }",
    "    return a;",
    "  }",
    "}",
  ].join("\n");
  assertEquals(functionLengths(text).map(({ name, line, length }) => [name, line, length]), [
    ["one", 1, 3],
    ["two", 4, 3],
    ["four", 9, 4],
  ]);
});

Deno.test("style: mod.ts imports without any permission and without Deno being there", async () => {
  const program = `delete globalThis.Deno; const all = await import(${JSON.stringify("file://" + ROOT + "/mod.ts")});
    if (Object.keys(all).length === 0) throw new Error("mod.ts exports nothing");`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--quiet", "-"],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(program));
  await writer.close();
  const { success, stderr } = await child.output();
  assert(success, new TextDecoder().decode(stderr));
});
