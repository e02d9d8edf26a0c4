/** Runs `resv node` as a process of its own, reads its log (lines of JSON) and its metrics, and sends it signals. */
import { commandLine } from "./cli_process.ts";

/** A line of the log. */
export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly [member: string]: unknown;
}

/** A node that runs. */
export class NodeProcess {
  /** Everything that it has logged. */
  readonly lines: LogLine[] = [];
  /** What was on standard error and is no line of the log. */
  readonly words: string[] = [];
  readonly file: string;
  #child: Deno.ChildProcess;
  #reading: Promise<void>;
  #waiting = new Set<() => void>();
  #closed = false;

  private constructor(file: string, child: Deno.ChildProcess) {
    this.file = file;
    this.#child = child;
    this.#reading = this.#read();
  }

  /** Starts it with this file (`[log]` is added) and does not wait. `wrap` comes before `deno`. */
  static spawn(source: string, args: readonly string[] = [], wrap: readonly string[] = []): NodeProcess {
    const file = Deno.makeTempFileSync({ prefix: "resv_node_", suffix: ".toml" });
    Deno.writeTextFileSync(file, withLog(source));
    const [program, ...rest] = [...wrap, Deno.execPath(), ...commandLine(["node", "--config", file, ...args])];
    const child = new Deno.Command(program, {
      args: rest,
      env: { DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    return new NodeProcess(file, child);
  }

  /** Starts it and waits until it runs. */
  static async start(source: string, args: readonly string[] = [], wrap: readonly string[] = []): Promise<NodeProcess> {
    const node = NodeProcess.spawn(source, args, wrap);
    try {
      await node.said(/^running: /);
    } catch (error) {
      await node.end();
      throw error;
    }
    return node;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Waits for a line that says this, from line `from` on, and returns it. */
  async said(what: RegExp, from = 0, limitMs = 15_000): Promise<LogLine> {
    const end = performance.now() + limitMs;
    for (;;) {
      const line = this.lines.slice(from).find(({ message }) => what.test(message));
      if (line) return line;
      const left = end - performance.now();
      if (this.#closed || left <= 0) {
        const heard = [...this.lines.map(({ message }) => message), ...this.words].join("\n");
        throw new Error(`the node did not say ${what}${this.#closed ? " before it ended" : ""}, but:\n${heard}`);
      }
      await this.#next(left);
    }
  }

  /** Writes the file anew; nobody is told. */
  write(source: string): void {
    Deno.writeTextFileSync(this.file, withLog(source));
  }

  /** Writes the file anew, has it read, and waits until that is done. Returns what was logged. */
  async reload(source: string): Promise<LogLine[]> {
    const from = this.lines.length;
    this.write(source);
    this.signal("SIGHUP");
    await this.said(/^(reload done|reload refused|reload: nothing)/, from);
    return this.lines.slice(from);
  }

  signal(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Sends a signal, if any, and waits for the end. Returns the exit code. */
  async end(signal?: Deno.Signal): Promise<number> {
    try {
      this.#child.kill(signal ?? "SIGKILL");
    } catch {
      // It has ended by itself.
    }
    return await this.ended();
  }

  /** Waits for the end. */
  async ended(): Promise<number> {
    const { code } = await this.#child.status;
    await this.#reading;
    await Deno.remove(this.file).catch(() => {});
    return code;
  }

  #next(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, limitMs);
      this.#waiting.add(done);
    });
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const chunk of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        if (line.startsWith("{")) this.lines.push(JSON.parse(line));
        else this.words.push(line);
      }
      for (const done of [...this.#waiting]) done();
    }
    this.#closed = true;
    for (const done of [...this.#waiting]) done();
  }
}

function withLog(source: string): string {
  return source.includes("[log]") ? source : `${source}\n[log]\nlevel = "debug"\nformat = "json"\n`;
}

/** The numbers at an address of metrics, by name with labels as Prometheus writes them. */
export async function scrape(listen: string): Promise<Map<string, number>> {
  const response = await fetch(`http://${listen}/metrics`);
  const text = await response.text();
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => {
    const at = line.lastIndexOf(" ");
    return [line.slice(0, at), Number(line.slice(at + 1))];
  }));
}

/** Looks every few milliseconds until it holds; throws after a while, with what was seen last. */
export async function until<T>(
  what: string,
  look: () => Promise<T> | T,
  holds: (seen: T) => boolean,
  limitMs = 15_000,
): Promise<T> {
  const end = performance.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (holds(seen)) return seen;
    if (performance.now() > end) {
      throw new Error(`not in ${limitMs} ms: ${what}; last seen: ${Deno.inspect(seen, { iterableLimit: 200 })}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
