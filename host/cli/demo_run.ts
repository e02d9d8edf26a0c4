/** What `resv demo` does: announce two flows, reserve, confirm, show what is installed, tear down. */
import type { FlowspecOptions, ReserveOptions, SenderOptions, SessionEvent } from "../application.ts";
import type { Session } from "../session.ts";
import type { ResvContext } from "./context.ts";
import type { DemoFlags } from "./demo.ts";
import { type DemoWorld, NODE_NAMES, type Sighting } from "./demo_world.ts";
import { type AnyObject, describeError, describeFlow, describeMessage, describeSender } from "./describe.ts";
import { Ladder } from "./ladder.ts";
import { CommandError, type Output, reasonText } from "./output.ts";
import { readMessage } from "./read_message.ts";
import { formatTable } from "./table.ts";
import { formatAddressPort, formatRate } from "./units.ts";

/** What the router may give away towards the receiver. */
const RESERVABLE_BYTES_PER_SECOND = 1_000_000;
/** The two flows of the sender; a shared reservation is as large as the larger one. */
const FLOWS: readonly SenderOptions[] = [
  { port: 4001, tokenBucketRateBytesPerSecond: 250_000, peakRateBytesPerSecond: 500_000 },
  { port: 4002, tokenBucketRateBytesPerSecond: 100_000, peakRateBytesPerSecond: 200_000 },
];
/** With --overbook the first flow alone is more than the router has. */
const OVERBOOKED_BYTES_PER_SECOND = 2_000_000;
const SESSION_PORT = 5004;
/** More than this for a step means that something is wrong. */
const STEP_LIMIT_MS = 5_000;
const [SENDER, ROUTER, RECEIVER] = [0, 1, 2];

const COLOURS: Readonly<Record<string, "blue" | "green" | "red" | "yellow">> = {
  Path: "blue",
  Resv: "green",
  ResvConf: "green",
  PathErr: "red",
  ResvErr: "red",
  PathTear: "yellow",
  ResvTear: "yellow",
};

/** Runs the demo. */
export async function runDemo(this: ResvContext, flags: DemoFlags): Promise<void> {
  const file = flags.write === undefined ? undefined : CaptureFile.open(flags.write);
  const options = { reservableBytesPerSecond: RESERVABLE_BYTES_PER_SECOND };
  const world = flags.virtual
    ? (await import("./demo_virtual.ts")).openVirtual(options)
    : await (await import("./demo_loopback.ts")).openLoopback(options);
  const demo = new Demo(world, this.out, flags);
  try {
    await demo.run();
  } finally {
    await world.close();
    file?.write(world, this.out);
  }
}

/** The file of --write, opened before the demo runs: a path that is wrong is told at once. */
class CaptureFile {
  readonly #path: string;
  readonly #file: Deno.FsFile;

  private constructor(path: string, file: Deno.FsFile) {
    this.#path = path;
    this.#file = file;
  }

  static open(path: string): CaptureFile {
    try {
      return new CaptureFile(path, Deno.openSync(path, { write: true, create: true }));
    } catch (error) {
      throw new CommandError(`cannot write ${path}: ${reasonText(error)}`);
    }
  }

  /** Writes what the world has seen, and closes. */
  write(world: DemoWorld, out: Output): void {
    const bytes = world.capture();
    try {
      if (this.#file.statSync().isFile) this.#file.truncateSync();
      for (let at = 0; at < bytes.length;) at += this.#file.writeSync(bytes.subarray(at));
    } catch (error) {
      throw new CommandError(`cannot write ${this.#path}: ${reasonText(error)}`);
    } finally {
      this.#file.close();
    }
    out.line();
    out.line(`Every message is in ${this.#path}.`);
    // tshark knows RSVP in IP by itself, but not the ports of RFC 2205 appendix C.
    if (world.encapsulated) out.line(`tshark -d udp.port==1698,rsvp -d udp.port==1699,rsvp -r ${this.#path}`);
  }
}

/** The story, told as it happens. */
class Demo {
  readonly #ladder = new Ladder(NODE_NAMES);
  readonly #world: DemoWorld;
  readonly #out: Output;
  readonly #flags: DemoFlags;
  readonly #flows: readonly SenderOptions[];
  /** Upcalls that the receiver's and the sender's applications got. */
  readonly #heard: { node: number; event: SessionEvent }[] = [];

  constructor(world: DemoWorld, out: Output, flags: DemoFlags) {
    this.#world = world;
    this.#out = out;
    this.#flags = flags;
    this.#flows = flags.overbook
      ? [
        { ...FLOWS[0], tokenBucketRateBytesPerSecond: OVERBOOKED_BYTES_PER_SECOND, peakRateBytesPerSecond: Infinity },
        FLOWS[1],
      ]
      : FLOWS;
  }

  async run(): Promise<void> {
    const { style, overbook } = this.#flags;
    const out = this.#out;
    out.line(`RSVP between three nodes: ${this.#world.description}.`);
    out.line(`Session ${formatAddressPort(this.#world.destination, SESSION_PORT)}/UDP, two flows, style ${style}.`);
    out.line();
    out.line(out.style.bold(this.#ladder.heading()));
    this.#world.onMessage((sighting) => this.#show(sighting));
    const address = { destination: this.#world.destination, port: SESSION_PORT };
    const receiver = this.#world.nodes[RECEIVER].session(address).on((event) => this.#hear(RECEIVER, event));
    const senders = this.#flows.map((flow) =>
      this.#world.nodes[SENDER].session(address).on((event) => this.#hear(SENDER, event)).sender(flow)
    );
    await this.#step("both flows are announced", () => receiver.senders.size === this.#flows.length);
    await this.#reserve(receiver);
    this.#showInstalled();
    await this.#tear(receiver, senders);
    if (overbook && !this.#heard.some(({ event }) => event.kind === "RESV_ERROR")) {
      throw new CommandError("the refusal did not reach the receiver");
    }
  }

  async #reserve(receiver: Session): Promise<void> {
    const { style, overbook } = this.#flags;
    this.#note(RECEIVER, `reserves: ${style}`);
    receiver.reserve(this.#reservation(receiver));
    const answered = (kind: SessionEvent["kind"]) => this.#heard.some(({ event }) => event.kind === kind);
    if (overbook) return await this.#step("the refusal arrives", () => answered("RESV_ERROR"));
    await this.#step("the reservation is confirmed", () => answered("RESV_CONFIRM"));
  }

  /** FF: each flow its own; SE: both share the larger; WF: so does everybody. */
  #reservation(receiver: Session): ReserveOptions {
    const { style } = this.#flags;
    const senders = [...receiver.senders.values()].sort((a, b) => (a.port ?? 0) - (b.port ?? 0));
    const flowspec = (index: number): FlowspecOptions => {
      const { tokenBucketRateBytesPerSecond, peakRateBytesPerSecond } = this.#flows[index];
      return { tokenBucketRateBytesPerSecond, peakRateBytesPerSecond };
    };
    if (style === "WF") return { style, flowspec: flowspec(0), confirm: true };
    if (style === "SE") return { style, flowspec: flowspec(0), senders, confirm: true };
    const descriptors = senders.map((sender, index) => ({ sender, flowspec: flowspec(index) }));
    return { style, descriptors, confirm: true };
  }

  async #tear(receiver: Session, senders: readonly Session[]): Promise<void> {
    const out = this.#out;
    out.line();
    out.line(out.style.bold(this.#ladder.heading()));
    this.#note(RECEIVER, "gives the reservation up");
    receiver.unreserve();
    await this.#step(
      "the reservation is gone everywhere",
      () => this.#world.nodes.every((node) => node.inspect("installed").length === 0),
    );
    this.#note(SENDER, "stops sending");
    for (const sender of senders) sender.release();
    await this.#step(
      "the flows are gone everywhere",
      () => this.#world.nodes.every((node) => node.inspect("senders").length === 0),
    );
    receiver.release();
    await this.#world.until(() => true, STEP_LIMIT_MS);
  }

  async #step(what: string, condition: () => boolean): Promise<void> {
    if (await this.#world.until(condition, STEP_LIMIT_MS)) return;
    throw new CommandError(`gave up after ${STEP_LIMIT_MS / 1000} s waiting until ${what}`);
  }

  #show({ timeMs, from, to, packet, lost }: Sighting): void {
    const { style } = this.#out;
    const message = readMessage(packet.payload);
    const colour = lost ? "red" : COLOURS[message.message];
    const line = this.#ladder.line(
      { timeMs, from, to, label: message.message, detail: describeMessage(message), lost },
      (text) => (colour ? style[colour](text) : text),
    );
    this.#out.line(line);
  }

  #note(node: number, text: string): void {
    this.#out.line(this.#out.style.dim(this.#ladder.note(this.#world.nowMs(), node, text)));
  }

  #hear(node: number, event: SessionEvent): void {
    this.#heard.push({ node, event });
    if (event.kind === "RESV_CONFIRM") this.#note(node, "is told: confirmed");
    if (event.kind === "RESV_ERROR" || event.kind === "PATH_ERROR") {
      const { errorCode, errorValue, errorNode: errorNodeAddress } = event;
      this.#note(node, `is told: ${describeError({ errorCode, errorValue, errorNodeAddress })}`);
    }
    if (event.kind === "CALL_ERROR") throw new CommandError(`call refused: ${event.errorCode} ${event.errorValue}`);
  }

  #showInstalled(): void {
    const out = this.#out;
    out.line();
    out.line(out.style.bold("Installed reservations"));
    const rows = this.#world.nodes.flatMap((node, column) =>
      node.inspect("installed").map((row) => {
        const filters = row.objects.filter(({ name }) => name === "FILTER_SPEC" || name === "SENDER_TEMPLATE");
        const flowspec = row.objects.find(({ name }) => name === "FLOWSPEC");
        const senders = row.style === "WF"
          ? "any"
          : filters.map((filter) => describeSender(filter as AnyObject)).join(", ");
        const place = node.interfaces.find((one) => one.interface === row.interface)?.addresses[0] ??
          String(row.interface);
        const asked = flowspec ? describeFlow(flowspec as AnyObject) : "";
        return [NODE_NAMES[column], place, row.style, senders, asked, formatRate(row.rateBytesPerSecond)];
      }).sort((a, b) => a[3] < b[3] ? -1 : 1)
    );
    const headings = ["Node", "Interface", "Style", "Senders", "Asked for", "Counted"];
    if (rows.length === 0) out.line("none");
    else for (const line of formatTable(headings.map((heading) => ({ heading })), rows)) out.line(line);
    const [link] = this.#world.nodes[ROUTER].inspect("interfaces").filter((row) => row.reservableBytesPerSecond >= 0);
    if (!link) return;
    const { reservedBytesPerSecond, reservableBytesPerSecond } = link;
    out.line(
      `Router towards receiver: ${formatRate(reservedBytesPerSecond)} of ${
        formatRate(reservableBytesPerSecond)
      } in use.`,
    );
  }
}
