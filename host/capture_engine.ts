/**
 * An engine that reads captures: an instance of its own, which holds no protocol state. Like host/engine.ts it makes
 * views of its memory, each for one call; copying megabytes of text out and in would take longer than making them.
 */
import { type CapturePort, CaptureReader } from "./capture.ts";
import { defaultModule } from "./default_module.ts";
import { EngineTrapError } from "./engine_errors.ts";

type Calls = Pick<CapturePort, "captureStateBytes" | "captureBegin" | "captureRead" | "captureEnd">;

interface Exports extends Calls {
  readonly memory: WebAssembly.Memory;
  workspace(bytes: number): number;
}

/**
 * Starts to read a capture: `packets` finds messages, `text` gives lines of NDJSON. The module is the embedded one by
 * default. @throws {RangeError} if the engine gets no memory.
 */
export function openCapture(mode: "packets" | "text", module: WebAssembly.Module = defaultModule()): CaptureReader {
  const exports = new WebAssembly.Instance(module, {}).exports as unknown as Exports;
  const guard = <T>(doing: string, run: () => T): T => {
    try {
      return run();
    } catch (error) {
      throw error instanceof WebAssembly.RuntimeError ? new EngineTrapError(doing, error) : error;
    }
  };
  return new CaptureReader({
    room(bytes) {
      const pointer = exports.workspace(bytes) >>> 0;
      if (pointer === 0) throw new RangeError(`the engine gets no ${bytes} bytes of memory for a capture`);
      return pointer;
    },
    bytes: () => new Uint8Array(exports.memory.buffer),
    captureStateBytes: () => exports.captureStateBytes(),
    captureBegin: (state, mode) => exports.captureBegin(state, mode),
    captureRead: (state, chunk, length, output, capacity) =>
      guard("reading a capture", () => exports.captureRead(state, chunk, length, output, capacity)),
    captureEnd: (state, left) => exports.captureEnd(state, left),
  }, mode);
}
