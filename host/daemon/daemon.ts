/**
 * A node that runs from a file: assembled, changed in place when the file changes, stopped with or without taking leave.
 */
import { SystemClock } from "../clock.ts";
import { defaultModule } from "../default_module.ts";
import { EngineTrapError } from "../engine_errors.ts";
import { type DropReport, RsvpNode } from "../node.ts";
import type { InterfaceSettings } from "../node_settings.ts";
import type { SessionEvent } from "../application.ts";
import { formatAddress } from "../address.ts";
import { GuardedTransport } from "./guarded_transport.ts";
import { giveHandles, planInterface, type PlannedInterface } from "./interface_plan.ts";
import { closeLog, configureLog, type Log, logOf } from "./log.ts";
import { MemberRouting } from "./member_routing.ts";
import { type Metric, metricList } from "./metric_list.ts";
import { MetricsEnds } from "./metrics_ends.ts";
import { nodeSettings } from "./node_options.ts";
import { openLinks, openParts, type Parts } from "./parts.ts";
import type { LinkSource } from "./links.ts";
import { RepeatedLog } from "./repeated_log.ts";
import type { NodeFile } from "./schema.ts";
import { StaticApplications } from "./statics.ts";

/** Tears are queued when a stop begins, and leave one by one. */
const TEAR_DOWN_MS = 50;

/** What the outside gives. */
export interface DaemonWorld {
  readonly version: string;
  /** Takes the log, whole lines. */
  readonly write: (line: string) => void;
}

/** A node that runs. */
export class Daemon {
  readonly node: RsvpNode;
  /** Resolves when the node has ended by itself, with the reason; a stop resolves it with nothing. */
  readonly ended: Promise<Error | undefined>;
  readonly log: Log = logOf("node");
  #file: NodeFile;
  #world: DaemonWorld;
  #links: LinkSource;
  #parts: Parts;
  #guard: GuardedTransport;
  #members: MemberRouting;
  #statics: StaticApplications;
  #repeated: RepeatedLog;
  #metricsEnds: MetricsEnds;
  #handles: Map<string, number>;
  #problems = new Map<string, string>();
  #reloads = { done: 0, refused: 0 };
  #startedAtMs = Date.now();
  #end!: (reason: Error | undefined) => void;
  #stopping: Promise<void> | undefined;
  /** Reloads and changes of links, one after the other. */
  #work: Promise<unknown> = Promise.resolve();

  /** Assembles and starts. Rejects with an error whose message is one line where something cannot be had. */
  static async start(file: NodeFile, world: DaemonWorld): Promise<Daemon> {
    configureLog(file.log, world.write);
    const links = openLinks();
    try {
      const handles = giveHandles(file.interfaces, new Map());
      const planned = planAll(file, handles, links);
      const parts = await openParts(file, planned.map(({ settings }) => settings), handles);
      try {
        const daemon = new Daemon(file, world, links, parts, handles, planned);
        await daemon.#begin();
        return daemon;
      } catch (error) {
        await parts.carrier.close();
        throw error;
      }
    } catch (error) {
      links.close();
      closeLog();
      throw error;
    }
  }

  private constructor(
    file: NodeFile,
    world: DaemonWorld,
    links: LinkSource,
    parts: Parts,
    handles: Map<string, number>,
    planned: readonly PlannedInterface[],
  ) {
    this.#file = file;
    this.#world = world;
    this.#links = links;
    this.#parts = parts;
    this.#handles = handles;
    this.ended = new Promise((resolve) => this.#end = resolve);
    const clock = new SystemClock();
    this.#repeated = new RepeatedLog(this.log, clock);
    this.#guard = new GuardedTransport(parts.carrier.transport);
    this.#guard.onRefused = (packet, source) =>
      this.#repeated.add(
        "NOT_ALLOWED",
        "dropped a message of {source} on {interface}: not among those who are allowed",
        {
          source,
          interface: this.#nameOf(packet.interface),
          destination: formatAddress(packet.destination, packet.family),
        },
      );
    this.#members = new MemberRouting(parts.routing);
    this.node = new RsvpNode({
      ...nodeSettings(file),
      module: defaultModule(),
      transport: this.#guard,
      routing: this.#members,
      trafficControl: parts.trafficControl,
      clock,
      interfaces: planned.map(({ settings }) => settings),
      onReport: (report) => this.#dropped(report),
      onError: (error) => this.#failed(error),
    });
    this.#statics = new StaticApplications({
      node: this.node,
      handleOf: (name) => this.#handles.get(name)!,
      setMember: (group, member) => this.#setMember(group, member),
      heard: (what, event) => this.#heard(what, event),
      refused: (what, error) => this.log.error("{what}: {error}", { what, error: error.message }),
    });
    this.#metricsEnds = new MetricsEnds(() => this.metrics());
    this.#guard.allow(file.node, planned.flatMap(({ settings }) => settings.addresses));
    this.#tellOfInterfaces(planned);
  }

  /** The handle of every interface of the file. */
  get handles(): ReadonlyMap<string, number> {
    return this.#handles;
  }

  /** Everything that is counted. */
  metrics(): Metric[] {
    return metricList({
      node: this.node,
      traffic: this.#guard.traffic,
      version: this.#world.version,
      startedAtMs: this.#startedAtMs,
      reloads: this.#reloads,
    });
  }

  /** Where metrics are served; undefined if nowhere. */
  get metricsAddress(): { hostname: string; port: number } | undefined {
    return this.#metricsEnds.address;
  }

  /**
   * Changes to another file without losing state, and returns what was done and what cannot be done without a new start,
   * a line each.
   */
  reload(file: NodeFile): Promise<string[]> {
    return this.#inTurn(async () => {
      const before = this.#file;
      this.#file = file;
      const done: string[] = [];
      if (JSON.stringify(before.log) !== JSON.stringify(file.log)) {
        configureLog(file.log, this.#world.write);
        done.push(`log: ${file.log.level}, ${file.log.format}`);
      }
      const settings = nodeSettings(file);
      if (JSON.stringify(settings) !== JSON.stringify(nodeSettings(before))) {
        this.node.configure(settings);
        done.push("node and limits changed");
      }
      done.push(...await this.#followInterfaces());
      done.push(...this.#statics.apply(file));
      done.push(...await this.#metricsEnds.follow(file.metrics).catch((error: Error) => [error.message]));
      for (const key of ["transport", "routing", "trafficControl"] as const) {
        if (before.node[key] !== file.node[key]) {
          done.push(`node.${key} cannot change while the node runs: start it anew`);
        }
      }
      this.#reloads.done++;
      for (const line of done) this.log.info("reload: {line}", { line });
      this.log.info(done.length === 0 ? "reload: nothing has changed" : "reload done");
      return done;
    });
  }

  /** A reload was asked for with a file that cannot be; the node goes on as it is. */
  refuseReload(problems: readonly string[]): void {
    this.#reloads.refused++;
    for (const problem of problems) this.log.error("reload refused: {problem}", { problem });
  }

  /**
   * Stops. Slowly: what stands here for applications is torn down, so that neighbours hear of it, and the kernel is left
   * as it was found. Fast: nothing is said and nothing removed; a node that starts again within a lifetime finds it.
   */
  stop(fast: boolean): Promise<void> {
    return this.#stopping ??= this.#stop(fast);
  }

  async #begin(): Promise<void> {
    this.#statics.apply(this.#file);
    await this.#metricsEnds.follow(this.#file.metrics);
    this.#links.onChange(() => void this.#inTurn(() => this.#followInterfaces()).catch((error) => this.#failed(error)));
    this.log.info("running: {kind}, interfaces {interfaces}, static senders and reservations: {statics}", {
      kind: this.#file.node.kind,
      interfaces: [...this.#handles].map(([name, handle]) => `${name} (${handle})`).join(", "),
      statics: this.#statics.size,
      version: this.#world.version,
      pid: Deno.pid,
    });
    const address = this.metricsAddress;
    if (address) this.log.info("metrics at http://{hostname}:{port}/metrics", address);
  }

  async #stop(fast: boolean): Promise<void> {
    this.log.info(fast ? "stopping: state is left for who starts next" : "stopping: tearing down", { fast });
    this.#links.close();
    await this.#work.catch(() => {});
    await this.#metricsEnds.close();
    if (!fast && this.node.running) {
      this.#statics.release();
      await new Promise((resolve) => setTimeout(resolve, TEAR_DOWN_MS));
    }
    this.node.close();
    await this.#parts.carrier.close();
    this.#repeated.close();
    this.log.info("stopped");
    closeLog();
    this.#end(undefined);
  }

  /** One piece of work at a time. */
  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#work.then(run, run);
    this.#work = turn.catch(() => {});
    return turn;
  }

  /** Interfaces as the file and the system have them now. */
  async #followInterfaces(): Promise<string[]> {
    const { node } = this;
    const before = new Map(node.interfaces.map((one) => [one.interface, one]));
    const gone = new Map(this.#handles);
    this.#handles = giveHandles(this.#file.interfaces, this.#handles);
    for (const name of this.#handles.keys()) gone.delete(name);
    const planned = planAll(this.#file, this.#handles, this.#links);
    const settings = planned.map((one) => one.settings);
    const done: string[] = [];
    await this.#parts.carrier.follow(settings).catch((error) => {
      done.push(error.message);
      this.log.error("{error}", { error: error.message });
    });
    for (const [name, handle] of gone) {
      const old = before.get(handle);
      if (!old || old.noRsvp) continue;
      node.setInterface({ ...old, up: false, noRsvp: true });
      done.push(`interface ${name} gone`);
    }
    for (const one of settings) {
      const old = before.get(one.interface);
      if (JSON.stringify(old) === JSON.stringify(one)) continue;
      node.setInterface(one);
      done.push(`interface ${one.name} ${old ? "changed" : "added"}`);
    }
    this.#tellOfInterfaces(planned);
    this.#parts.routing.follow(this.#file, settings, this.#handles);
    this.#guard.allow(this.#file.node, settings.flatMap(({ addresses }) => addresses));
    return done;
  }

  /** Warns once of what is missing, and says when it is there. */
  #tellOfInterfaces(planned: readonly PlannedInterface[]): void {
    for (const { settings, problem } of planned) {
      const name = settings.name!, before = this.#problems.get(name);
      if (before === problem) continue;
      if (problem) {
        this.#problems.set(name, problem);
        this.log.warning("interface {interface} is not used: {problem}", { interface: name, problem });
      } else {
        this.#problems.delete(name);
        this.log.info("interface {interface} is used now", { interface: name });
      }
    }
  }

  #setMember(group: string, member: boolean): void {
    if (!this.#members.setMember(group, member)) return;
    this.#parts.carrier.setMember(group, member).catch((error) => this.#failed(error));
  }

  #nameOf(handle: number): string {
    return this.node.interfaces.find((one) => one.interface === handle)?.name ?? String(handle);
  }

  #dropped({ status, text, rfc, source, ...rest }: DropReport): void {
    this.#repeated.add(status, "dropped a message of {source} on {interface}: {text}", {
      text,
      rfc,
      source,
      ...rest,
      interface: this.#nameOf(rest.interface),
    });
  }

  #heard(what: string, { kind, gone, style, errorCode, errorValue, errorNode }: SessionEvent): void {
    const values = { what, kind, gone, style, errorCode, errorValue, errorNode };
    if (errorCode !== 0) {
      return this.log.warning("{what}: {kind}, error {errorCode} value {errorValue} at {errorNode}", values);
    }
    this.log.info(gone ? "{what}: {kind}, gone" : "{what}: {kind}", values);
  }

  #failed(error: Error): void {
    if (this.#stopping) return;
    if (error instanceof EngineTrapError || !this.node.running) {
      this.log.error("the node cannot go on: {error}", { error: error.message });
      return this.#end(error);
    }
    this.#repeated.add(error.message, "{error}", { error: error.message });
  }
}

function planAll(file: NodeFile, handles: ReadonlyMap<string, number>, source: LinkSource): PlannedInterface[] {
  const links = new Map(source.links().map((link) => [link.name, link]));
  return file.interfaces.map((one): PlannedInterface & { settings: InterfaceSettings } =>
    planInterface(one, handles.get(one.name)!, file.node, links.get(one.name))
  );
}
