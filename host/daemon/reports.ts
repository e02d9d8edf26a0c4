/** What a node tells its log: drops, errors, what applications of the file hear, interfaces that cannot be used. */
import { ERROR_CODES, ERROR_VALUES } from "../../catalogue/error_names.ts";
import type { SessionEvent } from "../application.ts";
import { STATUS_TEXT } from "../boundary.gen.ts";
import type { Clock } from "../clock.ts";
import { EngineTrapError } from "../engine_errors.ts";
import type { DropReport } from "../node.ts";
import { cutShort } from "./enforced.ts";
import type { Refused } from "./guarded_transport.ts";
import type { PlannedInterface } from "./interface_plan.ts";
import { type Log, logOf } from "./log.ts";
import { RepeatedLog } from "./repeated_log.ts";

/** What the reports need to know of their node. */
export interface ReportedNode {
  /** The name of an interface by its handle. */
  interfaceName(handle: number): string;
  /** False once the engine is gone. */
  running(): boolean;
  /** The node cannot go on. */
  end(reason: Error): void;
}

/** The reports of one node. */
export class Reports {
  readonly log: Log = logOf("node");
  #node: ReportedNode;
  #repeated: RepeatedLog;
  /** What is wrong with each interface, as it was told. */
  #problems = new Map<string, string>();
  /** What was told of interfaces that may give less than their file says. */
  #cut = new Set<string>();

  constructor(node: ReportedNode, clock: Clock) {
    this.#node = node;
    this.#repeated = new RepeatedLog(this.log, clock);
  }

  /** Tells what has not been told yet. */
  close(): void {
    this.#repeated.close();
  }

  /** A message was dropped by the engine. */
  dropped({ status, text, rfc, source, ...rest }: DropReport): void {
    this.#repeated.add(status, "dropped a message of {source} on {interface}: {text}", {
      text,
      rfc,
      source,
      ...rest,
      interface: this.#node.interfaceName(rest.interface),
    });
  }

  /** A message was not let in. */
  refused(refused: Refused): void {
    const message = "dropped a message of {source} on {interface}: not among those who are allowed";
    this.#repeated.add("NOT_ALLOWED", message, { ...refused, interface: this.#node.interfaceName(refused.interface) });
  }

  /** Something went wrong that has no caller. */
  failed(error: Error): void {
    if (error instanceof EngineTrapError || !this.#node.running()) {
      this.log.error("the node cannot go on: {error}", { error: error.message });
      return this.#node.end(error);
    }
    this.#repeated.add(error.message, "{error}", { error: error.message });
  }

  /** An application of the file has heard something. */
  heard(what: string, { kind, gone, style, errorCode, errorValue, errorNode }: SessionEvent): void {
    const values = { what, kind, gone, style, errorCode, errorValue, errorNode };
    if (kind === "CALL_ERROR") {
      // Code 0 is no error of the protocol: the value is the STATUS with which the engine refused the call.
      const text = STATUS_TEXT[errorCode || errorValue]?.text ?? `error ${errorCode} value ${errorValue}`;
      return this.log.error("{what}: refused, {text}", { ...values, text });
    }
    if (errorCode !== 0) {
      const named = [ERROR_CODES[errorCode], ERROR_VALUES[errorCode]?.[errorValue]].filter(Boolean).join(", ");
      const text = named === "" ? "" : ` (${named})`, where = errorNode === "" ? "this node" : errorNode;
      const message = "{what}: {kind}, error {errorCode} value {errorValue}{text} at {where}";
      return this.log.warning(message, { ...values, text, where });
    }
    this.log.info(gone ? "{what}: {kind}, gone" : "{what}: {kind}", values);
  }

  /** Warns once of what is missing, and says when it is there. */
  interfaces(planned: readonly PlannedInterface[]): void {
    const cut = cutShort(planned);
    for (const line of cut) if (!this.#cut.has(line)) this.log.warning("{line}", { line });
    this.#cut = new Set(cut);
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
}
