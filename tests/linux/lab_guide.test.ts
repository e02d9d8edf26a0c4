/** docs/linux.md: the lab is set up by copy and paste. */
import { fileURLToPath } from "node:url";
import { removeLab } from "../../scripts/lab/build.ts";
import { assert, assertEquals, assertLessOrEqual, assertMatch } from "../assert.ts";
import { needs } from "../require.ts";
import { run } from "./namespace.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const GUIDE = Deno.readTextFileSync(`${ROOT}docs/linux.md`);

/** The commands of the lab, as the guide has them. */
function commands(): string[] {
  const [, section] = /^## A lab in ten commands\n([\s\S]*?)^## /m.exec(GUIDE) ?? [];
  assert(section, "the guide has no such section");
  return [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, text]) => text.trimEnd().split("\n"));
}

/**
 * Pauses for people as long as they take, a minute at the most: until the reservation is shown, then until it is not. Each
 * leaves a mark in what is printed.
 */
function patient(script: string): string {
  let shown = false;
  return script.replaceAll(/^sleep \d+; (resv show .*)$/gm, (_line, show: string) => {
    shown = !shown;
    const found = `${show} 2>&1 | grep -q 10.0.3.4`;
    return `for i in $(seq 120); do if ${
      shown ? "" : "! "
    }${found}; then break; fi; sleep 0.5; done; echo '>>>'; ${show}`;
  });
}

Deno.test("docs/linux.md: the lab takes ten commands, the pauses for people aside", () => {
  const count = commands().flatMap((line) => line.split("; ")).length;
  assertLessOrEqual(commands().length, 10);
  assert(count > 5);
});

Deno.test({
  name: "docs/linux.md: pasted into a shell, the commands of the lab reserve, show it, give it up and leave nothing",
  ...needs("linux", "netAdmin", "netRaw", "namespaces"),
  async fn() {
    const prefix = `resvguide${Deno.pid}`, folder = await Deno.makeTempDir({ prefix: "resv_guide_" });
    // In a lab and a folder of this process's own.
    const script = commands().join("\n").replaceAll(/\blab\//g, `${folder}/`).replaceAll(
      "--files lab",
      `--files ${folder}`,
    )
      .replaceAll(/\blab-/g, `${prefix}-`).replaceAll(/(lab\.ts (?:up line|down))/g, `$1 --prefix ${prefix}`);
    const decoder = new TextDecoder();
    try {
      const child = new Deno.Command("bash", {
        args: ["-c", `set -e\n${patient(script)}`],
        cwd: ROOT,
        env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      });
      const { code, stdout, stderr } = await child.output();
      const [out, err] = [stdout, stderr].map((bytes) => decoder.decode(bytes));
      const logs = ["R1", "R2", "A", "B"].map((name) => Deno.readTextFileSync(`${folder}/${name}.log`)).join("");
      assertEquals(code, 0, `${out}${err}${logs}`);
      const [made, standing, after] = out.split(">>>\n");
      assertMatch(made, /A - R1 - R2 - B/);
      assertMatch(standing, /10\.0\.3\.4.*\bFF\b|\bFF\b.*10\.0\.3\.4/);
      assertMatch(standing, /class htb .* rate 3Mbit/);
      assert(!/10\.0\.3\.4/.test(after), after);
      assertMatch(after, /removed/);
      assert(!(await run("ip", "netns", "list")).includes(prefix));
    } finally {
      await removeLab(prefix);
      await Deno.remove(folder, { recursive: true });
    }
  },
});
