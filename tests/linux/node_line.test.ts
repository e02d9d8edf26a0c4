/** Whole nodes on raw IP, A - R - B: messages of every type on the links, as tshark and tcpdump read them. */
import { encode } from "../../host/default_codec.ts";
import type { SessionEvent } from "../../host/application.ts";
import { assert, assertEquals } from "../assert.ts";
import { needs } from "../require.ts";
import { FAMILIES, type Line, packetOf, until, withLine } from "./line.ts";
import { OFFERED, startLine, TOKEN_BUCKET } from "./line_nodes.ts";
import { run } from "./namespace.ts";

const needed = needs("linux", "netRaw", "netAdmin", "namespaces");
const TYPES = ["1", "2", "3", "4", "5", "6", "7"];

/** A Path for port 0 where port 5004 has state: conflicting destination ports, which a router answers with PathErr. */
function conflictingPath(name: keyof typeof FAMILIES) {
  const { a, b } = FAMILIES[name];
  // One type for both: the types of the two forms are told apart by it.
  const form = name as "IPv4";
  const payload = encode({
    message: "Path",
    sendTtl: 63,
    objects: [
      { name: "SESSION", form, destinationAddress: b, protocolId: 17, flags: 0, destinationPort: 0 },
      { name: "RSVP_HOP", form, hopAddress: a, logicalInterfaceHandle: 1 },
      { name: "TIME_VALUES", refreshPeriodMs: 30_000 },
      { name: "SENDER_TEMPLATE", form, sourceAddress: a, sourcePort: 0 },
      {
        name: "SENDER_TSPEC",
        ctype: 2,
        form: "IntServ",
        service: 1,
        tokenBucketRateBytesPerSecond: 12_500,
        tokenBucketSizeBytes: 1_500,
        peakRateBytesPerSecond: "Infinity",
        minimumPolicedUnitBytes: 64,
        maximumPacketSizeBytes: 1_500,
      },
    ],
  });
  return packetOf({ interface: 1, source: a, destination: b, ttl: 63, routerAlert: 1, encapsulation: 0, payload });
}

/** Goes through all seven types of message. */
async function everyType(line: Line, name: keyof typeof FAMILIES): Promise<void> {
  const nodes = startLine(line, name);
  const { left, router, right } = nodes;
  const { a, b } = FAMILIES[name];
  const address = { destination: b, port: 5004 };
  const events: SessionEvent[] = [];
  const receiver = right.session(address).on((event) => events.push(event));
  const sender = left.session(address).sender({ ...OFFERED, port: 4000 });
  const came = (kind: SessionEvent["kind"]) => events.some((event) => event.kind === kind);
  await until("Path at B", () => came("PATH_EVENT"));
  receiver.reserve({ style: "FF", flowspec: TOKEN_BUCKET, senders: [{ address: a, port: 4000 }], confirm: true });
  await until("ResvConf at B", () => came("RESV_CONFIRM"));
  assertEquals(router.inspect("installed").length, 1);
  assertEquals(left.inspect("installed").length, 1);
  await until("a refresh of the reservation", () => router.counters().RECEIVED_RESV > 2);

  receiver.reserve({ style: "FF", flowspec: OFFERED, senders: [{ address: a, port: 4000 }] });
  await until("ResvErr at B", () => came("RESV_ERROR"));
  left.transport.send(conflictingPath(name));
  await until("PathErr at A", () => left.counters().RECEIVED_PATH_ERROR > 0);
  receiver.unreserve();
  await until("ResvTear at R", () => router.inspect("reservations").length === 0);
  sender.withdraw();
  await until("PathTear at B", () => right.inspect("senders").length === 0);
  await nodes.close();
}

/** Runs `body` while tcpdump writes what passes an interface of R, and returns the file's name. */
async function captured(line: Line, device: string, body: () => Promise<void>): Promise<string> {
  const file = await Deno.makeTempFile({ suffix: ".pcap" });
  const args = ["netns", "exec", line.r, "tcpdump", "-i", device, "-U", "--immediate-mode", "-w", file, "-Z", "root"];
  const child = new Deno.Command("ip", { args, stderr: "piped", stdout: "null" }).spawn();
  const reader = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  while (!said.includes("listening on")) {
    const { value, done } = await reader.read();
    assert(!done, `tcpdump: ${said}`);
    said += value;
  }
  try {
    await body();
  } finally {
    child.kill("SIGINT");
    while (!(await reader.read()).done);
    await child.status;
  }
  return file;
}

for (const name of ["IPv4", "IPv6"] as const) {
  Deno.test({
    name:
      `${name}: A - R - B with raw IP: all seven messages, clean in tshark and tcpdump, Router Alert where it belongs`,
    ...needs("linux", "netRaw", "netAdmin", "namespaces", "tshark", "tcpdump"),
    fn: () =>
      withLine(async (line) => {
        let rightFile = "";
        const leftFile = await captured(line, "to-a", async () => {
          rightFile = await captured(line, "to-b", () => everyType(line, name));
        });
        for (const [file, types] of [[leftFile, TYPES], [rightFile, TYPES.filter((type) => type !== "3")]] as const) {
          const fields = ["rsvp.msg", "ip.opt.ra", "ipv6.opt.router_alert", "ip.ttl", "ipv6.hlim", "rsvp.sending_ttl"];
          const flags = fields.flatMap((field) => ["-e", field]);
          const text = await run("tshark", "-r", file, "-Y", "rsvp", "-T", "fields", ...flags);
          const rows = text.trimEnd().split("\n").map((row) => row.split("\t"));
          // The left link has no ResvErr: R refuses what B asks for.
          const expected = file === leftFile ? types.filter((type) => type !== "4") : types;
          assertEquals([...new Set(rows.map(([type]) => type))].sort(), expected);
          for (const [type, alert4, alert6, ttl, hopLimit, sendTtl] of rows) {
            const alert = ["1", "5", "7"].includes(type) ? name === "IPv4" ? "0" : "1" : "";
            assertEquals(name === "IPv4" ? alert4 : alert6, alert, `Router Alert of type ${type}`);
            const sent = parseInt(sendTtl);
            assertEquals(Number(name === "IPv4" ? ttl : hopLimit), sent, `TTL and Send_TTL of type ${type}`);
          }
          const checks = ["-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"];
          const bad = "rsvp && (_ws.malformed || _ws.expert.severity >= 0x600000 || ip.checksum.status == 0)";
          assertEquals(await run("tshark", "-r", file, ...checks, "-Y", bad), "");
          const verbose = await run("tshark", "-r", file, ...checks, "-Y", "rsvp", "-V");
          const correct = /Message Checksum: 0x[0-9a-f]+ \[correct\]/g;
          assertEquals(verbose.match(correct)?.length, rows.length, "RSVP checksums that are right");
          assertEquals(/.*(incorrect|Malformed|truncated).*/i.exec(verbose)?.[0], undefined);
          const tcpdump = await run("tcpdump", "-nvv", "-r", file, "ip proto 46 or ip6 protochain 46");
          assertEquals(/.*(bad cksum|trunc|invalid|incorrect|\[\|).*/i.exec(tcpdump)?.[0], undefined);
          assertEquals(tcpdump.match(/RSVPv1 /g)?.length, rows.length);
          await Deno.remove(file);
        }
      }),
  });

  Deno.test({
    name: `${name}: A - R - B with raw IP: a multicast session with a receiver that joined its group`,
    ...needed,
    fn: () =>
      withLine(async (line) => {
        const nodes = startLine(line, name);
        const { left, router, right } = nodes;
        const { a, group } = FAMILIES[name];
        const address = { destination: group, port: 5004 };
        const events: string[] = [];
        const receiver = right.session(address).on(({ kind }) => events.push(kind));
        left.session(address).sender({ ...OFFERED, port: 4000 });
        await until("Path at B", () => events.includes("PATH_EVENT"));
        receiver.reserve({ style: "SE", flowspec: TOKEN_BUCKET, senders: [{ address: a, port: 4000 }] });
        await until("the reservation at A", () => left.inspect("installed").length === 1);
        assertEquals(router.inspect("installed").length, 1);
        await nodes.close();
      }),
  });
}
