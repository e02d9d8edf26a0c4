/** A short run of the soak (scripts/soak_codec.ts), with a seed of its own each day it is run. */
import { assert } from "./assert.ts";
import { CodecFuzz } from "./codec_fuzz/run.ts";

function run(seed: number, inputs: number): CodecFuzz {
  const fuzz = new CodecFuzz(seed);
  try {
    fuzz.run(inputs);
  } catch (error) {
    throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
  }
  return fuzz;
}

Deno.test("messages made wrong on purpose are decoded, explained and encoded to their own bytes", () => {
  const { decoded, faulty, refused } = run(2205, 12_000).seen;
  assert(decoded > 6000 && faulty > 3000, `decoded ${decoded}, faulty ${faulty}`);
  for (const status of ["TRUNCATED", "BAD_VERSION", "BAD_LENGTH", "OBJECT_LENGTH", "OBJECT_OVERRUN"]) {
    assert(refused[status] > 0, `no input was refused as ${status}`);
  }
});

Deno.test("so are those of today's seed", () => {
  run(Math.floor(Date.now() / 86_400_000), 4000);
});
