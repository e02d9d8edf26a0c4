/** The committed engine in workerd, the runtime of Cloudflare Workers, which takes WASM as a compiled module only. */
import { Miniflare } from "miniflare";
import { assertEquals, assertRejects, assertStringIncludes } from "../assert.ts";
import { bundle, withFolder } from "./bundle.ts";
import { exchange, type Outcome } from "./exchange.ts";

const ENGINE = new URL("../../engine-as/engine.wasm", import.meta.url);

async function inWorkerd(exchangeCode: string, argument: string): Promise<Outcome> {
  const miniflare = new Miniflare({
    compatibilityDate: "2026-07-01",
    modules: [
      {
        type: "ESModule",
        path: "worker.mjs",
        contents: `import engine from "./engine.wasm";
          import { exchange } from "./exchange.mjs";
          export default { fetch: () => Response.json(exchange(${argument})) };`,
      },
      { type: "ESModule", path: "exchange.mjs", contents: exchangeCode },
      { type: "CompiledWasm", path: "engine.wasm", contents: await Deno.readFile(ENGINE) },
    ],
  });
  try {
    const response = await miniflare.dispatchFetch("http://localhost/");
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return JSON.parse(text);
  } finally {
    await miniflare.dispose();
  }
}

Deno.test("workerd decodes a PATH and runs a PATH/RESV exchange exactly as Deno does", async () => {
  await withFolder(async (folder) => {
    await bundle("./exchange.ts", `${folder}/exchange.js`);
    const code = await Deno.readTextFile(`${folder}/exchange.js`);
    assertEquals(await inWorkerd(code, "engine"), JSON.parse(JSON.stringify(exchange())));
    // Why the module is handed over: from the embedded bytes workerd compiles nothing.
    const error = await assertRejects(() => inWorkerd(code, ""), Error, "Wasm code generation disallowed");
    assertStringIncludes(error.message, "import engine.wasm as a module and hand it over: new Network({ module })");
  });
});
