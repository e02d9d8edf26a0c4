/** One captured message as lines for people: where it was, its header, and the tree of its objects. */
import type { Ansis } from "ansis";
import { CAPTURE_FLAG, type CapturedMessage } from "../capture.ts";
import type { Codec, Message } from "../codec.ts";
import { MESSAGES } from "../../catalogue/messages.ts";
import { FLAG_NAMES } from "../metadata.gen.ts";
import { failureLines } from "./decode_failure.ts";
import { TreeWriter } from "./decode_tree.ts";
import type { AnyObject } from "./describe.ts";

const COMMON_HEADER_BYTES = 8;

/** The section that describes each type of message. */
const SECTIONS = new Map(MESSAGES.map(({ type, rfc }) => [type, rfc]));

const FLAG_TEXTS: readonly (readonly [number, string])[] = [
  [CAPTURE_FLAG.ROUTER_ALERT, "Router Alert"],
  [CAPTURE_FLAG.TRUNCATED, "truncated"],
  [CAPTURE_FLAG.BAD_IP_CHECKSUM, "IP checksum wrong"],
  [CAPTURE_FLAG.REASSEMBLED, "reassembled"],
  [CAPTURE_FLAG.TUNNELLED, "tunnelled"],
  [CAPTURE_FLAG.QUOTED, "quoted in ICMP"],
  [CAPTURE_FLAG.MPLS, "in MPLS"],
];

/** The lines of one message, the last one empty. `result` is what `codec` made of it. */
export function messageLines(
  captured: CapturedMessage,
  result: ReturnType<Codec["tryDecode"]>,
  codec: Codec,
  style: Ansis,
): string[] {
  const place = style.bold(placeText(captured));
  if (!result.ok) return [place, ...failureLines(captured.payload, result, codec, style), ""];
  return [place, ...wholeLines(captured.payload, result.message, style), ""];
}

/** Header, objects, and of a Bundle (RFC 2961 3.2) the messages in it, whose offsets count from their own headers. */
function wholeLines(bytes: Uint8Array, message: Message, style: Ansis): string[] {
  const objects = message.objects as readonly AnyObject[];
  const lines = [...headerLines(message, style), ...new TreeWriter(bytes, style).objects(objects)];
  let at = objects.reduce((end, { offset, length }) => Math.max(end, offset + length), COMMON_HEADER_BYTES);
  (message.messages ?? []).forEach((bundled, index) => {
    const broken = "bytes" in bundled;
    const length = broken ? bundled.bytes.length / 2 : bundled.length;
    const place = style.dim(`at byte ${at}, ${length} bytes`);
    const inner = broken
      ? [`  ${style.red(`! ${bundled.error?.text ?? bundled.malformed}`)}`, `  ${bundled.bytes}`]
      : wholeLines(bytes.subarray(at, at + length), bundled, style);
    lines.push(
      `       ${style.bold(`bundled message ${index + 1}`)}  ${place}`,
      ...inner.map((line) => `     ${line}`),
    );
    at += length;
  });
  return lines;
}

/** `Frame 3  2011-05-15 20:22:35.135863  10.1.24.4 > 10.1.12.1  TTL 254  Router Alert`. */
function placeText(captured: CapturedMessage): string {
  const { frame, source, destination, ttl, udpPort, flags, missingBytes } = captured;
  const parts = [`Frame ${frame}`, timeText(captured), `${source} > ${destination}`, `TTL ${ttl}`];
  if (udpPort) parts.push(`UDP port ${udpPort}`);
  for (const [bit, text] of FLAG_TEXTS) if (flags & bit) parts.push(text);
  if (missingBytes > 0) parts.push(`${missingBytes} bytes missing`);
  return parts.filter((part) => part !== "").join("  ");
}

/** UTC with microseconds; nothing where the capture has no time. */
function timeText({ seconds, nanoseconds }: CapturedMessage): string {
  if (seconds === 0 && nanoseconds === 0) return "";
  // No date of JavaScript is so far in the future.
  if (seconds > 8.64e12) return `${seconds} s`;
  const text = new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ");
  return `${text}.${String(Math.floor(nanoseconds / 1000)).padStart(6, "0")} UTC`;
}

function headerLines(message: Message, style: Ansis): string[] {
  const { type, length, version, flags, sendTtl, checksum, checksumValue, reserved, problems = [] } = message;
  const rfc = SECTIONS.get(type) ?? "";
  const parts = [`${length} bytes`, `version ${version}`, `Send_TTL ${sendTtl}`];
  const names = Object.entries(FLAG_NAMES.header ?? {}).filter(([bit]) => flags & Number(bit)).map(([, name]) => name);
  if (flags !== 0) parts.push(`flags 0x${flags.toString(16)}${names.length > 0 ? ` (${names.join(", ")})` : ""}`);
  if (reserved !== undefined) parts.push(`reserved ${reserved}`);
  const verdict = checksum === "bad"
    ? style.red(`checksum bad (0x${(checksumValue ?? 0).toString(16).padStart(4, "0")})`)
    : `checksum ${checksum}`;
  const name = message.message === "UNKNOWN" ? `UNKNOWN type ${type}` : message.message;
  return [
    `    ${style.dim("0")}  ${style.bold(name)}  ${parts.join(", ")}, ${verdict}${rfc ? style.dim(`  ${rfc}`) : ""}`,
    ...problems.map(({ offset, text, rfc }) =>
      `${style.dim(String(offset).padStart(5))}  ${style.red(`! ${text}`)}${style.dim(`  ${rfc}`)}`
    ),
  ];
}
