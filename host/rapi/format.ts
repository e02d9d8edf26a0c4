/** RAPI objects and errors as text: the `rapi_fmt_` functions and `rapi_strerror`. */
import { ERROR_CODES, ERROR_VALUES } from "../../catalogue/error_names.ts";
import { RAPI_ERR, RAPI_ERROR_TEXTS, RAPI_FORM, RAPI_QOS, RAPI_XASPEC_FLG, type RapiErrorName } from "./codes.ts";
import { adspecOf } from "./adspec.ts";
import { flowspecOf, tspecOf } from "./convert.ts";
import type {
  RapiAdspec,
  RapiAdspecService,
  RapiBucket,
  RapiEmpty,
  RapiFilter,
  RapiFlowspec,
  RapiPathParameters,
  RapiTspec,
} from "./objects.ts";
import type { RsvpObject } from "../objects.gen.ts";

/** RSVP error code of the application interface itself (RFC 2205 appendix B). */
const API_ERROR = 20;

const rate = (value: number) => value === Infinity ? "inf" : String(Number(value.toPrecision(9)));

function bucketText(bucket: RapiBucket): string {
  return `r=${rate(bucket.tokenBucketRateBytesPerSecond)} b=${rate(bucket.tokenBucketSizeBytes)} ` +
    `p=${rate(bucket.peakRateBytesPerSecond)} m=${bucket.minimumPolicedUnitBytes} M=${bucket.maximumPacketSizeBytes}`;
}

/**
 * A Tspec in one line (`rapi_fmt_tspec`): `[T r=8500 b=680 p=17000 m=340 M=340]`, rates in bytes per second.
 * {@linkcode rapiTspec} shows it.
 */
export function formatRapiTspec(tspec: RapiTspec | RapiEmpty): string {
  switch (tspec.form) {
    case RAPI_FORM.TSPECTYPE_SIMPLIFIED:
      return `[T ${bucketText(tspec)}]`;
    case RAPI_FORM.TSPECTYPE_INTSERV: {
      const plain = tspecOf(tspec.object as RsvpObject, false);
      return plain.form === RAPI_FORM.TSPECTYPE_SIMPLIFIED ? formatRapiTspec(plain) : "[T of another service]";
    }
    default:
      return "[]";
  }
}

/**
 * A flowspec in one line (`rapi_fmt_flowspec`): `[CL ...]` or `[G R=10000 S=0 ...]`, slack in microseconds. A Tspec,
 * which the flow list of an upcall may have, is written as such.
 * {@linkcode rapiFlowspec} shows it.
 */
export function formatRapiFlowspec(flowspec: RapiFlowspec | RapiTspec | RapiEmpty): string {
  switch (flowspec.form) {
    case RAPI_FORM.TSPECTYPE_SIMPLIFIED:
    case RAPI_FORM.TSPECTYPE_INTSERV:
      return formatRapiTspec(flowspec);
    case RAPI_FORM.FLOWSTYPE_SIMPLIFIED: {
      if (flowspec.service !== RAPI_QOS.GUARANTEED) return `[CL ${bucketText(flowspec)}]`;
      const { rateBytesPerSecond, slackTermMicroseconds } = flowspec;
      return `[G R=${rate(rateBytesPerSecond)} S=${slackTermMicroseconds} ${bucketText(flowspec)}]`;
    }
    case RAPI_FORM.FLOWSTYPE_INTSERV: {
      const plain = flowspecOf(flowspec.object as RsvpObject, false);
      return plain.form === RAPI_FORM.FLOWSTYPE_SIMPLIFIED ? formatRapiFlowspec(plain) : "[of another service]";
    }
    default:
      return "[]";
  }
}

/**
 * An Adspec in one line (`rapi_fmt_adspec`): hops, bandwidth, latency and MTU of the path, then each service that it
 * offers with what it says otherwise; `BRK` marks a node that lacks it.
 *
 * @example
 * ```ts
 * import { formatRapiAdspec, Network, Rapi } from "@resv/resv";
 *
 * const network = new Network();
 * const alice = network.host("alice"), bob = network.host("bob");
 * network.link(alice, bob, { mtuBytes: 1400 });
 * const rapi = new Rapi(bob.rsvp);
 * rapi.session({ address: bob.address, port: 5004 }, {
 *   eventRoutine: ({ adspecs }) => console.log(formatRapiAdspec(adspecs[0])), // [hops=1 bw=125000000 lat=1000 MTU=1400 {G C=0 D=0 Csum=0 Dsum=0} {CL}]
 * });
 * alice.send({ destination: bob.address, port: 5004 }, { tokenBucketRateBytesPerSecond: 8_500 });
 * network.settle();
 * rapi.dispatch();
 * ```
 */
export function formatRapiAdspec(adspec: RapiAdspec | RapiEmpty): string {
  if (adspec.form === RAPI_FORM.ADSTYPE_INTSERV) {
    const plain = adspecOf(adspec.object as RsvpObject, false);
    return plain.form === RAPI_FORM.ADSTYPE_SIMPLIFIED ? formatRapiAdspec(plain) : "[without general parameters]";
  }
  if (adspec.form !== RAPI_FORM.ADSTYPE_SIMPLIFIED) return "[]";
  const { general, controlledLoad, guaranteed } = adspec;
  const terms = ` C=${guaranteed.cTotalBytes} D=${guaranteed.dTotalMicroseconds} Csum=${guaranteed.cSumBytes} ` +
    `Dsum=${guaranteed.dSumMicroseconds}`;
  const parts = [
    `${general.flags & RAPI_XASPEC_FLG.BRK ? "BRK " : ""}${pathText(general)}`,
    serviceText("G", guaranteed, guaranteed.flags & RAPI_XASPEC_FLG.PARM ? terms : ""),
    serviceText("CL", controlledLoad, ""),
  ];
  return `[${parts.filter((part) => part !== "").join(" ")}]`;
}

function pathText(path: RapiPathParameters): string {
  return `hops=${path.hopcnt} bw=${rate(path.pathBandwidthBytesPerSecond)} lat=${path.minimumLatencyMicroseconds} ` +
    `MTU=${path.composedMtuBytes}`;
}

function serviceText(name: string, service: RapiAdspecService, terms: string): string {
  if (service.flags & RAPI_XASPEC_FLG.IGN) return "";
  const broken = service.flags & RAPI_XASPEC_FLG.BRK ? " BRK" : "";
  return `{${name}${broken}${terms}${service.override ? ` ${pathText(service)}` : ""}}`;
}

/** A filter or template in one line (`rapi_fmt_filtspec`): `192.0.2.1:6000`; {@linkcode rapiFilter} shows it. */
export function formatRapiFilter(filter: RapiFilter | RapiEmpty): string {
  if (!("address" in filter)) return "*";
  const address = filter.address.includes(":") ? `[${filter.address}]` : filter.address;
  if ("generalizedPortIdentifier" in filter) return `${address}/GPI${filter.generalizedPortIdentifier}`;
  return filter.flowLabel ? `${address}/FL${filter.flowLabel}` : `${address}:${filter.port}`;
}

/**
 * An error in words (`rapi_strerror`). With one argument it is RAPI's own, of a call; with two they are code and value of
 * an error upcall (RFC 2205 appendix B), where code 20 has RAPI's asynchronous errors as its value.
 *
 * @example
 * ```ts
 * import { RAPI_ERR, rapiStrerror } from "@resv/resv";
 *
 * console.log(rapiStrerror(RAPI_ERR.NOTSPEC)); // a sender needs a Tspec
 * console.log(rapiStrerror(1, 2)); // Admission Control Failure: Requested bandwidth unavailable
 * console.log(rapiStrerror(20, RAPI_ERR.BADSEND)); // sender's address is not this host's
 * ```
 */
export function rapiStrerror(errorCode: number, errorValue?: number): string {
  if (errorValue === undefined) return rapiText(errorCode);
  if (errorCode === API_ERROR) return rapiText(errorValue);
  const code = ERROR_CODES[errorCode] ?? `error ${errorCode}`;
  const value = ERROR_VALUES[errorCode]?.[errorValue];
  return value ? `${code}: ${value}` : errorValue === 0 ? code : `${code}: value ${errorValue}`;
}

function rapiText(code: number): string {
  const name = (Object.keys(RAPI_ERR) as RapiErrorName[]).find((candidate) => RAPI_ERR[candidate] === code);
  return name ? RAPI_ERROR_TEXTS[name] : `error ${code}`;
}
