/**
 * The long run of tests/codec_fuzz/: `soak_codec.ts [--seed N] [--inputs N]`. Ten million inputs by default; a fault ends
 * it with the seed, the number of the input and its bytes.
 */
import { parseArgs } from "node:util";
import { CodecFuzz } from "../tests/codec_fuzz/run.ts";

const STEP = 100_000;
const { values } = parseArgs({
  args: Deno.args,
  options: { seed: { type: "string", default: "1" }, inputs: { type: "string", default: "10000000" } },
});
const seed = Number(values.seed), inputs = Number(values.inputs);
if (!Number.isInteger(seed) || !Number.isInteger(inputs) || inputs < 1) {
  console.error("soak_codec: --seed and --inputs want whole numbers");
  Deno.exit(2);
}

const fuzz = new CodecFuzz(seed);
const start = performance.now();
try {
  for (let left = inputs; left > 0; left -= STEP) {
    fuzz.run(Math.min(left, STEP));
    const rate = fuzz.seen.inputs / (performance.now() - start) * 1000;
    const heap = Math.round(Deno.memoryUsage().heapUsed / 2 ** 20);
    console.log(`seed ${seed}: ${fuzz.seen.inputs} inputs, ${Math.round(rate)}/s, JavaScript heap ${heap} MB`);
  }
} catch (error) {
  console.error(`seed ${seed}: ${(error as Error).message}`);
  Deno.exit(1);
}
console.log(JSON.stringify(fuzz.seen, null, 2));
