/** What `resv simulate` does: a scenario in, its story and its state out. */
import type { LogLine } from "../network/log.ts";
import type { Network } from "../network/network.ts";
import type { NetworkNode } from "../network/network_node.ts";
import type { PcapFile } from "../transport/pcap_writer.ts";
import { type Played, playScenario } from "../scenario/play.ts";
import { readScenario, ScenarioError } from "../scenario/read.ts";
import type { ResvContext } from "./context.ts";
import { Ladder } from "./ladder.ts";
import { CommandError, type Output, reasonText } from "./output.ts";
import type { SimulateFlags } from "./simulate.ts";
import { type Inspected, stateLines, stateOf } from "./state_tables.ts";
import { formatCount, formatMs } from "./units.ts";

/** Runs the command. */
export async function runSimulate(this: ResvContext, flags: SimulateFlags, file: string): Promise<void> {
  const played = await play(file, flags);
  try {
    if (flags.json) this.out.line(JSON.stringify(played.value, null, 2));
    else printStory(this.out, played.scenario, flags);
    for (const { index, ok, text } of played.scenario.verdicts) {
      if (!ok) this.fail(`${file}: assertions[${index}]: ${text}`);
    }
  } finally {
    for (const node of speakers(played.scenario.network)) node.rsvp.close();
  }
}

async function play(file: string, flags: SimulateFlags): Promise<{ scenario: Played; value: unknown }> {
  let source: string;
  try {
    source = await Deno.readTextFile(file);
  } catch (error) {
    throw new CommandError(`${file}: ${reasonText(error)}`);
  }
  try {
    let capture: PcapFile | undefined;
    const scenario = playScenario(readScenario(source), (network) => {
      if (flags.write !== undefined) capture = network.capture();
    });
    if (flags.write !== undefined && capture) await writeCapture(flags.write, capture.bytes());
    return { scenario, value: flags.json ? jsonOf(scenario) : undefined };
  } catch (error) {
    // What the file says cannot be: a name, a value, a route to nowhere.
    if (error instanceof ScenarioError || error instanceof RangeError) {
      throw new CommandError(`${file}: ${error.message}`);
    }
    throw error;
  }
}

async function writeCapture(file: string, bytes: Uint8Array): Promise<void> {
  try {
    await Deno.writeFile(file, bytes);
  } catch (error) {
    throw new CommandError(`${file}: ${reasonText(error)}`);
  }
}

function speakers(network: Network): NetworkNode[] {
  return network.nodes.filter((node) => node.alive && node.options.rsvp !== false);
}

function inspected(node: NetworkNode): Inspected {
  return {
    name: node.name,
    inspect: (table) => node.inspect(table),
    interfaceName: (handle) => node.record.attachments[handle - 1]?.name ?? String(handle),
  };
}

function printStory(out: Output, played: Played, flags: SimulateFlags): void {
  const { file, network, verdicts } = played;
  if (file.title) out.line(out.style.bold(file.title));
  if (flags.ladder) {
    out.line();
    for (const line of ladderLines(played, flags, out)) out.line(line);
  }
  out.line();
  out.line(out.style.bold(`after ${formatMs(network.now)}`));
  const tables = stateLines(speakers(network).map(inspected));
  for (const line of tables.length > 0 ? tables : ["no state anywhere"]) out.line(line);
  if (verdicts.length === 0) return;
  out.line();
  out.line(out.style.bold("assertions"));
  for (const { ok, atMs, text } of verdicts) {
    out.line(`  ${ok ? out.style.green("ok    ") : out.style.red("FAILED")}  ${formatMs(atMs)}  ${text}`);
  }
}

/** Messages and what happened, in the order of time. */
function ladderLines(played: Played, flags: SimulateFlags, out: Output): string[] {
  const { network, happened } = played;
  const names = network.nodes.map((node) => node.name);
  const ladder = new Ladder(names, network.now);
  const messages = flags.refreshes ? network.messages() : news(played);
  const shown = messages.slice(0, flags.limit);
  const until = messages.length > shown.length ? shown.at(-1)!.timeMs : Infinity;
  const lines = [
    ...happened.filter(({ timeMs }) => timeMs <= until).map(({ timeMs, node, text }) => ({
      timeMs,
      text: node
        ? ladder.note(timeMs, names.indexOf(node), out.style.bold(text))
        : `${out.style.bold(`${" ".repeat(11)}${text} at ${formatMs(timeMs)}`)}`,
    })),
    ...shown.map(({ timeMs, from, to, message: label, detail, lost }) => ({
      timeMs,
      text: ladder.line(
        { timeMs, from: names.indexOf(from), to: Math.max(names.indexOf(to), 0), label, detail, lost },
        out.style.cyan,
      ),
    })),
  ].sort((a, b) => a.timeMs - b.timeMs).map(({ text }) => text);
  const more = messages.length - shown.length;
  return [
    out.style.bold(ladder.heading()),
    ...lines,
    ...(more > 0 ? [`           and ${formatCount(more, "message")} more; --limit shows more of them`] : []),
  ];
}

/** Messages that say something new: the same words between the same nodes are a refresh, until something happens. */
function news({ network, happened }: Played): LogLine[] {
  const seen = new Set<string>();
  let next = 0;
  return network.messages().filter((line) => {
    for (; next < happened.length && happened[next].timeMs <= line.timeMs; next++) seen.clear();
    const between = `${line.from} ${line.to} ${line.message} ${line.detail} ${line.lost}`;
    if (seen.has(between)) return false;
    seen.add(between);
    return true;
  });
}

function jsonOf(played: Played): unknown {
  const { file, network, heard, happened, verdicts } = played;
  return {
    title: file.title,
    afterMs: network.now,
    happened,
    messages: network.messages().map(({ bytes, ...line }) => ({ ...line, bytes: bytes.toHex() })),
    events: heard.map(({ event, ...where }) => ({ ...where, ...event })),
    nodes: Object.fromEntries(speakers(network).map((node) => [node.name, stateOf(inspected(node))])),
    assertions: verdicts,
  };
}
