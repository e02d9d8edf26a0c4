/**
 * QOS by name (WSAGetQOSByName and the template calls of its service provider interface). The names of the built-in
 * templates are documented, their numbers are not: except for G711, whose flowspec is that of widely published samples,
 * they are this project's own, made from the codec's frame size and rate with 40 bytes of IP, UDP and RTP header.
 */
import { qosFlowspec } from "./flowspec.ts";
import { type Qos, qos, type QosInput } from "./qos.ts";
import { SERVICE_TYPE } from "./service_types.ts";
import { QosError } from "./status.ts";
import { validateQos } from "./validate.ts";

/** TokenRate, TokenBucketSize, PeakBandwidth, MaxSduSize, MinimumPolicedSize of each codec. */
const BUILT_IN: readonly [string, number, number, number, number, number][] = [
  ["G711", 8_500, 680, 17_000, 340, 340],
  // 24 bytes each 30 ms.
  ["G723.1", 2_176, 128, 4_352, 64, 64],
  // 20 bytes each 20 ms.
  ["G729", 3_000, 120, 6_000, 60, 60],
  // 64, 256, 128 and 384 kbit/s of video.
  ["H263QCIF", 10_000, 3_000, 20_000, 1_500, 64],
  ["H263CIF", 35_000, 9_000, 70_000, 1_500, 64],
  ["H261QCIF", 17_500, 4_500, 35_000, 1_500, 64],
  ["H261CIF", 52_500, 12_000, 105_000, 1_500, 64],
  // 33 bytes each 20 ms.
  ["GSM6.10", 3_650, 146, 7_300, 73, 73],
];

/**
 * Templates: the eight built-in ones and what is installed.
 *
 * ```ts
 * import { QosTemplates } from "@resv/resv";
 * const templates = new QosTemplates();
 * console.log(templates.get("G711")?.sendingFlowspec.tokenRateBytesPerSecond, templates.names().length); // 8500 8
 * ```
 */
export class QosTemplates {
  #installed = new Map<string, Qos>();

  /** With the templates that `toJSON` gave, or none. */
  constructor(installed: Readonly<Record<string, QosInput>> = {}) {
    for (const [name, input] of Object.entries(installed)) this.install(name, input);
  }

  /** Every name: the built-in ones in their documented order, then the others. */
  names(): string[] {
    return [...new Set([...BUILT_IN.map(([name]) => name), ...this.#installed.keys()])];
  }

  /** A copy of the template; undefined if there is none of that name. */
  get(name: string): Qos | undefined {
    const installed = this.#installed.get(name);
    return installed ? structuredClone(installed) : builtIn(name);
  }

  /** Adds a template or replaces one, a built-in one too. Throws a {@linkcode QosError} if it could not be set. */
  install(name: string, input: QosInput): void {
    if (name === "") throw new QosError("EINVAL", "name", "a template needs a name");
    const template = qos(structuredClone(input) as QosInput);
    validateQos(template, { protocol: "udp", family: 0, connected: false, multicast: false });
    this.#installed.set(name, template);
  }

  /** Takes an installed template away; a built-in one that it replaced is there again. */
  remove(name: string): void {
    if (this.#installed.delete(name)) return;
    if (builtIn(name)) throw new QosError("EINVAL", "name", `${name} is built in and cannot be removed`);
    throw new QosError("NODATA", "name", `there is no template "${name}"`);
  }

  /** What was installed, for keeping. */
  toJSON(): Record<string, Qos> {
    return Object.fromEntries(this.#installed);
  }
}

function builtIn(name: string): Qos | undefined {
  const found = BUILT_IN.find(([known]) => known === name);
  if (!found) return undefined;
  const [, rate, bucket, peak, maximum, minimum] = found;
  const flowspec = qosFlowspec({
    serviceType: SERVICE_TYPE.CONTROLLEDLOAD,
    tokenRateBytesPerSecond: rate,
    tokenBucketSizeBytes: bucket,
    peakBandwidthBytesPerSecond: peak,
    maxSduSizeBytes: maximum,
    minimumPolicedSizeBytes: minimum,
  });
  return qos({ sendingFlowspec: flowspec, receivingFlowspec: flowspec });
}
