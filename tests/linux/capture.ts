/** RSVP messages as they are on the wire, captured by tcpdump and read by tshark. */

/** One message. */
export interface CapturedMessage {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** Number of the RSVP message type: 1 Path, 2 Resv, 5 PathTear, 6 ResvTear. */
  readonly type: number;
  readonly source: string;
  readonly destination: string;
  readonly hops: number;
}

const FIELDS = ["frame.time_epoch", "rsvp.msg", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "ip.ttl", "ipv6.hlim"];

/** A capture that runs in a namespace, on all of its interfaces. */
export class Capture {
  readonly file: string;
  #child: Deno.ChildProcess;
  #stopped = false;

  private constructor(file: string, child: Deno.ChildProcess) {
    this.file = file;
    this.#child = child;
  }

  /** Starts it, and waits until it runs. Packets are taken one by one: of a block those of its end would be missing. IPv6 is taken whole: behind a header of options the protocol is not seen. */
  static async start(namespace: string): Promise<Capture> {
    const file = Deno.makeTempFileSync({ prefix: "resv_capture_", suffix: ".pcap" });
    const tcpdump = ["tcpdump", "--immediate-mode", "-i", "any", "-U", "-s", "0", "-w", file, "ip proto 46 or ip6"];
    const child = new Deno.Command("ip", {
      args: ["netns", "exec", namespace, ...tcpdump],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    // Its first words come when it listens.
    const reader = child.stderr.getReader();
    await reader.read();
    reader.releaseLock();
    return new Capture(file, child);
  }

  /** Ends it; the file stays. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#child.kill("SIGINT");
    await this.#child.stderr.cancel();
    await this.#child.status;
  }

  /** Ends it and removes the file. */
  async discard(): Promise<void> {
    await this.stop();
    await Deno.remove(this.file).catch(() => {});
  }

  /** Every RSVP message, in order. */
  async messages(): Promise<CapturedMessage[]> {
    const lines = await tshark(this.file, "-Y", "rsvp", "-T", "fields", ...FIELDS.flatMap((field) => ["-e", field]));
    return lines.map((line) => {
      const [time, type, source4, destination4, source6, destination6, ttl, hops] = line.split("\t");
      return {
        atMs: 1000 * Number(time),
        type: Number(type),
        source: source4 || source6,
        destination: destination4 || destination6,
        hops: Number(ttl || hops),
      };
    });
  }

  /** What tshark finds wrong with RSVP messages: malformed ones, wrong checksums, warnings; a line each. */
  async complaints(): Promise<string[]> {
    const severe = "rsvp && (_ws.malformed || _ws.expert.severity >= 0x600000 || ip.checksum.status == 0)";
    const checksums = (await tshark(this.file, "-Y", "rsvp", "-V")).filter((line) =>
      /Message Checksum.*incorrect/.test(line)
    );
    return [...await tshark(this.file, "-Y", severe), ...checksums];
  }
}

async function tshark(file: string, ...args: string[]): Promise<string[]> {
  const { success, stdout, stderr } = await new Deno.Command("tshark", {
    args: ["-n", "-o", "ip.check_checksum:TRUE", "-r", file, ...args],
    stdin: "null",
  }).output();
  if (!success) throw new Error(`tshark: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
}
