/** README's program is run, without permissions, and prints what README says. */
import { fileURLToPath } from "node:url";
import { TABLE_READERS } from "../host/boundary.gen.ts";
import { assert, assertEquals } from "./assert.ts";

const ROOT = new URL("../", import.meta.url);
const readme = Deno.readTextFileSync(new URL("README.md", ROOT));

/** A fenced block of a language, the first one by default. */
function block(language: string, index = 0): string {
  const found = [...readme.matchAll(new RegExp("^```" + language + "\\n([\\s\\S]*?)^```$", "gm"))][index];
  assert(found, `README.md has no such block of ${language}`);
  return found[1];
}

async function run(code: string): Promise<{ out: string; err: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--quiet", "-"],
    cwd: fileURLToPath(ROOT),
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(code));
  await writer.close();
  const { stdout, stderr } = await child.output();
  return { out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

Deno.test("README's program runs without permissions and prints what README says", async () => {
  const { out, err } = await run(block("ts"));
  assertEquals(err, "");
  assertEquals(out, block("text"));
});

Deno.test("README's messages are encoded and decoded, print what README says, and are an example", async () => {
  const { out, err } = await run(block("ts", 1));
  assertEquals([out, err], [/^prints `(.*?)`/m.exec(readme)?.[1] + "\n", ""]);
  const example = Deno.readTextFileSync(new URL("examples/message.ts", ROOT));
  assertEquals(example.split("\n").slice(1).join("\n"), block("ts", 1).replace('"./mod.ts"', '"../mod.ts"'));
});

Deno.test("README names every table of a node", () => {
  const list = /has\s+every\s+table\s+of\s+a\s+node:\s+([^.]*)\./.exec(readme)?.[1] ?? "";
  assertEquals([...list.matchAll(/`(\w+)`/g)].map(([, name]) => name).sort(), Object.keys(TABLE_READERS).sort());
});

Deno.test("README's program has at most fifteen lines and is the first example", () => {
  const program = block("ts");
  assert(program.trimEnd().split("\n").length <= 15, "it has grown");
  const example = Deno.readTextFileSync(new URL("examples/first_network.ts", ROOT));
  assertEquals(example.split("\n").slice(1).join("\n"), program.replace('"./mod.ts"', '"../mod.ts"'));
});

Deno.test("every file that README links to is there", () => {
  const links = [...readme.matchAll(/\]\(([^)#:]+)\)/g)].map((match) => match[1]);
  assert(links.length > 5);
  for (const link of links) Deno.statSync(new URL(link, ROOT));
});
