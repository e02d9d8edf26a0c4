/**
 * `deno task bench:capture`: whole processes that turn a capture into text, one million messages of ../shared/perf/gen.py:
 * `resv decode --ndjson`, `tshark -T json`, `tcpdump -nvv`, each to /dev/null. The two others do not finish a million in
 * reasonable time (tcpdump's time grows with the square of the messages), so each gets the largest sample, of steps of
 * about a quarter, that it finishes in a minute. Then all three run in turns; the best of each counts.
 *
 * Options: `--messages N` (1,000,000), `--seconds N` (60), `--rounds N` (3), `--file FILE` (a pcap made before).
 */
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";

const { values } = parseArgs({
  options: {
    messages: { type: "string", default: "1000000" },
    seconds: { type: "string", default: "60" },
    rounds: { type: "string", default: "3" },
    file: { type: "string" },
  },
});
const [messages, seconds, rounds] = [values.messages, values.seconds, values.rounds].map(Number);
if (![messages, seconds, rounds].every((value) => Number.isInteger(value) && value > 0)) {
  console.error("bench:capture: --messages, --seconds and --rounds want whole numbers above zero");
  Deno.exit(2);
}

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const GENERATOR = ROOT + "../shared/perf/gen.py";
/** The first sample of the others, and the step to the next. */
const FIRST_SAMPLE = 10_000;
const STEP = 1.25;

/** A program that reads captures. */
interface Reader {
  readonly name: string;
  command(file: string): [program: string, args: string[]];
  /** How many times as fast resv shall be, by messages per second. */
  readonly goal?: number;
}

const RESV: Reader = {
  name: "resv decode --ndjson",
  command: (file) => [Deno.execPath(), ["run", "-A", "--quiet", `${ROOT}host/cli/main.ts`, "decode", "--ndjson", file]],
};
const OTHERS: readonly Reader[] = [
  { name: "tshark -T json", command: (file) => ["tshark", ["-n", "-T", "json", "-r", file]], goal: 100 },
  { name: "tcpdump -nvv", command: (file) => ["tcpdump", ["-nvv", "-r", file]], goal: 30 },
];

/** Seconds that a reader takes, or undefined if it was stopped after `limit` of them. */
async function time(reader: Reader, file: string, limit: number): Promise<number | undefined> {
  const [program, args] = reader.command(file);
  const start = performance.now();
  const child = new Deno.Command(program, { args, stdin: "null", stdout: "null", stderr: "null" }).spawn();
  let stopped = false;
  const timer = setTimeout(() => {
    stopped = true;
    child.kill("SIGKILL");
  }, limit * 1000);
  const { success } = await child.status;
  clearTimeout(timer);
  if (stopped) return undefined;
  if (!success) throw new Error(`${program} failed`);
  return (performance.now() - start) / 1000;
}

/** Lines that a reader prints. */
async function countLines(reader: Reader, file: string): Promise<number> {
  const [program, args] = reader.command(file);
  const child = new Deno.Command(program, { args, stdin: "null", stdout: "piped", stderr: "null" }).spawn();
  let lines = 0;
  for await (const chunk of child.stdout) {
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++;
  }
  await child.status;
  return lines;
}

/** Makes the messages; gen.py says how many, and they are the same each time. */
async function generate(folder: string): Promise<string> {
  const python = await new Deno.Command("python3", {
    args: [GENERATOR, String(messages), folder],
    stdin: "null",
    stdout: "inherit",
  }).output().catch(() => undefined);
  if (!python?.success) {
    console.error("bench:capture needs python3 and the folder ../shared/perf beside the repository");
    Deno.exit(1);
  }
  return `${folder}/rsvp.pcap`;
}

/** Byte at which message number `count` of a little-endian pcap ends. */
function endsOf(file: Uint8Array): Uint32Array {
  const view = new DataView(file.buffer, file.byteOffset, file.length), ends: number[] = [24];
  for (let at = 24; at + 16 <= file.length;) ends.push(at += 16 + view.getUint32(at + 8, true));
  return Uint32Array.from(ends);
}

/** The largest sample that a reader finishes in time: its file and messages. */
async function largestSample(reader: Reader, file: string, folder: string): Promise<{ file: string; count: number }> {
  const bytes = await Deno.readFile(file), ends = endsOf(bytes), path = `${folder}/${reader.name.split(" ")[0]}.pcap`;
  const run = async (count: number) => {
    await Deno.writeFile(path, bytes.subarray(0, ends[count]));
    return await time(reader, path, seconds);
  };
  let best = 0;
  for (let count = Math.min(FIRST_SAMPLE, messages); count > best;) {
    const took = await run(count);
    if (took === undefined) break;
    best = count;
    // While there is plenty of time left, steps are longer: no reader is worse than quadratic.
    const factor = Math.max(STEP, Math.sqrt(seconds / took) * 0.9);
    count = Math.min(messages, Math.round(count * factor / 1000) * 1000);
  }
  if (best === 0) throw new Error(`${reader.name} does not finish ${FIRST_SAMPLE} messages in ${seconds} seconds`);
  await Deno.writeFile(path, bytes.subarray(0, ends[best]));
  return { file: path, count: best };
}

const grouped = (value: number) => Math.round(value).toLocaleString("en-US");
const folder = await Deno.makeTempDir({ prefix: "resv_bench_" });
try {
  const file = values.file ?? await generate(folder);
  const lines = await countLines(RESV, file);
  console.log(`resv prints ${grouped(lines)} lines for ${grouped(messages)} messages`);
  if (lines !== messages) Deno.exit(1);
  const sides = [{ reader: RESV, file, count: messages, best: Infinity }];
  for (const reader of OTHERS) sides.push({ reader, ...await largestSample(reader, file, folder), best: Infinity });
  for (let round = 0; round < rounds; round++) {
    // Others may take somewhat longer now than when their samples were chosen.
    for (const side of sides) {
      side.best = Math.min(side.best, await time(side.reader, side.file, 3 * seconds) ?? Infinity);
    }
  }
  const speed = ({ count, best }: { count: number; best: number }) => count / best;
  console.log(`\nDeno ${Deno.version.deno}, best of ${rounds} interleaved rounds\n`);
  console.log("| whole process, to /dev/null | messages | seconds | messages a second | resv is faster by | goal |");
  console.log("|---|---:|---:|---:|---:|---:|");
  for (const side of sides) {
    const ratio = side.reader === RESV ? "" : (speed(sides[0]) / speed(side)).toFixed(0);
    const cells = [side.reader.name, grouped(side.count), side.best.toFixed(2), grouped(speed(side)), ratio];
    console.log(`| ${[...cells, side.reader.goal ?? ""].join(" | ")} |`);
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}
