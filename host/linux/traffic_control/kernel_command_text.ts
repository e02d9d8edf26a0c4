/** Commands as lines of tc, which a shell takes as they are: what a dry run shows. */
import {
  type ClassSettings,
  type KernelCommand,
  MAJOR,
  MARKER,
  MINOR,
  PREFERENCE,
  type U32Key,
} from "./kernel_command.ts";

const hex = (value: number) => value.toString(16);
const major = hex(MAJOR);
const classText = (minor: number) => `${major}:${hex(minor)}`;

/** table:bucket:node as tc writes it: no node names the table, no bucket is bucket 0. */
function handleText(handle: number): string {
  return `${hex(handle >>> 20)}:${hex((handle >>> 12) & 0xff)}:${hex(handle & 0xfff)}`;
}

function filterText(command: { family: 4 | 6; name: string }, verb: string): string {
  const [protocol, preference] = command.family === 4 ? ["ip", PREFERENCE.IPV4] : ["ipv6", PREFERENCE.IPV6];
  return `tc filter ${verb} dev ${command.name} parent ${major}: protocol ${protocol} pref ${preference}`;
}

function settingsText(settings: ClassSettings): string {
  const { rateBytesPerSecond: rate, ceilingBytesPerSecond: ceiling } = settings;
  // tc's "bps" is bytes per second, its "b" bytes.
  return `htb rate ${rate}bps ceil ${ceiling}bps burst ${settings.burstBytes}b cburst ${settings.ceilingBurstBytes}b ` +
    `quantum ${settings.quantumBytes} prio ${settings.priority}`;
}

function keyText({ mask, value, offset }: U32Key): string {
  return `match u32 0x${hex(value)} 0x${hex(mask)} at ${offset}`;
}

/** One line, without its end. */
export function commandText(command: KernelCommand): string {
  const { name } = command;
  switch (command.kind) {
    case "ROOT": {
      const table = command.headerBytes === 0 ? "" : ` stab overhead -${command.headerBytes}`;
      return `tc qdisc add dev ${name} root handle ${major}:${table} htb default ${
        hex(MINOR.BEST_EFFORT)
      } r2q ${MARKER}`;
    }
    case "REMOVE_ROOT":
      return `tc qdisc del dev ${name} root handle ${major}:`;
    case "CLASS": {
      const verb = command.create ? "add" : "change";
      const parent = command.minor === MINOR.LINK ? `${major}:` : classText(MINOR.LINK);
      const settings = settingsText(command.settings);
      return `tc class ${verb} dev ${name} parent ${parent} classid ${classText(command.minor)} ${settings}`;
    }
    case "REMOVE_CLASS":
      return `tc class del dev ${name} classid ${classText(command.minor)}`;
    case "TABLE":
      return `${filterText(command, "add")} handle ${hex(command.table)}: u32 divisor ${command.divisor}`;
    case "LINK": {
      const place = command.handle === 0 ? "" : ` handle ${handleText(command.handle)}`;
      const table = command.handle === 0 ? "" : ` ht ${handleText((command.handle & 0xfffff000) >>> 0)}`;
      return `${filterText(command, "add")}${place} u32${table} link ${hex(command.table)}: ` +
        `hashkey mask 0x${hex(command.mask).padStart(8, "0")} at ${command.offset} match u32 0 0 at 0`;
    }
    case "FILTER": {
      const place = command.handle === 0 ? "" : ` handle ${handleText(command.handle)}`;
      const table = command.handle === 0 ? "" : ` ht ${handleText((command.handle & 0xfffff000) >>> 0)}`;
      const keys = command.keys.map(keyText).join(" ");
      return `${filterText(command, "add")}${place} u32${table} ${keys} flowid ${classText(command.minor)}`;
    }
    case "ARP_FILTER":
      return `tc filter add dev ${name} parent ${major}: protocol arp pref ${PREFERENCE.ARP} u32 match u32 0 0 at 0 ` +
        `flowid ${classText(command.minor)}`;
    case "REMOVE_FILTER":
      return `${filterText(command, "del")} handle ${handleText(command.handle)} u32`;
    case "PROGRAM":
    case "REMOVE_PROGRAM":
    case "MAP_SET":
    case "MAP_DELETE":
      // A dry run classifies by u32, which needs no program.
      return `# ${command.kind.toLowerCase()} dev ${name}`;
  }
}
