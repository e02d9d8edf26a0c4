/** docs/protocol.md shows what the engine has: its diagrams are drawn from data whose names are found in the source. */
import { readFileSync } from "node:fs";
import { STATE_MACHINES } from "../catalogue/states.ts";
import { generateStates, stateMistakes } from "../scripts/generate_states.ts";
import { assert, assertEquals } from "./assert.ts";

const ROOT = new URL("../", import.meta.url);

Deno.test("the state diagrams of docs/protocol.md are those of catalogue/states.ts", () => {
  for (const [path, text] of Object.entries(generateStates())) {
    assertEquals(readFileSync(new URL(path, ROOT), "utf8"), text);
  }
});

Deno.test("every file, function and limit that docs/protocol.md names in backquotes is in the engine", () => {
  const text = readFileSync(new URL("docs/protocol.md", ROOT), "utf8");
  // Tests are named too, by their paths: whether they are there is seen when they run.
  const files = [...text.replaceAll(/\btests\/[\w./]+\.ts\b/g, "").matchAll(/\b((?:[\w-]+\/)?\w+)\.ts\b/g)].map((
    [, name],
  ) => name);
  assert(files.length > 20);
  const folders = ["process", "state"];
  const sources = new Map<string, string>();
  for (const folder of [...folders, "timers", "wire"]) {
    for (const { name } of Deno.readDirSync(new URL(`engine-as/${folder}`, ROOT))) {
      const source = readFileSync(new URL(`engine-as/${folder}/${name}`, ROOT), "utf8");
      sources.set(`${folder}/${name.replace(".ts", "")}`, source);
    }
  }
  sources.set("engine-as/limits", readFileSync(new URL("engine-as/limits.ts", ROOT), "utf8"));
  for (const name of files) {
    assert([name, ...folders.map((folder) => `${folder}/${name}`)].some((path) => sources.has(path)), `no ${name}.ts`);
  }
  const functions = [...text.matchAll(/`([a-z]+[A-Z]\w*|(?:MAXIMUM|SYNC|SLOTS)_\w+)`/g)].map(([, name]) => name);
  assert(functions.length > 30);
  const all = [...sources.values()].join("\n");
  for (const name of functions) assert(new RegExp(`\\b${name}\\b`).test(all), `the engine has no ${name}`);
});

Deno.test("a state machine that names what the engine does not have is refused", () => {
  const [machine] = STATE_MACHINES;
  const [first, ...rest] = machine.transitions;
  const broken = (change: object) => stateMistakes({ ...machine, transitions: [{ ...first, ...change }, ...rest] });
  assertEquals(broken({}), []);
  assertEquals(broken({ by: "path.ts noSuch" }), ["path: engine-as/process/path.ts has no function noSuch"]);
  assertEquals(broken({ by: "gone.ts newPath" }), ["path: engine-as/process/gone.ts has no function newPath"]);
  assertEquals(broken({ to: "nowhere" }), ["path: there is no state nowhere"]);
  assertEquals(broken({ event: "a: b" }), ['path: no colon, semicolon or bar in "a: b"']);
  const states = [{ ...machine.states[0], stands: "`PATH_NO_SUCH`" }, ...machine.states.slice(1)];
  assertEquals(stateMistakes({ ...machine, states }), ["path: state asked: path_state.ts has no PATH_NO_SUCH"]);
});
