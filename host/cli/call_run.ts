/** What `resv call` does: commands in, events out. */
import { LanguageError, parseLine } from "./call_language.ts";
import { CallProgram } from "./call_program.ts";
import type { CallFlags } from "./call.ts";
import type { ResvContext } from "./context.ts";
import { interruption, openNode } from "./node_flags.ts";
import { CommandError, type Output, reasonText, UsageError } from "./output.ts";
import { RAPI_EVENT, RapiError } from "../rapi/codes.ts";
import { formatRapiAdspec, formatRapiFilter, formatRapiFlowspec, rapiStrerror } from "../rapi/format.ts";
import { Rapi } from "../rapi/rapi.ts";
import type { RapiEvent } from "../rapi/registration.ts";

/** Where a line stands, for messages: `script.rtap:3: `; empty for one that was just typed. */
interface Line {
  place: string;
  text: string;
}

const EVENT_NAMES = Object.fromEntries(Object.entries(RAPI_EVENT).map(([name, type]) => [type, name]));
const STYLE_NAMES = ["", "WF", "FF", "SE"];

/** Runs the command. */
export async function runCall(this: ResvContext, flags: CallFlags, ...commands: string[]): Promise<void> {
  if (flags.script !== undefined && commands.length > 0) {
    throw new UsageError("commands and --script exclude each other");
  }
  const lines = linesOf(this, flags, commands);
  const host = await openNode(flags, (line) => this.fail(line));
  const interrupted = interruption();
  const rapi = new Rapi(host.node);
  const program = new CallProgram(rapi, printer(this.out, flags.json), interrupted.promise);
  let stopped = false;
  interrupted.promise.then(() => stopped = true);
  const end = interrupted.promise.then(() => undefined);
  // What is typed goes on after a mistake; a script or a command line does not.
  const goesOn = flags.script === undefined && commands.length === 0;
  try {
    for (;;) {
      const next = await Promise.race([lines.next(), end]);
      if (stopped || !next || next.done) break;
      const { place, text } = next.value;
      try {
        if (!await program.execute(parseLine(text))) break;
      } catch (error) {
        if (stopped) break;
        if (!(error instanceof LanguageError || error instanceof RapiError)) throw error;
        if (!goesOn) throw new CommandError(`${place}${error.message}`);
        this.fail(error.message);
      }
      this.out.flush();
    }
  } finally {
    program.close();
    interrupted.close();
    await host.close();
  }
}

async function* linesOf(
  context: ResvContext,
  flags: CallFlags,
  commands: readonly string[],
): AsyncGenerator<Line, undefined> {
  for (const text of commands) yield { place: `${text}: `, text };
  if (commands.length > 0) return;
  const { script } = flags;
  const name = script === undefined || script === "-" ? "" : script;
  const bytes = name === "" ? context.standardInput : await openScript(name);
  let number = 0, rest = "";
  for await (const chunk of bytes.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + chunk).split(/\r?\n/);
    rest = parts.pop()!;
    for (const text of parts) yield { place: `${name || "line "}${name && ":"}${++number}: `, text };
  }
  if (rest !== "") yield { place: `${name || "line "}${name && ":"}${++number}: `, text: rest };
}

async function openScript(name: string): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  try {
    return (await Deno.open(name)).readable;
  } catch (error) {
    throw new CommandError(`${name}: ${reasonText(error)}`);
  }
}

function printer(out: Output, json: boolean) {
  const start = performance.now();
  const seconds = () => ((performance.now() - start) / 1000).toFixed(3);
  return {
    line: (text: string) => void out.line(json ? JSON.stringify({ text }) : text),
    event(thread: number, event: RapiEvent): void {
      if (json) out.line(JSON.stringify(plainEvent(Number(seconds()), thread, event), infinityAsText));
      else for (const line of eventLines(seconds().padStart(8), thread, event)) out.line(line);
      out.flush();
    },
  };
}

/** JSON has no infinity; the rest of this project writes it the same way. */
function infinityAsText(_key: string, value: unknown): unknown {
  return value === Infinity ? "Infinity" : value;
}

/** An event for people: what has happened, then a line for each sender or flow. */
export function eventLines(time: string, thread: number, event: RapiEvent): string[] {
  const { eventType, filters, flows, adspecs, errorCode, errorValue, errorNode } = event;
  const isError = eventType === RAPI_EVENT.PATH_ERROR || eventType === RAPI_EVENT.RESV_ERROR;
  const style = STYLE_NAMES[event.style];
  const head = [
    `${time}  T${thread} ${EVENT_NAMES[eventType]}`,
    ...(style ? [style] : []),
    ...(isError ? [`${rapiStrerror(errorCode, errorValue)} (${errorCode}/${errorValue})`] : []),
    ...(isError && errorNode ? [`found by ${errorNode}`] : []),
    ...(eventType === RAPI_EVENT.PATH_EVENT && filters.length === 0 ? ["no senders"] : []),
    ...(eventType === RAPI_EVENT.RESV_EVENT && flows.length === 0 ? ["no reservation"] : []),
  ].join(" ");
  const indent = " ".repeat(time.length + 2);
  const details = Array.from({ length: Math.max(filters.length, flows.length) }, (_, index) => {
    const parts = [
      filters[index] && formatRapiFilter(filters[index]),
      flows[index] && formatRapiFlowspec(flows[index]),
      adspecs[index] && formatRapiAdspec(adspecs[index]),
    ];
    return `${indent}${parts.filter(Boolean).join(" ")}`;
  });
  return [head, ...details];
}

function plainEvent(seconds: number, thread: number, event: RapiEvent): Record<string, unknown> {
  const { eventType, style, errorCode, errorValue, errorNode, errorFlags, filters, flows, adspecs } = event;
  return {
    seconds,
    thread,
    event: EVENT_NAMES[eventType],
    ...(style ? { style: STYLE_NAMES[style] } : {}),
    ...(errorCode ? { errorCode, errorValue, errorNode, errorFlags, error: rapiStrerror(errorCode, errorValue) } : {}),
    filters: filters.map(formatRapiFilter),
    flows,
    adspecs,
  };
}
