/**
 * What a socket can ask about its flow (SIO_CHK_QOS). The documentation gives names and units; which figures are compared
 * is this project's choice and stands in docs/qos.md.
 */
import type { InterfaceSettings } from "../node_settings.ts";
import { INTEGRATED_SERVICE, type QosArithmetic } from "./arithmetic.ts";
import { GQOS_STATUS } from "./extended_status.ts";
import type { QosFlow } from "./flow.ts";
import { isSpecified, rateOf } from "./flowspec.ts";
import { isAnyAddress, sameAddress, type SocketAddress } from "./matching.ts";
import type { QosSetting } from "./setting.ts";
import { QosError } from "./status.ts";

/** What can be asked. */
export const QOS_CHECK = {
  /** May the data flow at their rate before a reservation stands? */
  ALLOWED_TO_SEND_DATA: 50001,
  /** May so much be reserved on the interface that receives? */
  ABLE_TO_RECV_RSVP: 50002,
  /** Of the interface, in kbit/s. */
  LINE_RATE: 50003,
  /** Is there traffic control on this host that enforces? */
  LOCAL_TRAFFIC_CONTROL: 50004,
  /** Is RSVP spoken on the interface? */
  LOCAL_QOSABILITY: 50005,
  /** Does the whole path take part? */
  END_TO_END_QOSABILITY: 50006,
} as const;

/** The answer where it cannot be known (INFO_NOT_AVAILABLE). */
export const QOS_INFO_NOT_AVAILABLE = 0xffffffff;

/** What a check needs of the service provider. */
export interface CheckPort {
  readonly arithmetic: QosArithmetic;
  /** False once the node has ended. */
  readonly running: boolean;
  readonly interfaces: readonly InterfaceSettings[];
  /** Whether traffic control enforces; undefined if that cannot be known. */
  readonly trafficControl: boolean | undefined;
  /** What may be sent without a reservation, for each flow; undefined for no limit. */
  readonly nonReservedSendLimitBytesPerSecond: number | undefined;
}

/** The socket's own part. */
export interface CheckedSocket {
  setting: QosSetting;
  local: SocketAddress | undefined;
}

/** Answers. Throws a {@linkcode QosError} for a check that there is not. */
export function checkFlow(check: number, flows: readonly QosFlow[], socket: CheckedSocket, port: CheckPort): number {
  switch (check) {
    case QOS_CHECK.ALLOWED_TO_SEND_DATA:
      return allowedToSend(flows, socket, port);
    case QOS_CHECK.ABLE_TO_RECV_RSVP:
      return ableToReceive(flows, socket, port);
    case QOS_CHECK.LINE_RATE: {
      const rate = interfaceOf(flows, socket, port)?.linkBytesPerSecond;
      return rate === undefined ? QOS_INFO_NOT_AVAILABLE : Math.min(Math.round(rate * 8 / 1000), 0xfffffffe);
    }
    case QOS_CHECK.LOCAL_TRAFFIC_CONTROL:
      return port.trafficControl === undefined ? QOS_INFO_NOT_AVAILABLE : Number(port.trafficControl);
    case QOS_CHECK.LOCAL_QOSABILITY: {
      const found = interfaceOf(flows, socket, port);
      return found ? Number(port.running && !found.noRsvp && found.up !== false) : QOS_INFO_NOT_AVAILABLE;
    }
    case QOS_CHECK.END_TO_END_QOSABILITY:
      return endToEnd(flows, port);
    default:
      throw new QosError("EINVAL", "check", `${check} is none of QOS_CHECK`, GQOS_STATUS.CHKQOS_BADPARAMETER);
  }
}

/** The interface by which the socket's data go or come: that of its address, or of the address that its route has. */
function interfaceOf(
  flows: readonly QosFlow[],
  { local }: CheckedSocket,
  port: CheckPort,
): InterfaceSettings | undefined {
  const address = local && !isAnyAddress(local.address)
    ? local.address
    : flows.map(({ sending }) => sending?.template.address).find((one) => one !== undefined);
  if (address === undefined) return port.interfaces.length === 1 ? port.interfaces[0] : undefined;
  return port.interfaces.find(({ addresses }) => addresses.some((one) => sameAddress(one.split("/")[0], address)));
}

function allowedToSend(flows: readonly QosFlow[], { setting }: CheckedSocket, port: CheckPort): number {
  const limit = port.nonReservedSendLimitBytesPerSecond;
  if (limit === undefined) return 1;
  const sending = flows.filter(({ sending }) => sending);
  const rates = sending.length > 0
    ? sending.map(({ reserved, sending }) => reserved ? 0 : sending!.flowspec.tokenRateBytesPerSecond)
    : [setting.sending.tokenRateBytesPerSecond];
  if (!rates.every(isSpecified)) return QOS_INFO_NOT_AVAILABLE;
  return Number(rates.every((rate) => rateOf(rate) <= limit));
}

function ableToReceive(flows: readonly QosFlow[], socket: CheckedSocket, port: CheckPort): number {
  const found = interfaceOf(flows, socket, port);
  if (!found) return QOS_INFO_NOT_AVAILABLE;
  const limit = Math.min(found.perFlowBytesPerSecond ?? Infinity, found.reservableBytesPerSecond ?? Infinity);
  if (limit === Infinity) return 1;
  const rate = socket.setting.receiving.tokenRateBytesPerSecond;
  if (isSpecified(rate)) return Number(rateOf(rate) <= limit);
  // What is not specified will be the sender's.
  const announced = flows.flatMap(({ senders }) => senders).map(({ tspec }) =>
    Number((tspec as unknown as Record<string, unknown>).tokenBucketRateBytesPerSecond)
  );
  return announced.length === 0 ? QOS_INFO_NOT_AVAILABLE : Number(announced.every((one) => one <= limit));
}

/** A sender knows by a reservation that has come through; a receiver by the break bit of the ADSPEC (RFC 2215 3.1). */
function endToEnd(flows: readonly QosFlow[], port: CheckPort): number {
  const answers = flows.flatMap((flow) => [
    ...(flow.reserved ? [true] : []),
    ...(flow.receiving ? flow.senders : []).flatMap(({ adspec }) =>
      adspec ? [!port.arithmetic.path(adspec, INTEGRATED_SERVICE.GENERAL).pathBreakBit] : []
    ),
  ]);
  return answers.length === 0 ? QOS_INFO_NOT_AVAILABLE : Number(answers.every(Boolean));
}
