/** The log of a node: levels, text or lines of JSON, changed in place. The only place that knows the library behind it. */
import {
  configureSync,
  getLogger,
  type Logger,
  type LogRecord,
  resetSync,
  sanitizeControlSequences,
} from "@logtape/logtape";

/** As in the file. */
export type LogLevel = "debug" | "info" | "warning" | "error";

/** How the log is to be. */
export interface LogSettings {
  readonly level: LogLevel;
  readonly format: "text" | "json";
}

/** Values that a message names in braces, and more for whoever reads JSON. */
export type LogValues = Readonly<Record<string, unknown>>;

/** A line is a message in which `{name}` stands for a value. */
export interface Log {
  debug(message: string, values?: LogValues): void;
  info(message: string, values?: LogValues): void;
  warning(message: string, values?: LogValues): void;
  error(message: string, values?: LogValues): void;
}

const ROOT = "resv";

/** Sets the log up, or anew. `write` takes whole lines. */
export function configureLog({ level, format }: LogSettings, write: (line: string) => void): void {
  const formatted = format === "json" ? jsonLine : textLine;
  configureSync({
    reset: true,
    sinks: { lines: (record: LogRecord) => write(formatted(record)) },
    loggers: [
      { category: ROOT, lowestLevel: level, sinks: ["lines"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["lines"] },
    ],
  });
}

/** `2026-01-31T12:00:00.000Z warning node: interface eth0 is not used: it is down`. */
function textLine(record: LogRecord): string {
  const { timestamp, level } = record;
  return `${new Date(timestamp).toISOString()} ${level} ${partOf(record)}: ${messageOf(record)}\n`;
}

/** The same with every value of the record as a member. */
function jsonLine(record: LogRecord): string {
  const { timestamp, level, properties } = record;
  const head = { time: new Date(timestamp).toISOString(), level, part: partOf(record), message: messageOf(record) };
  return JSON.stringify({ ...head, ...properties, ...head }) + "\n";
}

function partOf({ category }: LogRecord): string {
  return category.slice(1).join(".");
}

/** One line for one record, whatever somebody else has put into a value. */
function messageOf({ message }: LogRecord): string {
  return sanitizeControlSequences(message.map(String).join(""), { sgr: "escape", newlines: "escape" });
}

/** Forgets how the log was set up: nothing is written any more. */
export function closeLog(): void {
  resetSync();
}

/** The log of one part of the node. */
export function logOf(part: string): Log {
  const logger: Logger = getLogger([ROOT, part]);
  return {
    debug: (message, values = {}) => logger.debug(message, { ...values }),
    info: (message, values = {}) => logger.info(message, { ...values }),
    warning: (message, values = {}) => logger.warning(message, { ...values }),
    error: (message, values = {}) => logger.error(message, { ...values }),
  };
}
