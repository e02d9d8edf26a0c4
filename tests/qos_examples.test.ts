/** The programs of docs/qos-sockets.md are the files in examples/, run with --allow-net only, and print what they should. */
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "./assert.ts";
import { loopback } from "./loopback.ts";
import { needs } from "./require.ts";
import { bundle, withFolder } from "./runtimes/bundle.ts";

const ROOT = new URL("../", import.meta.url);

const OUTPUT: Record<string, string> = {
  voice_call: "alice: SENDERS\nalice: RECEIVERS\nreserved: 8500 bytes/s\nbob hears: Hello, Bob\n",
  video_group: "reserved for whoever sends: WF\nseen: a frame\nreserved for one that is named: SE\n",
  tcp_download: "server: RECEIVERS 1000000 bytes/s\nclient has 5000000 bytes\n",
  rapi_call: "bob hears of 127.24.1.2:4000\nalice has [G R=10000 S=0 r=8500 b=680 p=inf m=64 M=340]\nbob: confirmed\n",
};

/** The network of the examples, and the one of this process that stands for it. */
const SHOWN_NETWORK = /127\.2[1234]\./g, NETWORK = `127.${loopback(12)}.`;

/** An example as the guide shows it: without its comment for readers of the file. */
function shown(name: string): string {
  const code = Deno.readTextFileSync(new URL(`examples/${name}.ts`, ROOT));
  return code.replace(/^\/\*\*[\s\S]*?\*\/\n/, "").replaceAll("../mod.ts", "@resv/resv");
}

for (const [name, expected] of Object.entries(OUTPUT)) {
  Deno.test(`qos examples: ${name} runs to its end and prints what it should`, async () => {
    // On a network of this process, so that two runs of the tests do not take each other's ports.
    const program = shown(name).replaceAll("@resv/resv", "./mod.ts").replaceAll(SHOWN_NETWORK, NETWORK);
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", "--allow-net", "-"],
      cwd: fileURLToPath(ROOT),
      signal: AbortSignal.timeout(20_000),
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(program));
    await writer.close();
    const { code, stdout, stderr } = await child.output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    assertEquals([code, text(stderr), text(stdout)], [0, "", expected.replaceAll(SHOWN_NETWORK, NETWORK)]);
  });
}

for (const [name, expected] of Object.entries(OUTPUT)) {
  Deno.test({
    name: `qos examples: ${name} runs in Node and prints the same`,
    ...needs("node"),
    fn: () =>
      withFolder(async (folder) => {
        const file = `${folder}/${name}.mjs`;
        await bundle(`../../examples/${name}.ts`, file);
        const code = (await Deno.readTextFile(file)).replaceAll(SHOWN_NETWORK, NETWORK);
        await Deno.writeTextFile(file, code);
        const { stdout, stderr } = await new Deno.Command("node", { args: [file], signal: AbortSignal.timeout(20_000) })
          .output();
        const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
        assertEquals([text(stderr), text(stdout)], ["", expected.replaceAll(SHOWN_NETWORK, NETWORK)]);
      }),
  });
}

Deno.test("qos examples: the guide shows the examples as they are", () => {
  const guide = Deno.readTextFileSync(new URL("docs/qos-sockets.md", ROOT));
  const blocks = [...guide.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code);
  for (const name of Object.keys(OUTPUT).filter((name) => name !== "rapi_call")) {
    assert(blocks.includes(shown(name)), `examples/${name}.ts is not in the guide`);
  }
  assert(blocks.includes(shown("voice_peer")), "examples/voice_peer.ts is not in the guide");
  const router = Deno.readTextFileSync(new URL("examples/voice_router.toml", ROOT)).replace(/^#.*\n/, "");
  assert(guide.includes("```toml\n" + router + "```"), "examples/voice_router.toml is not in the guide");
});
