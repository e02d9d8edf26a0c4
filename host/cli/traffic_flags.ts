/** Flags that `resv send` and `resv receive` share, and what they come to. */
import { parseAddress } from "../address.ts";
import type { QosEvent } from "../qos/events.ts";
import { isSpecified, type QosFlowspec } from "../qos/flowspec.ts";
import type { QosHost } from "../qos/host.ts";
import { SERVICE_TYPE, splitServiceType } from "../qos/service_types.ts";
import { QosTemplates } from "../qos/templates.ts";
import type { NodeFlags } from "./node_flags.ts";
import { CommandError, reasonText } from "./output.ts";
import { formatRate } from "./units.ts";

/** Services by the name that the flag has. */
const SERVICES = {
  "controlled-load": SERVICE_TYPE.CONTROLLEDLOAD,
  guaranteed: SERVICE_TYPE.GUARANTEED,
  general: SERVICE_TYPE.GENERAL_INFORMATION,
  qualitative: SERVICE_TYPE.QUALITATIVE,
  "best-effort": SERVICE_TYPE.BESTEFFORT,
} as const;

/** Flags of both commands. */
export interface TrafficFlags extends NodeFlags {
  readonly tcp: boolean;
  readonly service?: keyof typeof SERVICES;
  readonly template?: string;
  readonly rate?: number;
  readonly bucket?: number;
  readonly size?: number;
  readonly duration: number;
  readonly interval: number;
  readonly json: boolean;
}

/** Bytes of headers in front of a packet's content: IP, then UDP or TCP. */
const IP_BYTES = { 4: 20, 6: 40 } as const;
const TRANSPORT_BYTES = { udp: 8, tcp: 20 } as const;

/** What an IP packet of this session carries besides its content. */
export function headerBytes(address: string, tcp: boolean): number {
  return IP_BYTES[parseAddress(address).family as 4 | 6] + TRANSPORT_BYTES[tcp ? "tcp" : "udp"];
}

/** `8500`, `8.5k`, `1M`: thousands and millions. */
export function parseAmount(text: string): number {
  const [, digits, unit = ""] = /^(\d{1,12}(?:\.\d{1,6})?)([kKM]?)$/.exec(text) ?? [];
  const value = Number(digits) * (unit === "M" ? 1e6 : unit === "" ? 1 : 1e3);
  if (!(value >= 1)) throw new Error(`"${text}" is not a number from 1 on, such as 8500, 8.5k or 1M`);
  return Math.round(value);
}

function parseSeconds(text: string): number {
  const value = Number(text);
  if (!/^\d{1,6}(\.\d{1,3})?$/.test(text) || value <= 0) {
    throw new Error(`"${text}" is not a number of seconds above 0 and below 1000000`);
  }
  return value;
}

function parseService(text: string): keyof typeof SERVICES {
  if (text in SERVICES) return text as keyof typeof SERVICES;
  throw new Error(`no service "${text}": there are ${Object.keys(SERVICES).join(", ")}`);
}

/** For a flag that is parsed and may be missing. */
export function optional<T>(parse: (text: string) => T, placeholder: string, brief: string) {
  return { kind: "parsed", parse, optional: true, placeholder, brief } as const;
}

/** A flag with seconds and a default. */
export function seconds(standard: string, brief: string) {
  return { kind: "parsed", parse: parseSeconds, default: standard, placeholder: "SECONDS", brief } as const;
}

/** For a command's `parameters.flags`. */
export const TRAFFIC_FLAGS = {
  tcp: { kind: "boolean", default: false, brief: "A TCP connection, which the sender opens, instead of UDP" },
  service: optional(parseService, "SERVICE", `${Object.keys(SERVICES).join(", ")}; controlled-load by default`),
  template: optional(String, "NAME", "Flowspec by name: G711, G729, H263CIF, ...; other flags count before it"),
  rate: optional(parseAmount, "BYTES", "Bytes per second: of the sender's token bucket; of a receiver, to be reserved"),
  bucket: optional(parseAmount, "BYTES", "Depth of the token bucket"),
  size: optional(parseAmount, "BYTES", "Largest packet, IP header included"),
  interval: seconds("1", "Figures so often"),
  json: { kind: "boolean", default: false, brief: "One JSON value at the end, and nothing before it" },
} as const;

/** The flowspec of the flags: a template's, with what other flags say over it. @throws {CommandError} for an unknown name. */
export function flowspecOf(flags: TrafficFlags): Partial<QosFlowspec> {
  const templates = new QosTemplates();
  const found = flags.template === undefined ? undefined : templates.get(flags.template);
  if (flags.template !== undefined && !found) {
    throw new CommandError(`no template "${flags.template}": there are ${templates.names().join(", ")}`);
  }
  const least = found?.sendingFlowspec.minimumPolicedSizeBytes;
  const service = flags.service ?? (found ? undefined : "controlled-load");
  return {
    ...found?.sendingFlowspec,
    ...(service === undefined ? {} : { serviceType: SERVICES[service] }),
    ...(flags.rate === undefined ? {} : { tokenRateBytesPerSecond: flags.rate }),
    ...(flags.bucket === undefined ? {} : { tokenBucketSizeBytes: flags.bucket }),
    ...(flags.size === undefined ? {} : { maxSduSizeBytes: flags.size }),
    ...(least !== undefined && flags.size !== undefined
      ? { minimumPolicedSizeBytes: Math.min(least, flags.size) }
      : {}),
  };
}

/** An event in words: `RECEIVERS 10 kB/s guaranteed`, `ADMISSION_FAILURE found by 127.9.1.1`. */
export function eventText({ status, qos, direction, error, extendedStatus2 }: QosEvent): string {
  if (error) {
    const found = error.node ? `, found by ${error.node}` : "";
    return `${status}: code ${error.code} value ${error.value} (${extendedStatus2})${found}`;
  }
  const flowspec = direction === "sending" ? qos.sendingFlowspec : qos.receivingFlowspec;
  const { tokenRateBytesPerSecond: rate, serviceType } = flowspec;
  const type = splitServiceType(serviceType)?.type;
  const service = Object.entries(SERVICES).find(([, number]) => number === type)?.[0] ?? "";
  return isSpecified(rate) ? `${status} ${formatRate(rate)} ${service}` : status;
}

/** An event for JSON. */
export function plainEvent(seconds: number, event: QosEvent): Record<string, unknown> {
  const { status, statusCode, extendedStatus1, extendedStatus2, direction, session, error, qos } = event;
  const flowspec = direction === "sending" ? qos.sendingFlowspec : qos.receivingFlowspec;
  return {
    ...{ seconds, status, statusCode, extendedStatus1, extendedStatus2, session },
    ...(isSpecified(flowspec.tokenRateBytesPerSecond)
      ? { tokenRateBytesPerSecond: flowspec.tokenRateBytesPerSecond }
      : {}),
    ...(error ? { error } : {}),
  };
}

/** The host's address from which data to a destination leave: by route, else the first of the family. */
export async function localAddress({ provider }: QosHost, destination: string): Promise<string> {
  const byRoute = await new Promise<string | undefined>((resolve) => provider.sourceAddress(destination, resolve));
  const { family } = parseAddress(destination);
  const address = byRoute ?? provider.localAddresses(family)[0];
  if (address !== undefined) return address;
  throw new CommandError(`none of this host's addresses is IPv${family}, as ${destination} is`);
}

/** What the system or the provider refused, in one line; anything else is a fault of this program. */
export function refusal(error: unknown): unknown {
  const { name, code } = error as { name?: string; code?: unknown };
  if (name === "QosError" || typeof code === "string" || error instanceof Deno.errors.NotCapable) {
    return new CommandError(reasonText(error));
  }
  return error;
}
