/** `resv show`, `resv clear`, `resv trace`: what they print of a running node, and what they say when something is wrong. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "./assert.ts";
import { jsonLines, run } from "./cli_in_process.ts";
import { commandLine } from "./cli_process.ts";
import { type OperatorWorld, withOperator } from "./operator_world.ts";
import { withService } from "./service_fixture.ts";

/** Two flows of which the first is reserved. */
async function withFlows(
  test: (world: OperatorWorld, resv: (...args: string[]) => ReturnType<typeof run>) => Promise<void>,
): Promise<void> {
  await withOperator(async (world) => {
    world.flows(2, 1);
    await test(world, (...args) => run([...args, "--socket", world.path]));
  });
}

/** What times are differs from run to run. */
const timeless = (text: string) => text.replace(/\d+(\.\d+)? m?s\b/g, "T");

const PLAIN: Record<string, string> = {
  sessions: `session            senders  reservations  style
10.0.2.2:5000/UDP  1        1             FF
10.0.2.2:5001/UDP  1        0
`,
  senders: `session            sender         rate       from      interface  refresh in  expires in  remarks
10.0.2.2:5000/UDP  10.0.1.1:4000  1.25 kB/s  10.0.1.1  eth1       T     T
10.0.2.2:5001/UDP  10.0.1.1:4000  1.25 kB/s  10.0.1.1  eth1       T     T
`,
  requests: `session            to        interface  style  asked for                    refresh in
10.0.2.2:5000/UDP  10.0.1.1  eth1       FF     1.25 kB/s for 10.0.1.1:4000  T
`,
  reservations: `session            from      interface  style  asked for                    expires in
10.0.2.2:5000/UDP  10.0.2.2  eth2       FF     1.25 kB/s for 10.0.1.1:4000  T
`,
  installed: `session            interface  style  flowspec                     counted    policing  remarks
10.0.2.2:5000/UDP  eth2       FF     1.25 kB/s for 10.0.1.1:4000  1.25 kB/s
`,
  interfaces:
    `handle  name  state  carries RSVP in  addresses                               reservable  reserved   reservations
1       eth1  up     IP               10.0.1.2/24 fd00::1:2/112 fe80::1:2/64  no limit    0 B/s      0
2       eth2  up     IP               10.0.2.1/24 fd00::2:1/112 fe80::2:1/64  1 MB/s      1.25 kB/s  1
`,
  neighbors: `address   interface  states
10.0.1.1  eth1       2
10.0.2.2  eth2       1
`,
  blockade: "session  previous hop  flowspec  expires in\n",
};

for (const [table, wanted] of Object.entries(PLAIN)) {
  Deno.test(`cli show: ${table}`, async () => {
    await withFlows(async (_world, resv) => {
      const { code, out, err } = await resv("show", table);
      assertEquals([code, err], [0, ""]);
      const squeezed = (text: string) => timeless(text).replace(/ +/g, " ");
      assertEquals(squeezed(out), squeezed(wanted));
    });
  });
}

Deno.test("cli show: counters, and timers with the soonest first", async () => {
  await withFlows(async (_world, resv) => {
    const counters = await resv("show", "counters");
    assertMatch(counters.out, /^RECEIVED_PATH +2$/m);
    assertMatch(counters.out, /^SENT_RESV +1$/m);
    const { out } = await resv("show", "timers");
    const lines = out.trimEnd().split("\n").slice(1);
    const seconds = lines.map((line) => Number(/^ *([\d.]+) s/.exec(line)?.[1]));
    assertEquals(seconds, [...seconds].sort((a, b) => a - b));
    // Two senders, one reservation, one request: what is refreshed, and what times out.
    assertEquals(lines.filter((line) => line.includes("Path is sent")).length, 2);
    assertEquals(lines.filter((line) => line.includes("sender times out")).length, 2);
    assertEquals(lines.filter((line) => line.includes("Resv is sent")).length, 1);
    assertEquals(lines.filter((line) => line.includes("reservation times out")).length, 1);
  });
});

const IOS: Record<string, string> = {
  sender: `To        From      Pro  DPort  Sport  Prev Hop  I/F   BPS
10.0.2.2  10.0.1.1  UDP  5000   4000   10.0.1.1  eth1  10K
10.0.2.2  10.0.1.1  UDP  5001   4000   10.0.1.1  eth1  10K
`,
  reservation: `To        From      Pro  DPort  Sport  Next Hop  I/F   Fi  Serv  BPS
10.0.2.2  10.0.1.1  UDP  5000   4000   10.0.2.2  eth2  FF  LOAD  10K
`,
  request: `To        From      Pro  DPort  Sport  Next Hop  I/F   Fi  Serv  BPS
10.0.2.2  10.0.1.1  UDP  5000   4000   10.0.1.1  eth1  FF  LOAD  10K
`,
  installed: `RSVP: eth1 has no installed reservations
RSVP: eth2
BPS  To        From      Protoc  DPort  Sport
10K  10.0.2.2  10.0.1.1  UDP     5000   4000
`,
  interface: `interface  rsvp  allocated  i/f max    flow max   sub max
eth1       ena   0          unlimited  unlimited  0
eth2       ena   10K        8M         8M         0
`,
  neighbor: `Neighbor  Encapsulation  I/F   States
10.0.1.1  Raw IP         eth1  2
10.0.2.2  Raw IP         eth2  1
`,
  counters: `All Interfaces  Recv  Xmit
  Path             2     2
  Resv             1     1
  PathError        0     0
  ResvError        0     0
  PathTear         0     0
  ResvTear         0     0
  ResvConf         0     0
  Total            3     3
`,
};

const JUNOS: Record<string, string> = {
  session: `Ingress RSVP: 0 sessions
Total 0 displayed, Up 0, Down 0

Egress RSVP: 0 sessions
Total 0 displayed, Up 0, Down 0

Transit RSVP: 2 sessions
To        From      State  Rt  Style  Labelin  Labelout  LSPname
10.0.2.2  10.0.1.1  Up      1  1 FF   -        -         UDP 4000->5000
10.0.2.2  10.0.1.1  Dn      1  0 -    -        -         UDP 4000->5001
Total 2 displayed, Up 1, Down 1
`,
  interface: `RSVP interface: 2 active
Interface  State  Active resv  Subscription  Static BW  Available BW  Reserved BW  Highwater mark
eth1       Up               0          100%  unlimited     unlimited         0bps               -
eth2       Up               1          100%      8Mbps      7.99Mbps       10kbps               -
`,
  neighbor: `RSVP neighbor: 2 learned
Address   Interface  Idle  Up/Dn  HelloTx/Rx  States
10.0.1.1  eth1       -     -      -                2
10.0.2.2  eth2       -     -      -                1
`,
  statistics: `PacketType  Sent  Received
Path           2         2
PathErr        0         0
PathTear       0         0
Resv           1         1
ResvErr        0         0
ResvTear       0         0
ResvConf       0         0

Errors  Total
`,
};

for (const [style, layouts] of [["ios", IOS], ["junos", JUNOS]] as const) {
  for (const [table, wanted] of Object.entries(layouts)) {
    Deno.test(`cli show: ${table} as ${style} has it`, async () => {
      await withFlows(async (_world, resv) => {
        const { code, out, err } = await resv("show", table, "--style", style);
        assertEquals([code, err], [0, ""]);
        assertEquals(out, wanted);
      });
    });
  }
}

Deno.test("cli show: Junos has local senders under ingress, sessions received here under egress", async () => {
  await withOperator(async (world) => {
    const path = world.path;
    const own = world.router.session({ destination: world.bob.address, port: 6_000 });
    own.sender({ port: 4_000, tokenBucketRateBytesPerSecond: 1_250 });
    const here = { destination: "10.0.1.2", port: 6_001 };
    world.alice.send(here, { port: 4_000, tokenBucketRateBytesPerSecond: 1_250 });
    world.network.settle();
    world.router.session(here).reserve({ style: "WF", flowspec: { tokenBucketRateBytesPerSecond: 1_250 } });
    world.network.settle();
    const { out } = await run(["show", "session", "--style", "junos", "--socket", path]);
    assertMatch(out, /^Ingress RSVP: 1 sessions$/m);
    assertMatch(out, /^Egress RSVP: 1 sessions$/m);
    assertMatch(out, /^Transit RSVP: 0 sessions$/m);
    assertMatch(out, /^10\.0\.1\.2 .* Up .* 1 WF /m);
  });
});

Deno.test("cli show: --json has every column, one row a line, and infinity as text", async () => {
  await withFlows(async (_world, resv) => {
    const rows = jsonLines((await resv("show", "senders", "--json")).out);
    assertEquals(rows.length, 2);
    assertEquals(rows[0].previousHop, "10.0.1.1");
    assertEquals(rows[0].objects.map(({ name }: { name: string }) => name).slice(0, 3), [
      "SESSION",
      "SENDER_TEMPLATE",
      "SENDER_TSPEC",
    ]);
    assertEquals(rows[0].objects[2].peakRateBytesPerSecond, "Infinity");
    const [counters] = jsonLines((await resv("show", "counters", "--json")).out);
    assertEquals(counters.RECEIVED_PATH, 2);
    const timers = jsonLines((await resv("show", "timers", "--json")).out);
    assertEquals(new Set(timers.map(({ table }) => table)), new Set(["senders", "requests", "reservations"]));
  });
});

Deno.test("cli show: --watch shows again and again until it is interrupted, and ends with 0", async () => {
  await withFlows(async (world) => {
    const args = commandLine(["show", "sessions", "--watch", "--every", "0.1", "--socket", world.path]);
    const child = new Deno.Command(Deno.execPath(), { args, stdout: "piped", stderr: "piped" }).spawn();
    let text = "";
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    while (text.split("10.0.2.2:5000/UDP").length < 4) {
      const { value, done } = await reader.read();
      if (done) break;
      text += value;
    }
    child.kill("SIGINT");
    await reader.cancel();
    const [{ code }, err] = await Promise.all([child.status, new Response(child.stderr).text()]);
    assertEquals([code, err], [0, ""]);
  });
});

Deno.test("cli show: what is wrong is said in one line", async () => {
  await withFlows(async (_world, resv) => {
    const cases = [
      [["show", "sesions"], 'there is no table "sesions"'],
      [["show", "sessions", "--style", "cisco"], "cisco"],
      [["show", "sessions", "--json", "--style", "ios"], "exclude each other"],
      [["show", "sessions", "--watch", "--every", "0"], "from 0.1 on"],
      [["show", "sessions", "--watch", "--every", "3000000"], "1000000 at the most"],
      [["clear", "session", "10.0.0.999:5"], "10.0.0.999:5"],
      [["clear", "session", "10.0.0.9:5/SCTPP"], "SCTPP"],
      [["clear", "session", "10.0.0.9:5"], "no such state"],
      [["clear", "session", "10.0.0.9/5/TCP"], "no such state"],
      [["trace", "--message", "Pfad"], '"Pfad"'],
      [["trace", "--interface", "eth9"], "it has eth1, eth2"],
    ] as const;
    for (const [args, says] of cases) {
      const { code, out, err } = await resv(...args);
      assert(code !== 0, args.join(" "));
      assertEquals(out.split("\n").filter((line) => line !== "" && !line.startsWith("     time")), []);
      assertEquals(err.trimEnd().split("\n").length, 1, err);
      assertStringIncludes(err, says);
    }
  });
  await withService({}, async ({ path }) => {
    const { code, err } = await run(["show", "sessions", "--socket", path]);
    assertEquals(code, 1);
    assertStringIncludes(err, "start `resv node` first");
    await Deno.writeTextFile(path, "");
    assertEquals((await run(["show", "sessions", "--socket", path])).err.trimEnd().split("\n").length, 1);
  });
});

Deno.test("cli clear: a session, one of its senders, a reservation, the counters", async () => {
  await withFlows(async (world, resv) => {
    for (const args of [["clear", "reservation", "10.0.2.2:5000/UDP"], ["clear", "counters"]]) {
      assertEquals(await resv(...args).then(({ code, out, err }) => [code, out, err]), [0, "", ""]);
    }
    assertEquals(world.router.inspect("reservations").length, 0);
    assertEquals((await resv("show", "counters")).out.includes("RECEIVED_PATH"), false);
    assertMatch((await resv("show", "counters", "--total")).out, /^RECEIVED_PATH +2$/m);
    assertEquals((await resv("clear", "sender", "10.0.2.2:5000", "--sender", "10.0.1.1:4001")).code, 1);
    assertEquals((await resv("clear", "sender", "10.0.2.2:5000", "--sender", "10.0.1.1:4000")).code, 0);
    assertEquals((await resv("clear", "session", "10.0.2.2:5001/17")).code, 0);
    assertEquals(world.router.inspect("sessions").length, 0);
  });
});

Deno.test("cli trace: a ladder of the node and its interfaces, or decoded messages as JSON", async () => {
  await withFlows(async (world, resv) => {
    // A flow more while somebody looks on.
    const later = (flows: number) => setTimeout(() => world.flows(flows, flows), 150);
    later(3);
    const { out, code } = await resv("trace", "--count", "4", "--session", "10.0.2.2:5002/UDP");
    assertEquals(code, 0);
    const [heading, ...lines] = out.trimEnd().split("\n");
    assertMatch(heading, /^ *time +node +eth1 +eth2$/);
    assertEquals(lines.map((line) => /(Path|Resv)/.exec(line)?.[0]), ["Path", "Path", "Resv", "Resv"]);
    assertMatch(lines[0], /│◀─+ Path ─┤ +│ +from 10\.0\.1\.1 +10\.0\.2\.2:5002\/UDP/);
    assertMatch(lines[1], /├─ Path ─+▶│ +to 10\.0\.2\.2/);
    later(4);
    const json = jsonLines(
      (await resv("trace", "--count", "1", "--message", "Resv", "--interface", "eth2", "--json")).out,
    );
    assertEquals([json[0].direction, json[0].message.message], ["received", "Resv"]);
  });
});

Deno.test("cli call: --socket joins a running node, and what was called for is torn down at the end", async () => {
  await withOperator(async (world) => {
    const { code, out, err } = await run([
      "call",
      "--socket",
      world.path,
      `dest udp ${world.bob.address}/5004`,
      "sender 10.0.1.2/4000 [t 8500 680]",
      "sleep 0.05",
      "status",
    ]);
    assertEquals([code, err], [0, ""], out);
    assertEquals(world.router.counters().SENT_PATH, 1);
    assertEquals(world.router.inspect("sessions").length, 0);
  });
});
