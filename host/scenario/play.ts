/** Plays a scenario: builds the virtual network, makes things happen at their times and looks at what must be true. */
import { parseAddress } from "../address.ts";
import type { FlowspecOptions, SessionAddress, SessionEvent } from "../application.ts";
import { ResvError } from "../engine_errors.ts";
import { Network } from "../network/network.ts";
import type { NetworkLink } from "../network/network_link.ts";
import type { NetworkNode } from "../network/network_node.ts";
import { ScenarioApplication } from "./application.ts";
import { checkAssertion, type Verdict } from "./assertions.ts";
import type { ScenarioEvent, ScenarioFile } from "./schema.ts";

/** An upcall that an application got. */
export interface HeardEvent {
  timeMs: number;
  node: string;
  /** As the scenario names it. */
  session: string;
  application: string;
  event: SessionEvent;
}

/** Something that the scenario made happen. */
export interface Happened {
  timeMs: number;
  /** The node that it concerns; empty for a link. */
  node: string;
  text: string;
}

/** A scenario that has been played. */
export interface Played {
  file: ScenarioFile;
  network: Network;
  /** Addresses of the sessions, by name. */
  sessions: ReadonlyMap<string, SessionAddress>;
  heard: HeardEvent[];
  happened: Happened[];
  verdicts: Verdict[];
}

/** What the ladder keeps: more than anybody reads. */
const KEPT_MESSAGES = 100_000;
/** After the last thing that a scenario names, so that its effects are seen. */
const AFTERMATH_MS = 1_000;

/** Plays the whole scenario. `onStart` sees the network before anything happens, for captures. */
export function playScenario(file: ScenarioFile, onStart: (network: Network) => void = () => {}): Played {
  return new Player(file, onStart).play();
}

class Player {
  #file: ScenarioFile;
  #network: Network;
  #links = new Map<string, NetworkLink>();
  #sessions = new Map<string, SessionAddress>();
  #applications = new Map<string, ScenarioApplication>();
  #heard: HeardEvent[] = [];
  #happened: Happened[] = [];
  #verdicts: Verdict[] = [];

  constructor(file: ScenarioFile, onStart: (network: Network) => void) {
    this.#file = file;
    this.#network = new Network({ ...file.settings, keptMessages: KEPT_MESSAGES });
    for (const { name, kind } of file.nodes) {
      const policy = file.policy.filter(({ nodes }) => nodes?.includes(name) ?? true);
      if (kind === "host") this.#network.host(name, { policy });
      else this.#network.router(name, { rsvp: kind === "router", policy });
    }
    for (const link of file.links) {
      const { nodes, name, delayMs, metric, mtuBytes, reservableBytesPerSecond, perFlowBytesPerSecond, ...faults } =
        link;
      const made = this.#network.lan(nodes.map((one) => this.#network.node(one)), {
        ...{ name, delayMs, metric, mtuBytes, reservableBytesPerSecond, perFlowBytesPerSecond },
        faults: Object.keys(faults).length > 0 ? faults : undefined,
      });
      this.#links.set(made.name, made);
    }
    for (const { name, destination, family, port, protocol } of file.sessions) {
      const node = file.nodes.some((one) => one.name === destination) ? this.#network.node(destination) : undefined;
      const address = node ? (family === 4 ? node.address : node.address6) : destination;
      parseAddress(address);
      this.#sessions.set(name, { destination: address, port, protocol });
    }
    onStart(this.#network);
  }

  play(): Played {
    const { events, assertions } = this.#file;
    // At one moment what happens comes before what must be true; else the order of the file counts.
    const agenda = [
      ...events.map((event) => ({ atMs: event.atMs, act: () => this.#happen(event) })),
      ...assertions.map((assertion, index) => ({ atMs: assertion.atMs, act: () => this.#look(index) })),
    ].sort((a, b) => a.atMs - b.atMs);
    for (const { atMs, act } of agenda) {
      this.#network.run(Math.max(0, atMs - this.#network.now));
      act();
    }
    const last = agenda.at(-1)?.atMs ?? 0;
    const end = this.#file.durationMs ?? last + AFTERMATH_MS;
    this.#network.run(Math.max(0, end - this.#network.now));
    return {
      file: this.#file,
      network: this.#network,
      sessions: this.#sessions,
      heard: this.#heard,
      happened: this.#happened,
      verdicts: this.#verdicts,
    };
  }

  #look(index: number): void {
    const assertion = this.#file.assertions[index];
    const { heard } = this;
    this.#verdicts.push(checkAssertion(index, assertion, { network: this.#network, sessions: this.#sessions, heard }));
  }

  get heard(): HeardEvent[] {
    return this.#heard;
  }

  #happen(event: ScenarioEvent): void {
    const node = "node" in event ? this.#network.node(event.node) : undefined;
    try {
      this.#note(event, this.#act(event, node));
    } catch (error) {
      // What a node refuses its application is part of the story.
      if (!(error instanceof ResvError || error instanceof TypeError)) throw error;
      this.#note(event, `${event.do} refused: ${error.message}`);
    }
  }

  #note(event: ScenarioEvent, text: string): void {
    this.#happened.push({ timeMs: this.#network.now, node: "node" in event ? event.node : "", text });
  }

  /** Carries the event out and says in a few words what was done. */
  #act(event: ScenarioEvent, node: NetworkNode | undefined): string {
    switch (event.do) {
      case "link-down":
        this.#links.get(event.link)!.down();
        return `link ${event.link} down`;
      case "link-up":
        this.#links.get(event.link)!.up();
        return `link ${event.link} up`;
      case "link-metric":
        this.#links.get(event.link)!.setMetric(event.metric);
        return `link ${event.link} metric ${event.metric}`;
      case "link-faults": {
        const { atMs: _a, do: _d, link, ...faults } = event;
        this.#links.get(link)!.setFaults(faults);
        return `link ${link} faults`;
      }
      case "crash":
        node!.crash();
        for (const [key, one] of this.#applications) if (one.node === node) this.#applications.delete(key);
        return "crash";
      case "restart":
        node!.restart();
        return "restart";
      case "preempt":
        return this.#preempt(event.session, node!);
      default:
        return this.#callApplication(event, node!);
    }
  }

  #callApplication(event: Extract<ScenarioEvent, { application?: string }>, node: NetworkNode): string {
    const application = this.#application(event, node);
    switch (event.do) {
      case "send": {
        const { atMs: _a, do: _d, node: _n, session: _s, application: _p, ...sender } = event;
        application.send(sender);
        return `send ${event.session}`;
      }
      case "withdraw":
        application.withdraw();
        return `withdraw ${event.session}`;
      case "unreserve":
        application.unreserve();
        return `unreserve ${event.session}`;
      case "release":
        application.release();
        this.#applications.delete(applicationKey(event));
        return `release ${event.session}`;
      case "ping-path": {
        const { sender, port, maximumHops, back } = event;
        const family = parseAddress(this.#sessions.get(event.session)!.destination).family;
        const address = this.#addressesOf(sender)[family === 4 ? 0 : 1];
        application.pingPath({ sender: { address, port }, maximumHops, hopByHop: back });
        return `ping-path ${event.session} from ${sender}`;
      }
      case "reserve": {
        const { atMs: _a, do: _d, node: _n, session: _s, application: _p, style, confirm, senders, ...rest } = event;
        const { preemptionPriority, defendingPriority, mergeStrategy, ...flowspec } = rest;
        const addresses = senders?.map((name) => this.#addressesOf(name));
        application.reserve({
          style,
          confirm,
          senders: addresses?.flat().map((address) => ({ address })),
          flowspec: flowspec as Partial<FlowspecOptions>,
          priority: preemptionPriority === undefined
            ? undefined
            : { preemptionPriority, defendingPriority, mergeStrategy },
        });
        return `reserve ${event.session} ${style}`;
      }
    }
  }

  #addressesOf(name: string): string[] {
    const node = this.#network.node(name);
    return [node.address, node.address6];
  }

  #application(event: Extract<ScenarioEvent, { application?: string }>, node: NetworkNode): ScenarioApplication {
    const key = applicationKey(event);
    let application = this.#applications.get(key);
    if (application) return application;
    application = new ScenarioApplication(node, this.#sessions.get(event.session)!, (heard) => {
      const { session, application: name = "" } = event;
      this.#heard.push({ timeMs: this.#network.now, node: node.name, session, application: name, event: heard });
    });
    this.#applications.set(key, application);
    return application;
  }

  /** Takes away what is installed for a session, as a kernel or an operator might. */
  #preempt(session: string, node: NetworkNode): string {
    const { destination, port } = this.#sessions.get(session)!;
    let taken = 0;
    for (const row of node.inspect("installed")) {
      const [object] = row.objects;
      const fits = "destinationAddress" in object && object.destinationAddress === destination &&
        (!("destinationPort" in object) || object.destinationPort === port);
      if (fits && node.trafficControl.lose(row.handle, { preempted: true })) taken++;
    }
    return `preempt ${session}: ${taken} taken away`;
  }
}

function applicationKey(event: { node: string; session: string; application?: string }): string {
  return `${event.node} ${event.session} ${event.application ?? ""}`;
}
