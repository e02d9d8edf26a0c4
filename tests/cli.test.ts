import denoJson from "../deno.json" with { type: "json" };
import { Ladder } from "../host/cli/ladder.ts";
import { formatTable } from "../host/cli/table.ts";
import { formatAddressPort, formatMs, formatRate } from "../host/cli/units.ts";
import { VERSION } from "../host/cli/version.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "./assert.ts";
import { resv } from "./cli_process.ts";

Deno.test("resv alone and resv --help list the commands", async () => {
  for (const args of [[], ["--help"]]) {
    const { code, out, err } = await resv(args);
    assertEquals([code, err], [0, ""]);
    for (const command of ["demo", "decode"]) assertMatch(out, new RegExp(`^  ${command} +\\S`, "m"));
  }
});

Deno.test("resv --version is the version of deno.json", async () => {
  assertEquals(VERSION, denoJson.version);
  assertEquals(await resv(["--version"]), { code: 0, out: VERSION + "\n", err: "" });
});

Deno.test("a mistake on the command line is one line that says what to do, and exit code 2", async () => {
  const cases: [string[], RegExp][] = [
    [["dmeo"], /^resv: no command "dmeo"; did you mean "demo"\?\n$/],
    [["frobnicate"], /^resv: no command "frobnicate"; (did you mean|resv --help lists them).*\n$/],
    [["demo", "--styel", "WF"], /^resv: No flag registered for --styel, did you mean --style\?; .*--help.*\n$/],
    [["demo", "--style", "XX"], /^resv: Expected "XX" to be one of \(WF\|FF\|SE\).*\n$/],
    [["demo", "extra"], /^resv: Too many arguments.*\n$/],
    [["decode"], /^resv: Expected at least 1 argument.*FILE.*\n$/],
  ];
  for (const [args, expected] of cases) {
    const { code, out, err } = await resv(args);
    assertMatch(err, expected);
    assertEquals([code, out], [2, ""], args.join(" "));
  }
});

Deno.test("a ladder draws arrows in both directions, across a column, and marks what was lost", () => {
  const ladder = new Ladder(["a", "b", "c"]);
  const line = (from: number, to: number, lost = false) =>
    ladder.line({ timeMs: 1234.5, from, to, label: "Path", detail: "x", lost });
  assertEquals(ladder.heading(), "     time  a                     b                     c");
  assertEquals(
    line(0, 1),
    "  1.234 s  ├─ Path ─────────────▶│                     │  x".replace("1.234", (1.2345).toFixed(3)),
  );
  assertMatch(line(1, 0), /│◀───────────── Path ─┤ {21}│ {2}x$/);
  assertMatch(line(2, 0), /│◀─{35} Path ─┤ {2}x$/);
  assertMatch(line(0, 1, true), /├─ Path ─+✕│/);
  const width = [...line(0, 1)].length;
  for (const [from, to] of [[1, 2], [2, 1], [0, 2]]) assertEquals([...line(from, to)].length, width);
});

Deno.test("tables keep columns apart and end no line in blanks", () => {
  const lines = formatTable([{ heading: "Interface" }, { heading: "Rate", align: "right" }], [["a", "9 B/s"], ["b"]]);
  assertEquals(lines, ["Interface   Rate", "a          9 B/s", "b"]);
});

Deno.test("rates, times and addresses read as people write them", () => {
  assertEquals([0, 999, 1000, 1_250_000, 999_950, 1e15].map(formatRate), [
    "0 B/s",
    "999 B/s",
    "1 kB/s",
    "1.25 MB/s",
    "1 MB/s",
    "1000 TB/s",
  ]);
  assertEquals([formatRate(-1), formatRate(Infinity)], ["no limit", "unlimited"]);
  assertEquals([formatMs(250), formatMs(30_000), formatMs(1500)], ["250 ms", "30 s", "1.5 s"]);
  assertEquals(
    [formatAddressPort("10.0.0.1", 80), formatAddressPort("::1", 80), formatAddressPort("::1", 0)],
    ["10.0.0.1:80", "[::1]:80", "::1"],
  );
});

Deno.test("NO_COLOR and a pipe each mean no colour", async () => {
  const { out } = await resv(["--help"], undefined, { NO_COLOR: "1" });
  assert(!out.includes("\x1b"));
  assertStringIncludes(out, "USAGE");
});
