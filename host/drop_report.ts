/** The engine's reports of dropped messages, for people. */
import { formatAddress } from "./address.ts";
import { type ReportAction, STATUS_TEXT } from "./boundary.gen.ts";

/** Why a message was dropped. Every drop is counted too, under the name of its status. */
export interface DropReport {
  /** STATUS name, such as `BAD_CHECKSUM`. */
  status: string;
  /** The status in words. */
  text: string;
  /** The RFC and section that it follows from; empty where no RFC is concerned. */
  rfc: string;
  /** RSVP message type (RFC 2205 3.1.1). */
  messageType: number;
  /** Class of the object concerned; 0 for the message header. */
  class: number;
  /** C-Type of the object concerned. */
  ctype: number;
  /** Byte of the message. */
  offset: number;
  /** Interface handle it arrived on. */
  interface: number;
  /** IP source of the message. */
  source: string;
}

/** Finds the words for a report. */
export function dropReport(report: ReportAction): DropReport {
  const { messageType, ctype, offset } = report;
  const entry = STATUS_TEXT[report.status];
  return {
    status: entry?.name ?? `STATUS_${report.status}`,
    text: entry?.text ?? "",
    rfc: entry?.rfc ?? "",
    messageType,
    class: report.class,
    ctype,
    offset,
    interface: report.interface,
    source: formatAddress(report.source, report.family),
  };
}
