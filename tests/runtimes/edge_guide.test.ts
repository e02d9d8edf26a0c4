/** The worker of docs/edge.md, in workerd. */
import { Miniflare } from "miniflare";
import { decode, Network } from "../../mod.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { bundle, withFolder } from "./bundle.ts";
import { PATH_HEX } from "./exchange.ts";

const ROOT = new URL("../../", import.meta.url);

Deno.test("the worker of the guide decodes messages and captures and runs a network in workerd", async () => {
  const [, worker] =
    Deno.readTextFileSync(new URL("docs/edge.md", ROOT)).match(/^```js\n(import module[\s\S]*?)^```$/m) ?? [];
  assert(worker, "docs/edge.md has no worker");
  await withFolder(async (folder) => {
    await bundle("../../mod.ts", `${folder}/resv.mjs`);
    const engine = await Deno.readFile(new URL("engine-as/engine.wasm", ROOT));
    const miniflare = new Miniflare({
      compatibilityDate: "2026-07-01",
      modules: [
        { type: "ESModule", path: "worker.mjs", contents: worker },
        { type: "ESModule", path: "resv.mjs", contents: await Deno.readTextFile(`${folder}/resv.mjs`) },
        { type: "CompiledWasm", path: "engine.wasm", contents: engine },
      ],
    });
    const post = async (path: string, body: Uint8Array<ArrayBuffer>) =>
      await (await miniflare.dispatchFetch(`http://localhost/${path}`, { method: "POST", body })).text();
    try {
      const path = Uint8Array.fromHex(PATH_HEX);
      assertEquals(JSON.parse(await post("decode", path)), decode(path));
      assertMatch(JSON.parse(await post("decode", path.slice(0, 20))).error, /length/);
      const { bytes, messages } = captured();
      const entries: { message: string }[] = JSON.parse(await post("capture", bytes));
      assertEquals(entries.map(({ message }) => message), messages);
      assertMatch(await post("network", new Uint8Array(0)), /alice.*bob\n.*Path ─+▶.*\n.*◀─+ Resv/);
    } finally {
      await miniflare.dispose();
    }
  });
});

/** What a network sent, as a capture and by name. */
function captured() {
  const network = new Network(), file = network.capture();
  const [alice, bob] = [network.host("alice"), network.host("bob")];
  network.link(alice, bob);
  const session = { destination: bob.address, port: 5004 };
  bob.receive(session, { style: "FF", confirm: true });
  alice.send(session, { port: 4000, tokenBucketRateBytesPerSecond: 100_000 });
  network.settle();
  return { bytes: file.bytes(), messages: network.messages().map(({ message }) => message) };
}
