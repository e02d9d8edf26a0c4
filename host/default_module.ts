/**
 * The engine's compiled module for runtimes that may compile from bytes. Where that is forbidden (workerd), import
 * `engine.wasm` as a module and hand it to `new Engine(module)` instead; then this file is not needed.
 */
import { decodeBase64 } from "./base64.ts";
import { ENGINE_BASE64 } from "./wasm.gen.ts";

let cached: WebAssembly.Module | undefined;

/**
 * One module for all engines of the program, compiled synchronously at first use (some milliseconds). It is compiled from
 * text in this package, so that no file is read and no permission needed. Throws an Error that says what to do instead
 * where the runtime does not compile from bytes (workerd).
 *
 * @example
 * ```ts
 * import { defaultModule, Engine } from "@resv/resv";
 *
 * console.log(defaultModule() === defaultModule()); // true
 * console.log(WebAssembly.Module.imports(defaultModule()).length); // 0
 * console.log(new Engine(defaultModule()).alive); // true
 * ```
 */
export function defaultModule(): WebAssembly.Module {
  return cached ??= compile(decodeBase64(ENGINE_BASE64));
}

function compile(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  try {
    return new WebAssembly.Module(bytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `this runtime does not compile the engine from bytes (${reason}): import engine.wasm as a module and hand it over: ` +
        "new Network({ module }), new Codec(CodecEngine.of(module)), decodeCapture(bytes, { module }); see docs/edge.md",
      { cause: error },
    );
  }
}
