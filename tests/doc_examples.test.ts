/**
 * Every example of the documentation is run: each ```ts block of the docstrings that mod.ts reaches, of README.md and of
 * the guides in docs/ is a module of its own. It is type-checked, and run without permissions, unless its first line says
 * `// deno run --allow-...`. What a `console.log(...); // like this` promises has to be among the lines printed.
 */
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "./assert.ts";
import { loopback } from "./loopback.ts";

const ROOT = new URL("../", import.meta.url);
const TIME_LIMIT_MS = 30_000;
/** Networks of this process that no other test uses; see tests/loopback.ts. */
const FIRST_LOOPBACK = 10;

interface Example {
  readonly name: string;
  readonly code: string;
}

interface DocNode {
  readonly jsDoc?: { doc?: string; tags?: { kind: string; doc?: string }[] };
}

interface Symbol extends DocNode {
  readonly name: string;
  readonly declarations: readonly (DocNode & { kind: string; def?: Record<string, unknown> })[];
}

const deno = (...args: string[]) =>
  new Deno.Command(Deno.execPath(), {
    args,
    cwd: fileURLToPath(ROOT),
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });

/** What deno doc says of mod.ts. */
async function documentation(): Promise<{ module_doc: DocNode["jsDoc"]; symbols: Symbol[] }> {
  const { stdout } = await deno("doc", "--json", "mod.ts").output();
  return Object.values(JSON.parse(new TextDecoder().decode(stdout)).nodes)[0] as Awaited<
    ReturnType<typeof documentation>
  >;
}

const blocksOf = (text: string) => [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)];

const textOf = ({ jsDoc }: DocNode) =>
  [jsDoc?.doc ?? "", ...(jsDoc?.tags ?? []).map((tag) => tag.doc ?? "")].join("\n");

/** Every docstring at or below a node of deno doc's JSON. */
function docstrings(node: unknown): string[] {
  if (node === null || typeof node !== "object") return [];
  const own = "jsDoc" in node ? [textOf(node as DocNode)] : [];
  return [...own, ...Object.entries(node).filter(([key]) => key !== "jsDoc").flatMap(([, part]) => docstrings(part))];
}

/** Guides whose programs have tests of their own, for they need more (tests/guides.test.ts, tests/qos_examples.test.ts). */
const TESTED_ELSEWHERE = new Set(["udp_encapsulation.md", "qos-sockets.md"]);

function guides(): string[] {
  const names = [...Deno.readDirSync(new URL("docs/", ROOT))].map(({ name }) => name).filter((name) =>
    name.endsWith(".md") && !TESTED_ELSEWHERE.has(name)
  );
  return ["README.md", "ARCHITECTURE.md", ...names.sort().map((name) => `docs/${name}`)];
}

const docs = await documentation();

function examples(): Example[] {
  const numbered = (what: string, text: string): Example[] =>
    blocksOf(text).map(([, code], index, all) => ({ name: all.length > 1 ? `${what} ${index + 1}` : what, code }));
  return [
    ...numbered("mod.ts", docs.module_doc?.doc ?? ""),
    ...docs.symbols.flatMap((symbol) => numbered(symbol.name, docstrings(symbol).join("\n"))),
    ...guides().flatMap((path) => numbered(path, Deno.readTextFileSync(new URL(path, ROOT)))),
  ];
}

/** The example as a module: it imports this tree, and its loopback networks are this process's own. */
function moduleOf(code: string): string {
  const networks = new Map<string, number>();
  return code
    .replace(/(from |import\()"(@resv\/resv|\.\/mod\.ts)"/g, `$1"${new URL("mod.ts", ROOT)}"`)
    .replace(/\b127\.(?!0\.)(\d+)\./g, (_, octet: string) => {
      if (!networks.has(octet)) networks.set(octet, loopback(FIRST_LOOPBACK + networks.size));
      return `127.${networks.get(octet)}.`;
    }) + "\nexport {};\n";
}

const all = examples();
const folder = await Deno.makeTempDir({ prefix: "resv_examples_" });
const files = all.map(({ code }, index) => {
  const path = `${folder}/example_${index}.ts`;
  Deno.writeTextFileSync(path, moduleOf(code));
  return path;
});
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

let checked: Promise<string> | undefined;

/** What the type checker says of all of them, once; empty if nothing. */
function typeErrors(): Promise<string> {
  return checked ??= deno("check", "--config", "deno.json", ...files).output().then(({ success, stderr }) =>
    success ? "" : new TextDecoder().decode(stderr).replace(/^Check .*\n/gm, "")
  );
}

/** Options of deno run that the first line asks for. */
const permissions = (code: string) => /^\/\/ deno run (.*)$/m.exec(code.split("\n")[0])?.[1].split(" ") ?? [];

/** What the comments behind console.log promise. */
const promises = (code: string) => [...code.matchAll(/console\.log\(.*\);? \/\/ (.+)$/gm)].map(([, text]) => text);

for (const [index, { name, code }] of all.entries()) {
  Deno.test(`example of ${name} runs and prints what it promises`, async () => {
    const errors = await typeErrors();
    // An error that names no example concerns all of them.
    if (errors.includes(`example_${index}.ts`) || !/example_\d+\.ts/.test(errors)) assertEquals(errors, "");
    const child = deno(
      "run",
      "--no-prompt",
      "--quiet",
      "--no-check",
      "--config",
      "deno.json",
      ...permissions(code),
      files[index],
    );
    const process = child.spawn();
    const limit = setTimeout(() => process.kill("SIGKILL"), TIME_LIMIT_MS);
    const { success, stdout, stderr } = await process.output();
    clearTimeout(limit);
    const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    assertEquals(err, "");
    assert(success, `it failed without a word, or took more than ${TIME_LIMIT_MS} ms`);
    const lines = out.split("\n");
    for (const promised of promises(code)) {
      const at = lines.indexOf(promised);
      assert(at >= 0, `it promises "${promised}" and printed\n${out}`);
      lines.splice(at, 1);
    }
  });
}

Deno.test("every class and function of mod.ts has an example, or names the one that shows it", () => {
  const shown = new Set(
    docs.symbols.filter((symbol) => blocksOf(docstrings(symbol).join("\n")).length > 0).map(({ name }) => name),
  );
  // What cannot be used on its own points to the one that shows it.
  const pointsToOne = (text: string) => [...text.matchAll(/@linkcode (\w+)/g)].some(([, name]) => shown.has(name));
  const bare = docs.symbols.filter(({ name, declarations }) =>
    !shown.has(name) && declarations.some(({ kind }) => kind === "class" || kind === "function") &&
    !declarations.some((declaration) => pointsToOne(textOf(declaration)))
  );
  assertEquals(bare.map(({ name }) => name), []);
});

Deno.test("deno doc --lint finds nothing in mod.ts", async () => {
  const { success, stderr } = await deno("doc", "--lint", "mod.ts").output();
  assert(success, new TextDecoder().decode(stderr));
});
