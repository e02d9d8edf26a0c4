/** The programs in docs/ are the files in examples/, are run, and print what the guides say. */
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "./assert.ts";
import { loopback } from "./loopback.ts";
import { needs } from "./require.ts";
import { bundle, withFolder } from "./runtimes/bundle.ts";

const ROOT = new URL("../", import.meta.url);
const read = (path: string) => Deno.readTextFileSync(new URL(path, ROOT));

/** The fenced blocks of a language in a guide. */
function blocks(path: string, language: string): string[] {
  return [...read(path).matchAll(new RegExp("^```" + language + "\\n([\\s\\S]*?)^```$", "gm"))].map((one) => one[1]);
}

/** An example as a guide shows it: without its comment for readers of the file. */
const shown = (path: string) => read(path).replace(/^\/\*\*[\s\S]*?\*\/\n/, "").replaceAll('"../mod.ts"', '"./mod.ts"');

async function run(code: string, ...permissions: string[]) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--quiet", ...permissions, "-"],
    cwd: fileURLToPath(ROOT),
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(code));
  await writer.close();
  const { code: exitCode, stdout, stderr } = await child.output();
  return { exitCode, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

Deno.test("the guide to UDP: nodes on real sockets reserve, need --allow-net only, and print what it says", async () => {
  const [program] = blocks("docs/udp_encapsulation.md", "ts"), [printed] = blocks("docs/udp_encapsulation.md", "text");
  assertEquals(program, shown("examples/udp_nodes.ts"));
  // On a network of this process, so that two runs of the tests do not take each other's ports.
  const moved = program.replaceAll("127.9.", `127.${loopback(13)}.`);
  assertEquals(await run(moved, "--allow-net"), { exitCode: 0, out: printed, err: "" });
});

Deno.test("UDP without permission: open rejects with a UdpOpenError that can be caught, and so says the guide", async () => {
  const { exitCode, out, err } = await run(`
    import { UdpOpenError, UdpTransport } from "./mod.ts";
    try {
      await UdpTransport.open({ addresses: [{ interface: 1, address: "127.0.1.1", prefixLength: 24 }] });
    } catch (error) {
      console.log(error instanceof UdpOpenError, error.code, error.message);
    }`);
  assertEquals([exitCode, err], [0, ""]);
  const row = /^\| DENIED +\| (.*?) +\|$/m.exec(read("docs/udp_encapsulation.md"))?.[1];
  assert(row);
  assertEquals(out, `true DENIED ${row}\n`);
});

Deno.test({
  name: "the guide to other runtimes: its program runs in Node over one bundled file and prints what it says",
  ...needs("node"),
  async fn() {
    await withFolder(async (folder) => {
      await bundle("../../mod.ts", `${folder}/resv.mjs`);
      Deno.writeTextFileSync(`${folder}/program.mjs`, blocks("docs/edge.md", "js")[0]);
      const { stdout, stderr } = await new Deno.Command("node", {
        args: [`${folder}/program.mjs`],
        stdin: "null",
      }).output();
      assertEquals(new TextDecoder().decode(stderr), "");
      assertEquals(new TextDecoder().decode(stdout), blocks("docs/edge.md", "text")[0]);
    });
  },
});

Deno.test("every file that a guide links to is there", () => {
  for (const { name } of [...Deno.readDirSync(new URL("docs/", ROOT))].filter(({ name }) => name.endsWith(".md"))) {
    for (const [, link] of read(`docs/${name}`).matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)) {
      assert(Deno.statSync(new URL(link, new URL(`docs/${name}`, ROOT))).isFile, `docs/${name}: ${link}`);
    }
  }
});
