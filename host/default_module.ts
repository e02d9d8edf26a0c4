/**
 * The engine's compiled module for runtimes that may compile from bytes. Where that is forbidden (workerd), import
 * `engine.wasm` as a module and hand it to `new Engine(module)` instead; then this file is not needed.
 */
import { decodeBase64 } from "./base64.ts";
import { ENGINE_BASE64 } from "./wasm.gen.ts";

let cached: WebAssembly.Module | undefined;

/**
 * One module for all engines of the program, compiled synchronously at first use (some milliseconds). It is compiled from
 * text in this package, so that no file is read and no permission needed.
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
  cached ??= new WebAssembly.Module(decodeBase64(ENGINE_BASE64));
  return cached;
}
