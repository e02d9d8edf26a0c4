/** Builds engine-as/engine.wasm: `build.ts [release|debug]`. */
import asc from "assemblyscript/asc";

const target = Deno.args[0] ?? "release";
const { error, stderr } = await asc.main(["engine-as/engine.ts", "--config", "engine-as/asconfig.json", "--target", target]);
const text = stderr.toString();
if (text) console.error(text);
if (error) Deno.exit(1);
