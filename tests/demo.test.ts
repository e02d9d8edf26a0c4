/** `resv demo`, as users run it: real datagrams on loopback, or virtual time. */
import { assert, assertEquals, assertGreater, assertMatch, assertStringIncludes } from "./assert.ts";
import { commandLine, resv } from "./cli_process.ts";
import { needs } from "./require.ts";

/** Message names of a ladder's lines, with the direction: `> Path`, `< Resv`. */
function arrows(out: string): string[] {
  return out.split("\n").flatMap((line) => {
    const right = /├─ (\w+) ─*[▶✕]/.exec(line), left = /[◀✕]─* (\w+) ─┤/.exec(line);
    return right ? [`> ${right[1]}`] : left ? [`< ${left[1]}`] : [];
  });
}

const count = (all: readonly string[], one: string) => all.filter((other) => other === one).length;

for (const mode of ["real", "virtual"] as const) {
  const flags = mode === "virtual" ? ["--virtual"] : [];
  for (const style of ["WF", "FF", "SE"] as const) {
    Deno.test(`demo, ${mode}: style ${style} is announced, reserved, confirmed, installed and torn down`, async () => {
      const { code, out, err } = await resv(["demo", "--style", style, ...flags]);
      assertEquals([code, err], [0, ""], out);
      const seen = arrows(out);
      // Two flows over two hops; the reservation and its tear over two hops; the confirmation down to the receiver.
      assertEquals(count(seen, "> Path"), 4, out);
      assertGreater(count(seen, "< Resv"), 1, out);
      assertGreater(count(seen, "> ResvConf"), 0, out);
      assertGreater(count(seen, "< ResvTear"), 1, out);
      assertEquals(count(seen, "> PathTear"), 4, out);
      assert(seen.indexOf("> Path") < seen.indexOf("< Resv"));
      assert(seen.indexOf("< Resv") < seen.indexOf("> ResvConf"));
      assert(seen.indexOf("> ResvConf") < seen.indexOf("< ResvTear"));
      assert(seen.indexOf("< ResvTear") < seen.indexOf("> PathTear"));
      assert(!out.includes("✕"), out);
      // FF: 250 + 100 kB/s; the shared styles: the larger one, once.
      const inUse = style === "FF" ? "350 kB/s" : "250 kB/s";
      assertStringIncludes(out, `Router towards receiver: ${inUse} of 1 MB/s in use.`);
      const rows = out.split("\n").filter((line) => new RegExp(`^router .* ${style} `).test(line));
      assertEquals(rows.length, style === "FF" ? 2 : 1, out);
      // In the order of the flows, as they were announced.
      if (style === "FF") assertEquals(rows.map((row) => /:(400\d) /.exec(row)?.[1]), ["4001", "4002"], out);
    });
  }

  Deno.test(`demo, ${mode}: more than the router may give away is refused with code 1 value 2, and the rest stands`, async () => {
    const { code, out, err } = await resv(["demo", "--overbook", ...flags]);
    assertEquals([code, err], [0, ""], out);
    const seen = arrows(out);
    assertGreater(count(seen, "> ResvErr"), 0, out);
    assertMatch(out, /is told: Admission Control Failure: Requested bandwidth unavailable \(code 1 value 2\)/);
    assertMatch(out, /in use\./);
    assertEquals(count(seen, "> PathTear"), 4, out);
  });
}

Deno.test("demo --style takes a style in any case", async () => {
  assertEquals(await resv(["demo", "--virtual", "--style", "se"]), await resv(["demo", "--virtual", "--style", "SE"]));
});

Deno.test("demo, virtual: two runs print the same", async () => {
  const [first, second] = [await resv(["demo", "--virtual"]), await resv(["demo", "--virtual"])];
  assertEquals(first, second);
});

Deno.test("demo: two at the same time do not disturb each other", async () => {
  const all = await Promise.all([resv(["demo"]), resv(["demo"])]);
  for (const { code, err, out } of all) assertEquals([code, err], [0, ""], out);
});

Deno.test("demo: a capture that cannot be written is one line and exit code 1", async () => {
  // Found out before the demo runs.
  assertEquals(await resv(["demo", "--virtual", "--write", "/nonexistent/demo.pcap"]), {
    code: 1,
    out: "",
    err: "resv: cannot write /nonexistent/demo.pcap: no such file or folder\n",
  });
});

Deno.test("demo: a reader that goes away ends it quietly", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: commandLine(["demo", "--virtual"]),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await child.stdout.cancel();
  const err = await new Response(child.stderr).text();
  assertEquals([(await child.status).code, err], [0, ""]);
});

for (const mode of ["real", "virtual"] as const) {
  Deno.test({
    name: `demo, ${mode}: tshark reads the capture, every checksum right and nothing malformed`,
    ...needs("tshark"),
    async fn() {
      const file = await Deno.makeTempFile({ suffix: ".pcap" });
      try {
        const { code, out, err } = await resv(["demo", ...(mode === "virtual" ? ["--virtual"] : []), "--write", file]);
        assertEquals([code, err], [0, ""]);
        // tshark does not know the ports of appendix C by itself; the demo says what it has to be told.
        if (mode === "real") {
          assertStringIncludes(out, `tshark -d udp.port==1698,rsvp -d udp.port==1699,rsvp -r ${file}`);
        }
        const { stdout } = await new Deno.Command("tshark", {
          // deno-fmt-ignore
          args: ["-r", file, "-d", "udp.port==1698,rsvp", "-d", "udp.port==1699,rsvp", "-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-T", "fields",
            "-e", "rsvp.msg", "-e", "ip.checksum.status", "-e", "udp.checksum.status", "-e", "udp.dstport",
            "-e", "_ws.malformed", "-e", "_ws.expert.message"],
          stderr: "null",
        }).output();
        const rows = new TextDecoder().decode(stdout).replace(/\n$/, "").split("\n").map((line) => line.split("\t"));
        assertEquals(rows.length, arrows(out).length);
        for (const [message, ip, udp, port, malformed, expert = ""] of rows) {
          assertMatch(message, /^[1-7]$/);
          assertEquals([ip, malformed], ["1", ""], expert);
          assert(!/checksum|malformed|bogus/i.test(expert), expert);
          if (mode === "real") assertEquals([udp, port], ["1", "1698"]);
        }
      } finally {
        await Deno.remove(file);
      }
    },
  });
}

Deno.test("demo: without permission to use the network it is one line and exit code 1", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: commandLine(["demo"]).map((argument) => argument === "-A" ? "--no-prompt" : argument),
    stdin: "null",
  }).output();
  const err = new TextDecoder().decode(stderr);
  assertEquals([code, stdout.length], [1, 0], err);
  assertMatch(err, /^resv: cannot listen on \S+: Deno was not permitted to use the network there; --allow-net .*\n$/);
});
