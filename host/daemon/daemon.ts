/**
 * A node that runs from a file: assembled, changed in place when the file changes, stopped with or without taking leave.
 */
import { SystemClock } from "../clock.ts";
import { defaultModule } from "../default_module.ts";
import { RsvpNode } from "../node.ts";
import type { PolicyRule } from "../policy.ts";
import { policyRule } from "./config_file.ts";
import { DEFAULT_SETTINGS, type InterfaceSettings, stateLifetimeMs } from "../node_settings.ts";
import type { ServiceServer } from "../service/server.ts";
import { ServiceError } from "../service/protocol.ts";
import { TomlFileError } from "../toml_file.ts";
import { enforced } from "./enforced.ts";
import { allowedOf, differ, fixedKeys } from "./file_changes.ts";
import { GuardedTransport } from "./guarded_transport.ts";
import { giveHandles, planInterface, type PlannedInterface } from "./interface_plan.ts";
import type { LinkSource } from "./links.ts";
import { closeLog, configureLog, type Log, logOf } from "./log.ts";
import { MemberRouting } from "./member_routing.ts";
import { type Metric, metricList } from "./metric_list.ts";
import { MetricsEnds } from "./metrics_ends.ts";
import { nodeSettings } from "./node_options.ts";
import { assembledOn, openLinks, openParts, type Parts } from "./parts.ts";
import { Reports } from "./reports.ts";
import type { NodeFile } from "./schema.ts";
import { openService } from "./service_end.ts";
import { StaticApplications } from "./statics.ts";

const COALESCE_MS = 5;

/** Tears are queued when a stop begins, and leave one by one. */
const TEAR_DOWN_MS = 50;

/** What the outside gives. */
export interface DaemonWorld {
  readonly version: string;
  /** Takes the log, whole lines. */
  readonly write: (line: string) => void;
  /** Reads the file again. Rejects with a {@linkcode TomlFileError}, or with another error of one line. */
  readonly read: () => Promise<NodeFile>;
}

/** What was opened for a node before there is one. */
interface Opened {
  readonly links: LinkSource;
  readonly parts: Parts;
  readonly handles: Map<string, number>;
  readonly planned: readonly PlannedInterface[];
  /** Takes errors before there is a node to report them. */
  readonly early: { onError: (error: Error) => void };
}

/** A node that runs. */
export class Daemon {
  readonly node: RsvpNode;
  /** Resolves when the node has ended by itself, with the reason; a stop resolves it with nothing. */
  readonly ended: Promise<Error | undefined>;
  #file: NodeFile;
  #world: DaemonWorld;
  #log: Log = logOf("node");
  #links: LinkSource;
  #parts: Parts;
  #guard: GuardedTransport;
  #members: MemberRouting;
  #statics: StaticApplications;
  #reports: Reports;
  #metricsEnds: MetricsEnds;
  #service: ServiceServer | undefined;
  #handles: Map<string, number>;
  #reloads = { done: 0, refused: 0, failed: 0 };
  #startedAtMs = Date.now();
  #end!: (reason: Error | undefined) => void;
  #stopping: Promise<void> | undefined;
  /** Reloads and changes of links, one after the other. */
  #work: Promise<unknown> = Promise.resolve();

  /** Assembles and starts. Rejects with an error whose message is one line where something cannot be had. */
  static async start(file: NodeFile, world: DaemonWorld): Promise<Daemon> {
    configureLog(file.log, world.write);
    try {
      const opened = await openAll(file);
      const daemon = await assembledOn(opened, () => new Daemon(file, world, opened));
      try {
        await daemon.#begin();
        return daemon;
      } catch (error) {
        await daemon.#close();
        throw error;
      }
    } catch (error) {
      closeLog();
      throw error;
    }
  }

  private constructor(file: NodeFile, world: DaemonWorld, opened: Opened) {
    const { links, parts, handles, planned } = opened;
    // What is due within a few milliseconds goes together: fewer wake-ups, fuller batches.
    const clock = new SystemClock({ coalesceMs: COALESCE_MS });
    this.#file = file;
    this.#world = world;
    this.#links = links;
    this.#parts = parts;
    this.#handles = handles;
    this.ended = new Promise((resolve) => this.#end = resolve);
    const reports = this.#reports = new Reports({
      interfaceName: (handle) => this.#nameOf(handle),
      running: () => this.node.running,
      end: (reason) => this.#end(reason),
    }, clock);
    opened.early.onError = (error) => this.#failed(error);
    this.#guard = new GuardedTransport(parts.carrier.transport);
    this.#guard.onRefused = (refused) => reports.refused(refused);
    this.#members = new MemberRouting(parts.routing);
    this.node = new RsvpNode({
      ...nodeSettings(file),
      module: defaultModule(),
      transport: this.#guard,
      routing: this.#members,
      trafficControl: parts.trafficControl.control,
      clock,
      interfaces: planned.map(({ settings }) => settings),
      policy: policyOf(file, handles),
      onReport: (report) => reports.dropped(report),
      onError: (error) => this.#failed(error),
    });
    this.#statics = new StaticApplications({
      node: this.node,
      handleOf: (name) => this.#handles.get(name)!,
      setMember: (group, member) => this.#setMember(group, member),
      heard: (what, event) => reports.heard(what, event),
      refused: (what, error) => this.#log.error("{what}: {error}", { what, error: error.message }),
    });
    this.#metricsEnds = new MetricsEnds(() => this.metrics());
    this.#guard.allow(file.node, planned.flatMap(({ settings }) => settings.addresses));
    reports.interfaces(planned);
  }

  /** Everything that is counted. */
  metrics(): Metric[] {
    return metricList({
      node: this.node,
      handles: this.#handles,
      traffic: this.#guard.traffic,
      sockets: this.#parts.carrier.counters(),
      clients: this.#service?.counters.clients ?? 0,
      version: this.#world.version,
      startedAtMs: this.#startedAtMs,
      reloads: this.#reloads,
    });
  }

  /**
   * Reads the file again and changes what may change without losing state. Returns what was done and what cannot be done
   * without a new start, a line each. Rejects with everything that is wrong with the file, or with what went wrong
   * underway; the node goes on as it was. The log and the metrics tell of it in any case.
   */
  async reload(): Promise<string[]> {
    this.#mustNotStop();
    let file: NodeFile;
    try {
      file = await this.#world.read();
    } catch (error) {
      this.#reloads.refused++;
      const problems = error instanceof TomlFileError ? error.problems : [(error as Error).message];
      for (const problem of problems) this.#log.error("reload refused: {problem}", { problem });
      throw new ServiceError("REFUSED", problems.join("; "));
    }
    const done = await this.#inTurn(() => {
      this.#mustNotStop();
      return this.#followOrGoBack(file);
    });
    this.#reloads.done++;
    for (const line of done) this.#log.info("reload: {line}", { line });
    this.#log.info(done.length === 0 ? "reload: nothing has changed" : "reload done");
    return done;
  }

  /**
   * Stops. Slowly: what stands here for applications is torn down, so that neighbours hear of it, and the kernel is left
   * as it was found. Fast: nothing is said and nothing removed; a node that starts again within a lifetime finds it.
   */
  stop(fast: boolean): Promise<void> {
    return this.#stopping ??= this.#stop(fast);
  }

  async #begin(): Promise<void> {
    await this.#metricsEnds.follow(this.#file.metrics);
    this.#service = await openService(this.#file, {
      node: this.node,
      membership: {
        join: (group) => this.#setMember(group, true),
        leave: (group) => this.#setMember(group, false),
      },
      reload: () => this.reload(),
      onError: (error) => this.#failed(error),
    });
    // Last of all: a node that cannot start has announced nothing.
    this.#statics.apply(this.#file);
    const look = () => void this.#inTurn(() => this.#linksChanged()).catch((error) => this.#failed(error));
    this.#links.onChange(look);
    // Something may have changed while the node was put together.
    look();
    this.#log.info("running: {kind}, interfaces {interfaces}, static senders and reservations: {statics}", {
      kind: this.#file.node.kind,
      interfaces: [...this.#handles].map(([name, handle]) => `${name} (${handle})`).join(", "),
      statics: this.#statics.size,
      version: this.#world.version,
      pid: Deno.pid,
    });
    if (this.#service) this.#log.info("service at {path}, mode 0600", { path: this.#service.path });
    const address = this.#metricsEnds.address;
    if (address) this.#log.info("metrics at http://{hostname}:{port}/metrics", address);
  }

  async #stop(fast: boolean): Promise<void> {
    this.#log.info(fast ? "stopping: state is left for who starts next" : "stopping: tearing down", { fast });
    this.#links.onChange(() => {});
    await this.#work.catch(() => {});
    await this.#service?.close({ tearDown: !fast });
    if (fast) this.#parts.trafficControl.leave();
    else if (this.node.running) {
      this.#statics.release();
      await new Promise((resolve) => setTimeout(resolve, TEAR_DOWN_MS));
    }
    await this.#close();
    this.#reports.close();
    this.#log.info("stopped");
    closeLog();
    this.#end(undefined);
  }

  /** Closes everything; what is installed goes with it. */
  async #close(): Promise<void> {
    await this.#service?.close();
    await this.#metricsEnds.close();
    this.node.close();
    await this.#parts.carrier.close();
    this.#links.close();
  }

  /** What is torn down must not come again. */
  #mustNotStop(): void {
    if (!this.#stopping) return;
    this.#log.warning("reload refused: the node is stopping");
    throw new ServiceError("CLOSING", "the node is stopping");
  }

  /** One piece of work at a time. */
  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#work.then(run, run);
    this.#work = turn.catch(() => {});
    return turn;
  }

  /** Nothing that a file can say leads here: it is a fault of resv or of the system. What was done is taken back. */
  async #followOrGoBack(file: NodeFile): Promise<string[]> {
    const before = this.#file;
    try {
      return await this.#follow(file);
    } catch (fault) {
      const error = fault instanceof Error ? fault : new Error(String(fault));
      this.#reloads.failed++;
      this.#log.error("reload failed: {error}", { error: error.message, stack: error.stack });
      if (!this.node.running) this.#failed(error);
      try {
        await this.#follow(before);
        this.#log.error("the node goes on as it was");
      } catch (second) {
        this.#file = before;
        this.#log.error("what the reload had changed stays so: {error}", { error: (second as Error).message });
      }
      throw new ServiceError("INTERNAL", `the reload failed: ${error.message}`);
    }
  }

  /** Does what a file says, where that differs from the one before. */
  async #follow(file: NodeFile): Promise<string[]> {
    const before = this.#file;
    this.#file = file;
    const done: string[] = [];
    if (differ(before.log, file.log)) {
      configureLog(file.log, this.#world.write);
      done.push(`log: ${file.log.level}, ${file.log.format}`);
    }
    const settings = nodeSettings(file);
    if (differ(settings, nodeSettings(before))) {
      this.node.configure(settings);
      done.push("node and limits changed");
    }
    if (differ(allowedOf(before), allowedOf(file))) done.push("who may send is changed");
    if (differ([before.routes, before.multicastRoutes], [file.routes, file.multicastRoutes])) {
      done.push("routes changed");
    }
    done.push(...await this.#followInterfaces());
    if (differ(before.policy, file.policy)) {
      this.node.setPolicy(policyOf(file, this.#handles));
      done.push(`policy: ${file.policy.length} rules`);
    }
    done.push(...this.#statics.apply(file));
    done.push(...await this.#metricsEnds.follow(file.metrics).catch((error: Error) => [error.message]));
    done.push(...fixedKeys(before, file).map((key) => `${key} cannot change while the node runs: start it anew`));
    return done;
  }

  async #linksChanged(): Promise<void> {
    for (const line of await this.#followInterfaces()) this.#log.info("{line}", { line });
  }

  /** Interfaces as the file and the system have them now. Returns what was done, a line each. */
  async #followInterfaces(): Promise<string[]> {
    const { node } = this, { carrier, trafficControl, routing } = this.#parts;
    const known = this.#handles, done: string[] = [];
    this.#handles = giveHandles(this.#file.interfaces, known);
    const stay = new Set(this.#handles.values());
    const gone = [...known].filter(([, handle]) => !stay.has(handle));
    this.#links.manage(this.#handles);
    const asSaid = planAll(this.#file, this.#handles, this.#links);
    await carrier.follow(asSaid).catch((error) => void done.push(error.message));
    done.push(...trafficControl.follow(asSaid));
    const planned = enforced(asSaid, trafficControl);
    const settings = planned.map((one) => one.settings);
    const before = new Map(node.interfaces.map((one) => [one.interface, one]));
    for (const [name, handle] of gone) {
      const old = before.get(handle);
      if (!old || old.noRsvp) continue;
      node.setInterface({ ...old, up: false, noRsvp: true });
      done.push(`interface ${name} gone`);
    }
    for (const one of settings) {
      const old = before.get(one.interface);
      if (!differ(old, one)) continue;
      node.setInterface(one);
      const how = old?.up === one.up ? "changed" : one.up ? "up" : "down";
      done.push(`interface ${one.name} ${old ? how : "added"}`);
    }
    this.#reports.interfaces(planned);
    routing.follow(this.#file, settings, this.#handles);
    this.#guard.allow(this.#file.node, settings.flatMap(({ addresses }) => addresses));
    // Routing may have told of the change before the engine knew of the interface.
    const ways = (list: readonly InterfaceSettings[]) =>
      list.map((one) => [one.interface, one.up, one.noRsvp, one.addresses]);
    if (differ(ways([...before.values()]), ways(node.interfaces))) this.#members.announceAll();
    return done;
  }

  #setMember(group: string, member: boolean): void {
    if (!this.#members.setMember(group, member)) return;
    this.#parts.carrier.setMember(group, member).catch((error) => this.#failed(error));
  }

  #nameOf(handle: number): string {
    return this.node.interfaces.find((one) => one.interface === handle)?.name ?? String(handle);
  }

  #failed(error: Error): void {
    if (!this.#stopping) this.#reports.failed(error);
  }
}

/** Opens what the node stands on. Rejects with one line where something cannot be had; nothing stays open then. */
async function openAll(file: NodeFile): Promise<Opened> {
  const early: Opened["early"] = { onError: (error) => logOf("node").warning("{error}", { error: error.message }) };
  const onError = (error: Error) => early.onError(error);
  const links = await openLinks(file, onError);
  try {
    const handles = giveHandles(file.interfaces, new Map());
    links.manage(handles);
    const planned = planAll(file, handles, links);
    const dryRun = logOf("traffic-control");
    const parts = await openParts({
      file,
      handles,
      planned,
      links,
      onError,
      onDryRun: (line) => dryRun.info("{line}", { line }),
      lifetimeMs: stateLifetimeMs({ ...DEFAULT_SETTINGS, ...nodeSettings(file) }),
    });
    return { links, parts, handles, planned: enforced(planned, parts.trafficControl), early };
  } catch (error) {
    links.close();
    throw error;
  }
}

function planAll(file: NodeFile, handles: ReadonlyMap<string, number>, source: LinkSource): PlannedInterface[] {
  const links = new Map(source.links().map((link) => [link.name, link]));
  return file.interfaces.map((one) => planInterface(one, handles.get(one.name)!, file.node, links.get(one.name)));
}

function policyOf(file: NodeFile, handles: ReadonlyMap<string, number>): PolicyRule[] {
  return file.policy.map((rule) => policyRule(rule, (name) => handles.get(name)!));
}
