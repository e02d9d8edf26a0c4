/**
 * What traffic control alone cannot do on every kernel, through the program `nft`: code points for packets, and excess
 * traffic sent to best effort. One table of the family inet holds it:
 *
 * ```
 * chain postrouting: RSVP's own packets get CS6; then interface and flow are looked up in a map for each shape of flow,
 *   which leads to the chain of the reservation
 * chain c<interface>_<class>: what exceeds the rate goes to best effort's class (HTB takes a priority that names one of
 *   its classes before it asks any filter) and keeps its code point; the rest gets the reservation's
 * ```
 */
import { formatAddress } from "../../address.ts";
import type { FlowMatch } from "./flow_match.ts";
import { MAJOR, MINOR } from "./kernel_command.ts";

const TABLE = "inet resv";
const PROTOCOL = { TCP: 6, UDP: 17, AH: 51 } as const;
const BEST_EFFORT = `${MAJOR.toString(16)}:${MINOR.BEST_EFFORT.toString(16)}`;

/** What the packets of a reservation get. */
export interface FlowMarking {
  /** Code point (0 to 63); absent to leave it. */
  dscp?: number;
  /** A token bucket; what does not conform goes as best effort. */
  limit?: { bytesPerSecond: number; burstBytes: number };
}

/** A reservation for the packet filter. */
export interface MarkedFlow {
  device: number;
  minor: number;
  matches: readonly FlowMatch[];
  marking: FlowMarking;
}

interface Shape {
  name: string;
  families: readonly (4 | 6)[];
  /** Expressions besides the interface, as in nft; `@` stands for ip or ip6. */
  fields: readonly string[];
  /** What else has to hold, before the map is asked. */
  condition?: string;
  /** What a flow has in the fields. */
  values: (match: FlowMatch) => (string | number)[];
}

const address = (bytes: Uint8Array | undefined) => {
  const padded = new Uint8Array(16);
  padded.set(bytes!);
  return formatAddress(padded, bytes!.length === 4 ? 4 : 6);
};
const source = (match: FlowMatch) => address(match.source);
const destination = (match: FlowMatch) => address(match.destination);
const BOTH = [4, 6] as const;

/** nft 1.0 forgets the first of more than five fields, so that the protocol has to stand outside. */
function bothPorts(name: string, condition: string): Shape {
  return {
    name,
    families: BOTH,
    fields: ["@ saddr", "@ daddr", "th sport", "th dport"],
    condition,
    values: (match) => [source(match), destination(match), match.sourcePort, match.destinationPort],
  };
}

/** In the order in which they are asked for. */
const SHAPES: readonly Shape[] = [
  {
    name: "label",
    families: [6],
    fields: ["@ saddr", "@ daddr", "ip6 flowlabel"],
    values: (match) => [source(match), destination(match), match.flowLabel!],
  },
  {
    name: "esp",
    families: BOTH,
    fields: ["@ saddr", "@ daddr", "esp spi"],
    values: (match) => [source(match), destination(match), match.securityParameterIndex!],
  },
  {
    name: "ah",
    families: BOTH,
    fields: ["@ saddr", "@ daddr", "ah spi"],
    values: (match) => [source(match), destination(match), match.securityParameterIndex!],
  },
  bothPorts("udp", "meta l4proto 17"),
  bothPorts("tcp", "meta l4proto 6"),
  bothPorts("other", "meta l4proto != { 6, 17 }"),
  {
    name: "anyport",
    families: BOTH,
    fields: ["@ saddr", "@ daddr", "meta l4proto", "th dport"],
    values: (match) => [source(match), destination(match), match.protocol, match.destinationPort],
  },
  {
    name: "addresses",
    families: BOTH,
    fields: ["@ saddr", "@ daddr", "meta l4proto"],
    values: (match) => [source(match), destination(match), match.protocol],
  },
  {
    name: "anysender",
    families: BOTH,
    fields: ["@ daddr", "meta l4proto", "th dport"],
    values: (match) => [destination(match), match.protocol, match.destinationPort],
  },
  {
    name: "destination",
    families: BOTH,
    fields: ["@ daddr", "meta l4proto"],
    values: (match) => [destination(match), match.protocol],
  },
];

function shapeName(match: FlowMatch): string {
  if (match.flowLabel !== undefined) return "label";
  if (match.securityParameterIndex !== undefined) return match.protocol === PROTOCOL.AH ? "ah" : "esp";
  if (match.sourcePort !== 0) {
    return match.protocol === PROTOCOL.UDP ? "udp" : match.protocol === PROTOCOL.TCP ? "tcp" : "other";
  }
  if (match.source) return match.destinationPort === 0 ? "addresses" : "anyport";
  return match.destinationPort === 0 ? "destination" : "anysender";
}

function key(shape: Shape, family: 4 | 6): string {
  return ["meta oif", ...shape.fields].join(" . ").replaceAll("@", family === 4 ? "ip" : "ip6");
}

/** The table without reservations, in place of one that is there. `devices` are those where RSVP's packets get CS6. */
export function tableText(devices: readonly number[]): string {
  const elements = devices.length > 0 ? ` elements = { ${devices.join(", ")} }` : "";
  const lines = [`table ${TABLE} {}`, `delete table ${TABLE}`, `table ${TABLE} {`];
  lines.push(`  set managed { type iface_index;${elements} }`);
  const rules: string[] = [];
  for (const shape of SHAPES) {
    for (const family of shape.families) {
      lines.push(`  map ${shape.name}${family} { typeof ${key(shape, family)} : verdict; }`);
      const condition = shape.condition ? `${shape.condition} ` : "";
      rules.push(`    ${condition}${key(shape, family)} vmap @${shape.name}${family}`);
    }
  }
  lines.push("  chain rsvp {", "    ip dscp set cs6", "    ip6 dscp set cs6", "  }");
  lines.push("  chain postrouting {", "    type filter hook postrouting priority 0; policy accept;");
  lines.push(
    "    meta oif @managed meta l4proto 46 goto rsvp",
    "    meta oif @managed udp dport { 1698, 1699 } goto rsvp",
  );
  return [...lines, ...rules, "  }", "}", ""].join("\n");
}

/** RSVP's packets on the interface get CS6, or no more. */
export function deviceText(device: number, managed: boolean): string {
  return `${managed ? "add" : "delete"} element ${TABLE} managed { ${device} }\n`;
}

/** What removes the table. */
export function removeTableText(): string {
  return `table ${TABLE} {}\ndelete table ${TABLE}\n`;
}

const chain = ({ device, minor }: MarkedFlow) => `c${device}_${minor.toString(16)}`;

function element(verb: string, flow: MarkedFlow, match: FlowMatch): string {
  const name = shapeName(match);
  const shape = SHAPES.find((each) => each.name === name)!;
  const fields = [flow.device, ...shape.values(match)].join(" . ");
  return `${verb} element ${TABLE} ${name}${match.family} { ${fields} : goto ${chain(flow)} }`;
}

/** Puts a flow in, which is not there; or in place of `standing`, which has the same chain. */
export function installText(flow: MarkedFlow, standing?: MarkedFlow): string {
  const lines = [`add chain ${TABLE} ${chain(flow)}`];
  if (standing) {
    lines.push(`flush chain ${TABLE} ${chain(flow)}`);
    for (const match of standing.matches) lines.push(element("delete", standing, match));
  }
  const { dscp, limit } = flow.marking;
  if (limit) {
    const [rate, burst] = [Math.ceil(limit.bytesPerSecond), Math.ceil(limit.burstBytes)];
    const exceeds = `limit rate over ${rate} bytes/second burst ${burst} bytes`;
    lines.push(`add rule ${TABLE} ${chain(flow)} ${exceeds} meta priority set ${BEST_EFFORT} return`);
  }
  if (dscp !== undefined) {
    const header = flow.matches[0].family === 4 ? "ip" : "ip6";
    lines.push(`add rule ${TABLE} ${chain(flow)} ${header} dscp set ${dscp}`);
  }
  for (const match of flow.matches) lines.push(element("add", flow, match));
  return lines.join("\n") + "\n";
}

/** Takes a flow out. */
export function removeText(flow: MarkedFlow): string {
  const lines = flow.matches.map((match) => element("delete", flow, match));
  return [...lines, `delete chain ${TABLE} ${chain(flow)}`, ""].join("\n");
}

/** Runs nft. */
export class PacketFilter {
  #command: readonly string[];

  /** `command` is the program with its first arguments: `["nft"]`. */
  constructor(command: readonly string[]) {
    this.#command = command;
  }

  /** Carries text out, all or nothing; what nft says if it refuses. */
  async run(text: string): Promise<string | undefined> {
    try {
      const child = this.#start("piped").spawn();
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(text));
      await writer.close();
      const { success, stderr } = await child.output();
      return success ? undefined : firstLine(stderr);
    } catch (error) {
      return this.#missing(error);
    }
  }

  /** The same, while nothing else happens; for short text. */
  runAtOnce(text: string): string | undefined {
    const [program, ...first] = this.#command;
    try {
      const { success, stderr } = new Deno.Command(program, { args: [...first, text], stdin: "null" }).outputSync();
      return success ? undefined : firstLine(stderr);
    } catch (error) {
      return this.#missing(error);
    }
  }

  #start(stdin: "piped"): Deno.Command {
    const [program, ...first] = this.#command;
    return new Deno.Command(program, { args: [...first, "-f", "-"], stdin, stdout: "null", stderr: "piped" });
  }

  #missing(error: unknown): string {
    const [program] = this.#command;
    if (error instanceof Deno.errors.NotFound) {
      return `${program} is not installed (the package nftables), and marking or demoting packets needs it`;
    }
    return `${program}: ${(error as Error).message}`;
  }
}

function firstLine(bytes: Uint8Array): string {
  return `nft: ${new TextDecoder().decode(bytes).trim().split("\n")[0]}`;
}
