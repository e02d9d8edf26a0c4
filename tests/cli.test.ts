import { fileURLToPath } from "node:url";
import denoJson from "../deno.json" with { type: "json" };
import { Ladder } from "../host/cli/ladder.ts";
import { formatTable } from "../host/cli/table.ts";
import { formatAddressPort, formatMs, formatRate } from "../host/cli/units.ts";
import { VERSION } from "../host/cli/version.ts";
import { PcapFile } from "../host/transport/pcap_writer.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "./assert.ts";
import { run } from "./cli_in_process.ts";
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
    [["shwo"], /^resv: no command "shwo"; did you mean "show"\?\n$/],
    [["ping-pth"], /^resv: no command "ping-pth"; did you mean "ping-path"\?\n$/],
    [["nod", "--help"], /^resv: no command "nod"; did you mean "node"\?\n$/],
    [["clear", "sesion"], /^resv: no command "sesion"; did you mean "session"\?\n$/],
    // Nothing is near.
    [["foo"], /^resv: no command "foo"; resv --help lists them\n$/],
    [["x"], /^resv: no command "x"; resv --help lists them\n$/],
    [["frobnicate"], /^resv: no command "frobnicate"; resv --help lists them\n$/],
    [["decode", "--foo"], /^resv: No flag registered for --foo; --help lists what there is\n$/],
    [["demo", "--styel", "WF"], /^resv: No flag registered for --styel, did you mean --style\?; .*--help.*\n$/],
    [["demo", "--style", "XX"], /^resv: Failed to parse "XX" for style: there are WF, FF, SE; .*--help.*\n$/],
    [["demo", "extra"], /^resv: Too many arguments.*\n$/],
    [["decode"], /^resv: Expected at least 1 argument.*FILE.*\n$/],
  ];
  for (const [args, expected] of cases) {
    const { code, out, err } = await resv(args);
    assertMatch(err, expected);
    assertEquals([code, out], [2, ""], args.join(" "));
  }
});

Deno.test("resv help COMMAND is resv COMMAND --help", async () => {
  for (const command of [[], ["decode"], ["demo"]]) {
    assertEquals(await resv(["help", ...command]), await resv([...command, "--help"]));
  }
});

function withoutInitialFolder(): Record<string, string> {
  const { INIT_CWD: _, ...rest } = Deno.env.toObject();
  return rest;
}

Deno.test("deno task resv takes paths from where it is called", async () => {
  const folder = await Deno.makeTempDir({ prefix: "resv cli " });
  try {
    await Deno.writeTextFile(`${folder}/here.txt`, "no capture");
    const { stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["task", "--quiet", "--config", fileURLToPath(new URL("../deno.json", import.meta.url))],
        ...["resv", "decode", "here.txt", "nowhere.txt"],
      ],
      cwd: folder,
      // The task that runs these tests has set INIT_CWD for itself, and deno task leaves one that is set as it is.
      clearEnv: true,
      env: { ...withoutInitialFolder(), DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" },
      stdin: "null",
    }).output();
    assertEquals(
      new TextDecoder().decode(stderr),
      "resv: here.txt: not a capture (neither pcap nor pcapng)\nresv: nowhere.txt: no such file\n",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a disk that is full is one line and exit code 1, in every command", async () => {
  const input = new PcapFile().bytes();
  for (
    const args of [["demo", "--virtual"], ["decode", "-"], ["decode", "--json", "-"], ["summary", "-"], ["--help"]]
  ) {
    const { code, out, err } = await run(args, { input, outIsFull: true });
    assertEquals([code, out, err], [1, "", "resv: cannot write the output: no space left on device\n"], args.join(" "));
  }
  const json = await run(["encode", "-"], { input: '{"message":"Ack","objects":[]}', outIsFull: true });
  assertEquals([json.code, json.err], [1, "resv: cannot write the output: no space left on device\n"]);
});

Deno.test("a ladder makes room for late times and long names", () => {
  const names = ["2001:db8:1111:2222:3333:4444:5555:6666", "b", "c"], ladder = new Ladder(names, 12_345_678);
  const lines = [0, 12_345_678].map((timeMs) => ladder.line({ timeMs, from: 0, to: 1, label: "Path" }));
  lines.push(ladder.note(1_000_000, 1, ""), ladder.line({ timeMs: 999_999, from: 2, to: 1, label: "Resv" }));
  const at = [...ladder.heading()].join("").indexOf("b", 45);
  for (const line of lines) assertMatch([...line][at], /[│●▶]/, line);
  assertMatch(lines[1], /^12345\.678 s {2}├/);
  assertEquals(new Set(lines.map((line) => [...line.trimEnd()].length)).size, 1);
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

Deno.test("what starts the command line leads to no node and no service: Deno reads all that a literal import leads to", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", new URL("../host/cli/main.ts", import.meta.url).pathname],
    stdin: "null",
    stderr: "null",
  }).output();
  type Module = { specifier: string; dependencies?: { code?: { specifier: string } }[] };
  const { roots, modules } = JSON.parse(new TextDecoder().decode(stdout)) as { roots: string[]; modules: Module[] };
  // Of what the listing has, what the code leads to: types are not read to run.
  const reached = new Set(roots);
  for (const specifier of reached) {
    const module = modules.find((one) => one.specifier === specifier);
    for (const { code } of module?.dependencies ?? []) if (code) reached.add(code.specifier);
  }
  const own = [...reached].map((specifier) => /\/host\/(.*)$/.exec(specifier)?.[1]).filter((path) =>
    path !== undefined
  );
  assert(own.includes("cli/application.ts"));
  assertEquals(own.filter((path) => /^(daemon|linux|service|rapi|qos)\//.test(path)), []);
});
