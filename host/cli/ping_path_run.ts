/** What `resv ping-path` does: ask through the running node, put the parts together, say what each hop knows. */
import { parseAddress } from "../address.ts";
import { sessionObject } from "../application.ts";
import { type DiagnosedHop, diagnoseObjects, PathDiagnosis } from "../diagnosis.ts";
import { encodeObjects, findObject } from "../object_list.ts";
import { isGroup, type SocketAddress } from "../qos/matching.ts";
import { encodeBase64, upcallEvent } from "../service/protocol.ts";
import { usableAddresses } from "../signalling_node.ts";
import type { ResvContext } from "./context.ts";
import { describeFlow } from "./describe.ts";
import { CommandError, UsageError } from "./output.ts";
import type { PingPathFlags } from "./ping_path.ts";
import { type Place, socketPlace } from "./place_argument.ts";
import { formatSession } from "./session_name.ts";
import { ServiceClient } from "./service_client.ts";
import { formatTable } from "./table.ts";
import { formatAddressPort } from "./units.ts";

/** This client's one registration. */
const SESSION = 1;
const TCP = 6, UDP = 17;
const REPEAT_MS = 1_000;
const COLUMNS = [
  { heading: "hop", align: "right" },
  { heading: "node" },
  { heading: "previous hop" },
  { heading: "IP hops", align: "right" },
  { heading: "R", align: "right" },
  { heading: "style" },
  { heading: "reserved" },
  { heading: "remarks" },
] as const;

/** Runs the command. */
export async function runPingPath(this: ResvContext, given: PingPathFlags, session: Place): Promise<void> {
  // Either says it; --tcp with a session of UDP is a contradiction.
  const flags = { ...given, tcp: given.tcp || session.protocol === TCP }, { from } = flags;
  const destination = socketPlace(session, flags.tcp);
  if (!from) throw new UsageError("say which sender: --from 10.0.1.1:4000");
  if (parseAddress(from.address).family !== parseAddress(destination.address).family) {
    throw new UsageError("sender and destination are of different families");
  }
  const client = await ServiceClient.connect(flags.socket);
  try {
    const diagnosis = await ask(client, flags, from, destination);
    report(this, flags, from, destination, diagnosis);
  } finally {
    client.close();
  }
}

async function ask(
  client: ServiceClient,
  flags: PingPathFlags,
  sender: SocketAddress,
  destination: SocketAddress,
): Promise<PathDiagnosis> {
  const own = await ownAddress(client, sender, destination);
  const lastHop = flags.lastHop ?? (isGroup(destination.address) ? own : destination.address);
  const { maximumHops, back: hopByHop, mtu: pathMtuBytes } = flags;
  const address = {
    destination: destination.address,
    port: destination.port,
    protocol: flags.tcp ? "tcp" : "udp",
  } as const;
  const call = encodeObjects(diagnoseObjects({ sender, lastHop, maximumHops, hopByHop, pathMtuBytes }, own));
  const diagnosis = new PathDiagnosis();
  const done = Promise.withResolvers<void>();
  const stop = client.onEvent((line) => {
    if (line.event !== "upcall" || line.session !== SESSION) return;
    const { kind, objects } = upcallEvent(line);
    if (kind !== "DIAGNOSTIC_REPLY") return;
    diagnosis.take(objects);
    if (diagnosis.complete) done.resolve();
  });
  await client.request("session", { session: SESSION, objects: encodeBase64(encodeObjects([sessionObject(address)])) });
  const request = () => client.request("call", { session: SESSION, call: "DIAGNOSE", objects: encodeBase64(call) });
  const repeat = setInterval(() => void request().catch((error) => done.reject(error)), REPEAT_MS);
  const end = setTimeout(() => done.resolve(), flags.timeout * 1000);
  try {
    await request();
    await done.promise;
    return diagnosis;
  } finally {
    clearInterval(repeat);
    clearTimeout(end);
    stop();
  }
}

/** The own address that the reply goes to: the destination if that is here, else the one towards the sender. */
async function ownAddress(client: ServiceClient, sender: SocketAddress, destination: SocketAddress): Promise<string> {
  const { family } = parseAddress(destination.address);
  const own = usableAddresses(client.connection.hello.interfaces, family);
  if (own.includes(destination.address)) return destination.address;
  const { address } = await client.request("source", { destination: sender.address });
  const found = typeof address === "string" ? address : own[0];
  if (found === undefined) throw new CommandError(`the node has no IPv${family} address`);
  return found;
}

function report(
  context: ResvContext,
  flags: PingPathFlags,
  sender: SocketAddress,
  destination: SocketAddress,
  diagnosis: PathDiagnosis,
): void {
  const { hops, complete } = diagnosis;
  const last = hops.at(-1);
  const reached = complete && last !== undefined && !last.noPathState && last.previousHop === "";
  const limited = complete && flags.maximumHops > 0 && hops.length === flags.maximumHops;
  if (flags.json) {
    context.out.line(JSON.stringify({ complete, reached, hops }, null, 2));
  } else {
    const from = formatAddressPort(sender.address, sender.port);
    context.out.line(`from ${from} to ${formatSession(destination.address, destination.port, flags.tcp ? TCP : UDP)}`);
    if (hops.length > 0) { for (const line of formatTable(COLUMNS, hops.map(rowOf))) context.out.line(line); }
  }
  if (reached || (limited && !last?.noPathState)) return;
  if (hops.length === 0) {
    throw new CommandError(
      `no reply within ${flags.timeout} s: the last hop may know no diagnostics; name another one with --last-hop`,
    );
  }
  if (last?.noPathState) {
    const node = hops.length > 1 ? `beyond ${nodeOf(hops[hops.length - 2])}` : "at the last hop";
    throw new CommandError(`no path state ${node}, hop ${hops.length}`);
  }
  throw new CommandError(`the reply is not whole: ${hops.length} hops were told`);
}

const nodeOf = ({ outgoingAddress, incomingAddress }: DiagnosedHop) => outgoingAddress || incomingAddress || "?";

function rowOf(hop: DiagnosedHop, index: number): string[] {
  const flowspec = findObject(hop.objects, "FLOWSPEC");
  const remarks = [
    hop.noPathState ? "no path state" : hop.previousHop === "" ? "the sender's node" : "",
    hop.merged ? "merged upstream" : "",
    index > 0 && hop.ipHops > 0 ? "a router without RSVP before it" : "",
  ].filter((remark) => remark !== "");
  return [
    String(index + 1),
    nodeOf(hop),
    hop.previousHop,
    String(hop.ipHops),
    hop.noPathState ? "" : `${hop.refreshIntervalSeconds} s`,
    hop.style,
    flowspec ? describeFlow(flowspec) : "",
    remarks.join(", "),
  ];
}
