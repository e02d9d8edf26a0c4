/** Simplified Adspecs to ADSPEC objects (RFC 2210 3.3) and back. */
import type { ObjectInput } from "../object_list.ts";
import type { RsvpObject } from "../objects.gen.ts";
import { INTEGRATED_SERVICE, type QosArithmetic } from "../qos/arithmetic.ts";
import { RAPI_FORM, RAPI_XASPEC_FLG, RapiError } from "./codes.ts";
import { checkIntServ, checkRate, checkWord, validated } from "./convert.ts";
import type { RapiAdspec, RapiAdspecService, RapiPathParameters, RapiSimplifiedAdspec } from "./objects.ts";

const { BRK, IGN, PARM } = RAPI_XASPEC_FLG;

/** A parameter of a service as the catalogue names it. */
interface Parameter {
  name: string;
  type: number;
  [field: string]: unknown;
}

/** A service's fragment. */
interface Fragment {
  name: string;
  type: number;
  breakBit: number;
  parameters: readonly Parameter[];
}

/** ADSPEC of an Adspec. */
export function adspecObject(adspec: RapiAdspec, arithmetic: QosArithmetic, member: string): ObjectInput | RsvpObject {
  if (adspec.form === RAPI_FORM.ADSTYPE_INTSERV) {
    return validated(checkIntServ(adspec.object, "ADSPEC", member), arithmetic, "INTSERV", `${member}.object`);
  }
  if (adspec.form !== RAPI_FORM.ADSTYPE_SIMPLIFIED) {
    throw new RapiError(
      "OBJTYPE",
      `${member}.form`,
      `${(adspec as { form: number }).form} is not the form of an Adspec`,
    );
  }
  const { general, controlledLoad, guaranteed } = adspec;
  if (general.flags & IGN) {
    throw new RapiError("INVAL", `${member}.general.flags`, "the general part cannot be left out");
  }
  checkFlags(general.flags, `${member}.general.flags`);
  const services: Fragment[] = [{
    name: "GENERAL",
    type: INTEGRATED_SERVICE.GENERAL,
    breakBit: general.flags & BRK,
    parameters: pathParameters(general, `${member}.general`),
  }];
  const own = errorTerms(guaranteed, `${member}.guaranteed`);
  const both = [
    fragment("GUARANTEED", INTEGRATED_SERVICE.GUARANTEED, guaranteed, own, `${member}.guaranteed`),
    fragment("CONTROLLED_LOAD", INTEGRATED_SERVICE.CONTROLLED_LOAD, controlledLoad, [], `${member}.controlledLoad`),
  ];
  for (const one of both) if (one) services.push(one);
  return validated({ name: "ADSPEC", form: "IntServ", ctype: 2, services }, arithmetic, "INVAL", member);
}

function checkFlags(flags: number, member: string): void {
  checkWord(flags, member, 0, BRK | IGN | PARM);
  if (flags & IGN && flags & PARM) throw new RapiError("INVAL", member, "IGN and PARM exclude each other");
}

function fragment(
  name: string,
  type: number,
  service: RapiAdspecService,
  own: readonly Parameter[],
  member: string,
): Fragment | undefined {
  checkFlags(service.flags, `${member}.flags`);
  checkWord(service.override, `${member}.override`, 0, 1);
  if (service.flags & IGN) return undefined;
  const breakBit = service.flags & BRK;
  // Without PARM the fragment says only that the service is there.
  if (!(service.flags & PARM)) return { name, type, breakBit, parameters: [] };
  const overrides = service.override ? pathParameters(service, member) : [];
  return { name, type, breakBit, parameters: [...own, ...overrides] };
}

function pathParameters(path: RapiPathParameters, member: string): Parameter[] {
  checkWord(path.hopcnt, `${member}.hopcnt`, 0, 0xffff);
  checkRate(path.pathBandwidthBytesPerSecond, `${member}.pathBandwidthBytesPerSecond`);
  checkWord(path.minimumLatencyMicroseconds, `${member}.minimumLatencyMicroseconds`);
  checkWord(path.composedMtuBytes, `${member}.composedMtuBytes`);
  return [
    { name: "NUMBER_OF_IS_HOPS", type: 4, hops: path.hopcnt },
    { name: "AVAILABLE_PATH_BANDWIDTH", type: 6, bandwidthBytesPerSecond: path.pathBandwidthBytesPerSecond },
    { name: "MINIMUM_PATH_LATENCY", type: 8, latencyMicroseconds: path.minimumLatencyMicroseconds },
    { name: "PATH_MTU", type: 10, mtuBytes: path.composedMtuBytes },
  ];
}

const ERROR_TERMS = [
  { name: "C_TOTAL", type: 133, member: "cTotalBytes", field: "errorTermBytes" },
  { name: "D_TOTAL", type: 134, member: "dTotalMicroseconds", field: "errorTermMicroseconds" },
  { name: "C_SUM", type: 135, member: "cSumBytes", field: "errorTermBytes" },
  { name: "D_SUM", type: 136, member: "dSumMicroseconds", field: "errorTermMicroseconds" },
] as const;

function errorTerms(guaranteed: RapiSimplifiedAdspec["guaranteed"], member: string): Parameter[] {
  return ERROR_TERMS.map(({ name, type, member: term, field }) => {
    checkWord(guaranteed[term], `${member}.${term}`);
    return { name, type, [field]: guaranteed[term] };
  });
}

/** Adspec of an ADSPEC. A service that the path does not offer has IGN, and zeros. */
export function adspecOf(object: RsvpObject, intServ: boolean): RapiAdspec {
  const { services } = object as unknown as { services?: readonly Fragment[] };
  const of = (type: number) => services?.find((service) => service.type === type);
  const general = of(INTEGRATED_SERVICE.GENERAL);
  if (intServ || !general) return { form: RAPI_FORM.ADSTYPE_INTSERV, object };
  const guaranteed = of(INTEGRATED_SERVICE.GUARANTEED);
  const terms = ERROR_TERMS.map(({ type, member, field }) => [member, numberOf(guaranteed, type, field) ?? 0]);
  const path = pathOf(general, NOTHING);
  return {
    form: RAPI_FORM.ADSTYPE_SIMPLIFIED,
    general: { flags: PARM | general.breakBit, ...path },
    controlledLoad: serviceOf(of(INTEGRATED_SERVICE.CONTROLLED_LOAD), path),
    guaranteed: { ...serviceOf(guaranteed, path), ...Object.fromEntries(terms) } as RapiSimplifiedAdspec["guaranteed"],
  };
}

function numberOf(service: Fragment | undefined, type: number, field: string): number | undefined {
  const value = service?.parameters.find((parameter) => parameter.type === type)?.[field];
  return value === undefined ? undefined : Number(value);
}

const NOTHING: RapiPathParameters = {
  hopcnt: 0,
  pathBandwidthBytesPerSecond: 0,
  minimumLatencyMicroseconds: 0,
  composedMtuBytes: 0,
};

function pathOf(service: Fragment, otherwise: RapiPathParameters): RapiPathParameters {
  return {
    hopcnt: numberOf(service, 4, "hops") ?? otherwise.hopcnt,
    pathBandwidthBytesPerSecond: numberOf(service, 6, "bandwidthBytesPerSecond") ??
      otherwise.pathBandwidthBytesPerSecond,
    minimumLatencyMicroseconds: numberOf(service, 8, "latencyMicroseconds") ?? otherwise.minimumLatencyMicroseconds,
    composedMtuBytes: numberOf(service, 10, "mtuBytes") ?? otherwise.composedMtuBytes,
  };
}

/** An ADSPEC may override one parameter alone, a Simplified Adspec all four: the others are the general ones then. */
function serviceOf(service: Fragment | undefined, general: RapiPathParameters): RapiAdspecService {
  if (!service) return { flags: IGN, override: 0, ...NOTHING };
  const overrides = service.parameters.some(({ type }) => type === 4 || type === 6 || type === 8 || type === 10);
  const flags = service.breakBit | (service.parameters.length > 0 ? PARM : 0);
  return overrides ? { flags, override: 1, ...pathOf(service, general) } : { flags, override: 0, ...NOTHING };
}
