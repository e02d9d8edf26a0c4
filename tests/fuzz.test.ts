/** A short run of the fuzzer (docs/fuzzing.md): fixed seeds, and a fresh one that is printed. */
import { defaultModule } from "../host/default_module.ts";
import { assert, assertEquals } from "./assert.ts";
import { Campaign, type Target, TARGETS } from "./fuzz/campaign.ts";
import { committedMessages, corpus } from "./fuzz/corpus.ts";
import { CodecAttack } from "./fuzz/codec_target.ts";
import { smallerList } from "./fuzz/minimise.ts";

/** Cases of each target in one run of the tests. */
const CASES: Record<Target, number> = { codec: 20, node: 8, capture: 20 };
const FIXED_SEEDS = [2205, 2209];

function run(seed: number): void {
  const campaign = new Campaign(defaultModule(), seed);
  for (const target of TARGETS) {
    for (let index = 0; index < CASES[target]; index++) {
      const { failure } = campaign.run(target, index);
      if (!failure) continue;
      throw new Error(
        `${failure.message}\n  again: deno task fuzz --target ${target} --seed ${seed} --case ${index}\n` +
          `  smallest input: ${failure.input.slice(0, 4000)}`,
      );
    }
  }
}

for (const seed of FIXED_SEEDS) {
  Deno.test(`codec, node and captures stand the attacks of seed ${seed}`, () => run(seed));
}

Deno.test("codec, node and captures stand the attacks of a fresh seed", () => {
  const [seed] = crypto.getRandomValues(new Uint32Array(1));
  console.log(`seed ${seed}`);
  run(seed);
});

Deno.test("every message that the fuzzer starts from is whole", () => {
  const attack = new CodecAttack(defaultModule());
  for (const [name, bytes] of committedMessages()) {
    attack.run(bytes, true);
    // Unknown styles, classes and policies are among them on purpose; broken framing and wrong checksums are not.
    assertEquals(attack.codec.decode(bytes).checksum, "ok", name);
  }
  assert(corpus().length > 300, "the vectors of the catalogue are missing");
});

Deno.test("a failing list is cut down to what fails", () => {
  const list = Array.from({ length: 100 }, (_, number) => number);
  assertEquals(smallerList(list, (some) => some.includes(17) && some.includes(80)), [17, 80]);
});
