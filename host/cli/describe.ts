/**
 * The key fields of a decoded message in one line, for ladders: session, sender or filters, rate, style, error. It
 * shows what the objects say and judges nothing.
 */
import { VALUE_NAMES } from "../metadata.gen.ts";
import { formatSession } from "./session_name.ts";
import { formatAddressPort, formatMs, formatRate } from "./units.ts";

/** A decoded object, as far as this file reads it. */
// deno-lint-ignore no-explicit-any
export type AnyObject = Readonly<Record<string, any>>;

/** The name of a value in one of the catalogue's enumerations, or the number itself. */
export function nameOf(enumeration: string, value: number): string {
  return VALUE_NAMES[enumeration]?.[value] ?? String(value);
}

/** `127.0.2.2:5004/UDP`. */
export function describeSession(session: AnyObject): string {
  if (session.tunnelEndPointAddress !== undefined) return `${session.tunnelEndPointAddress} tunnel ${session.tunnelId}`;
  if (session.destinationAddress === undefined) return session.form ? `${session.name} ${session.form}` : session.name;
  const port = session.destinationPort ?? session.virtualDestinationPort ?? 0;
  return formatSession(session.destinationAddress, port, session.protocolId);
}

/** `127.0.1.2:4001`, `10.0.0.1 LSP 7`: of a SENDER_TEMPLATE or FILTER_SPEC. */
export function describeSender(sender: AnyObject): string {
  if (sender.tunnelSenderAddress !== undefined) return `${sender.tunnelSenderAddress} LSP ${sender.lspId}`;
  if (sender.aggregatorAddress !== undefined) return sender.aggregatorAddress;
  return formatAddressPort(sender.sourceAddress ?? sender.form, sender.sourcePort ?? 0);
}

/** `250 kB/s`: the rate that a FLOWSPEC asks for or a SENDER_TSPEC announces. */
export function describeFlow(flow: AnyObject): string {
  if (flow.rateBytesPerSecond !== undefined) {
    return `${formatRate(Number(flow.rateBytesPerSecond))} guaranteed`;
  }
  if (flow.tokenBucketRateBytesPerSecond !== undefined) return formatRate(Number(flow.tokenBucketRateBytesPerSecond));
  return "";
}

/** `code 1 value 2, Admission Control Failure: Requested bandwidth unavailable, at 127.0.1.1`. */
export function describeError(error: AnyObject): string {
  if (error.errorCode === 0) return `from ${error.errorNodeAddress}`;
  const code = VALUE_NAMES.errorCode?.[error.errorCode];
  const value = VALUE_NAMES[`errorValue:${error.errorCode}`]?.[error.errorValue];
  const names = [code, value].filter((name) => name !== undefined).join(": ");
  const numbers = `code ${error.errorCode} value ${error.errorValue}`;
  return `${names ? `${names} (${numbers})` : numbers}, found by ${error.errorNodeAddress}`;
}

/** Flow descriptors as they stand: `127.0.1.2:4001 250 kB/s, 127.0.1.2:4002 100 kB/s`. */
function describeFlowDescriptors(objects: readonly AnyObject[]): string {
  const parts: string[] = [];
  let flow = "";
  let used = true;
  for (const object of objects) {
    if (object.name === "FLOWSPEC") {
      if (!used && flow) parts.push(flow);
      flow = describeFlow(object);
      used = false;
    } else if (object.name === "FILTER_SPEC") {
      parts.push(used || !flow ? describeSender(object) : `${flow} for ${describeSender(object)}`);
      used = true;
    }
  }
  if (!used && flow) parts.push(flow);
  return parts.join(", ");
}

/** One line about a message. */
export function describeMessage(message: { readonly objects: readonly AnyObject[] }): string {
  const parts: string[] = [];
  for (const object of message.objects) {
    if (object.name === "STYLE") parts.push(nameOf("style", object.optionVector));
    else if (object.name === "ERROR_SPEC") parts.push(describeError(object));
    else if (object.name === "SENDER_TEMPLATE") parts.push(`sender ${describeSender(object)}`);
    else if (object.name === "SENDER_TSPEC") parts.push(describeFlow(object));
  }
  const flows = describeFlowDescriptors(message.objects);
  if (flows) parts.push(flows);
  const refresh = message.objects.find(({ name }) => name === "TIME_VALUES");
  if (refresh) parts.push(`R ${formatMs(refresh.refreshPeriodMs)}`);
  if (message.objects.some(({ name }) => name === "RESV_CONFIRM")) parts.push("confirm");
  return parts.filter((part) => part !== "").join("  ");
}
