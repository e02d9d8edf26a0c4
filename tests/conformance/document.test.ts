/** docs/conformance.md: fresh, and complete. */
import { assertEquals } from "../assert.ts";
import { conformance, generateConformance } from "../../scripts/generate_conformance.ts";
import { has, SHARED } from "../require.ts";

Deno.test("docs/conformance.md is what the requirements and the names of the tests make (deno run -A scripts/generate_conformance.ts)", async () => {
  for (const [path, text] of Object.entries(generateConformance())) {
    assertEquals(await Deno.readTextFile(new URL(`../../${path}`, import.meta.url)), text);
  }
});

Deno.test("Every requirement has a test or a reason, and what is met in no part is none that must be", () => {
  const { requirements, tests, unmet, mistakes } = conformance();
  assertEquals(mistakes, []);
  const without = requirements.filter(({ id }) => !tests.has(id));
  assertEquals(without.filter(({ id }) => !unmet.has(id)).map(({ id }) => id), []);
  assertEquals(without.filter(({ level }) => level === "MUST").map(({ id }) => id), []);
});

Deno.test({
  name: "The list of requirements is the one of the reference material",
  ignore: !has("conformance"),
  async fn() {
    const theirs = (await Deno.readTextFile(`${SHARED}conformance/rsvp-conformance.tsv`)).split("\n");
    const wanted = theirs.filter((line, index) => index === 0 || /^22(05|07|09|10|11|12|15)-/.test(line));
    const ours = await Deno.readTextFile(new URL("requirements.tsv", import.meta.url));
    assertEquals(ours.trimEnd().split("\n"), wanted);
  },
});
