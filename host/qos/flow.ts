/**
 * One session of a QOS socket: its registration with the node, the sender that is announced in it, and the reservation
 * that waits for matching path state. Decisions are made anew from what is wanted and what is known whenever either
 * changes, and only differences become calls.
 */
import type { SessionAddress, SessionEvent, StyleName } from "../application.ts";
import { ResvError } from "../engine_errors.ts";
import { encodeObjects, findObject, type ObjectInput } from "../object_list.ts";
import type { RsvpObject } from "../objects.gen.ts";
import type { Session } from "../session.ts";
import { senderObject } from "../application.ts";
import type { QosArithmetic } from "./arithmetic.ts";
import {
  describeFlowspec,
  describeSender,
  type Direction,
  errorEvent,
  localErrorEvent,
  type QosEvent,
  qosEvent,
  refusedCallEvent,
  senderObjects,
} from "./events.ts";
import type { QosFlowspec } from "./flowspec.ts";
import { sameAddress, type SocketAddress } from "./matching.ts";
import { policyDataObjects } from "./policy.ts";
import type { QosFilter, QosPolicyElement, ReserveInfo } from "./provider_objects.ts";
import { RESERVE_STYLE } from "./provider_objects.ts";
import { deriveFlowspec, type KnownSender } from "./receiver_derivation.ts";
import { deriveSender } from "./sender_derivation.ts";
import { isSignalledService, SERVICE_TYPE, splitServiceType } from "./service_types.ts";
import type { Shaping } from "./setting.ts";
import { FlowShaper, PASS, type ShapedFlow, type Transmission } from "./shaping.ts";
import { toHex } from "./hex.ts";

/** What is to be announced in a session. */
export interface SendingPart {
  /** The socket's address and port; the address is never "any". */
  template: SocketAddress;
  flowspec: QosFlowspec;
  policyElements: readonly QosPolicyElement[];
  shaping: Shaping;
}

/** What is to be reserved in a session. */
export interface ReceivingPart {
  /** The only sender that matches; absent if every sender does. */
  peer?: SocketAddress;
  flowspec: QosFlowspec;
  reserve?: ReserveInfo;
  /** Where `reserve` does not say another. */
  style: StyleName;
  /** Changes with every setting that asks for a confirmation; 0 for none. */
  confirmation: number;
}

/** What a flow needs of its surroundings. */
export interface FlowPort {
  readonly arithmetic: QosArithmetic;
  session(address: SessionAddress): Session;
  event(event: QosEvent): void;
}

/** A reservation as it is asked of the engine. */
interface Request {
  style: StyleName;
  objects: (ObjectInput | RsvpObject)[];
}

const STYLES: Readonly<Record<number, StyleName | undefined>> = {
  [RESERVE_STYLE.WILDCARD]: "WF",
  [RESERVE_STYLE.FIXED_FILTER]: "FF",
  [RESERVE_STYLE.SHARED_EXPLICIT]: "SE",
};

/** One RSVP session of one socket. */
export class QosFlow {
  readonly address: SessionAddress;
  #port: FlowPort;
  #session: Session;
  #sending: SendingPart | undefined;
  #receiving: ReceivingPart | undefined;
  #senders = new Map<string, KnownSender>();
  #announced = "";
  #requested = "";
  #requestedStyle: StyleName | "" = "";
  #confirmed = 0;
  #refused = "";
  #closed = false;
  #shaper = new FlowShaper();
  /** What receivers have reserved of what is sent. */
  #reserved: QosFlowspec | undefined;

  /** Registers the session with the node, with nothing in it yet. Sets `sending` and `receiving` afterwards. */
  constructor(address: SessionAddress, port: FlowPort) {
    this.address = address;
    this.#port = port;
    this.#session = port.session(address);
  }

  /** Begins to listen. What was known before the registration is told here, so that `receiving` comes first. */
  start(receiving: ReceivingPart | undefined): this {
    this.#receiving = receiving;
    this.#session.on((event) => this.#deliver(event));
    return this;
  }

  /** Sets or ends what is announced. */
  send(sending: SendingPart | undefined): void {
    this.#sending = sending;
    const type = sending && splitServiceType(sending.flowspec.serviceType);
    if (!sending || !type || type.noSignalling || !isSignalledService(type.type)) {
      if (this.#announced !== "") this.#call("sending", () => this.#session.withdraw());
      this.#announced = "";
      return;
    }
    const { tspec, adspec } = deriveSender(sending.flowspec, this.#port.arithmetic);
    const objects = encodeObjects([
      senderObject("SENDER_TEMPLATE", sending.template),
      tspec,
      adspec,
      ...policyDataObjects(sending.policyElements),
    ]);
    const key = toHex(objects);
    if (key === this.#announced) return;
    this.#announced = key;
    this.#call("sending", () => this.#session.announce(objects));
  }

  /** Sets or ends what is to be reserved. */
  receive(receiving: ReceivingPart | undefined): void {
    const before = this.#receiving;
    if (JSON.stringify(before) === JSON.stringify(receiving)) return;
    this.#receiving = receiving;
    this.#refused = "";
    // Who begins to receive, or receives from another, hears of the senders that are there already.
    const othersMatch = JSON.stringify(before?.peer) !== JSON.stringify(receiving?.peer);
    if (receiving && (!before || othersMatch) && this.senders.length > 0) this.#tellOfSenders("");
    this.#update();
  }

  /** The senders that match, by path state. */
  get senders(): KnownSender[] {
    const peer = this.#receiving?.peer;
    const all = [...this.#senders.values()];
    return peer ? all.filter((sender) => isSender(sender, peer)) : all;
  }

  /** What is announced, or would be but for NO_QOS_SIGNALING. */
  get sending(): SendingPart | undefined {
    return this.#sending;
  }

  /** What receivers have reserved of what is sent; undefined for nothing. */
  get reserved(): QosFlowspec | undefined {
    return this.#reserved;
  }

  /** What is to be received; undefined for nothing. */
  get receiving(): ReceivingPart | undefined {
    return this.#receiving;
  }

  /** What the sender's traffic control does with a packet of so many bytes. */
  transmit(bytes: number, nowMs: number): Transmission {
    const flow = this.#shaped();
    return flow ? this.#shaper.transmit(bytes, nowMs, flow) : PASS;
  }

  /** Whether packets may have to wait, or be discarded. */
  shapes(nowMs: number): boolean {
    const flow = this.#shaped();
    return flow !== undefined && this.#shaper.shapes(flow, nowMs);
  }

  #shaped(): ShapedFlow | undefined {
    return this.#sending && { ...this.#sending, reserved: this.#reserved };
  }

  /** Whether a Resv has been asked for. */
  get reserving(): boolean {
    return this.#requestedStyle !== "";
  }

  /** Ends everything. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (!this.#session.released) this.#session.release();
  }

  #deliver(event: SessionEvent): void {
    if (this.#closed) return;
    switch (event.kind) {
      case "PATH_EVENT":
        return this.#senderChanged(event);
      case "RESV_EVENT":
        return this.#port.event(this.#receiversEvent(event));
      case "RESV_CONFIRM":
        return this.#port.event(
          qosEvent(
            "REQUEST_CONFIRMED",
            "receiving",
            this.address,
            describeFlowspec(findObject(event.objects, "FLOWSPEC")),
          ),
        );
      case "PATH_ERROR":
        return this.#port.event(errorEvent(event, "sending", this.address));
      case "RESV_ERROR":
        return this.#port.event(errorEvent(event, "receiving", this.address));
      case "CALL_ERROR":
        // Which call it was is not said: one from a handler, and those are about the reservation.
        return this.#port.event(refusedCallEvent(event.errorValue, "receiving", this.address));
    }
  }

  #receiversEvent(event: SessionEvent): QosEvent {
    this.#reserved = event.gone ? undefined : describeFlowspec(findObject(event.objects, "FLOWSPEC"));
    return this.#reserved
      ? qosEvent("RECEIVERS", "sending", this.address, this.#reserved)
      : qosEvent("NO_RECEIVERS", "sending", this.address, { serviceType: SERVICE_TYPE.NOTRAFFIC });
  }

  #senderChanged(event: SessionEvent): void {
    const template = findObject(event.objects, "SENDER_TEMPLATE");
    if (!template || !("sourceAddress" in template)) return;
    const address = template.sourceAddress;
    const port = "sourcePort" in template ? template.sourcePort : 0;
    const key = `${address}/${port}`;
    const tspec = findObject(event.objects, "SENDER_TSPEC");
    if (event.gone) this.#senders.delete(key);
    else if (tspec) {
      const others = event.objects.filter(({ name }) => name === "POLICY_DATA");
      this.#senders.set(key, { address, port, tspec, adspec: findObject(event.objects, "ADSPEC"), others });
    }
    this.#refused = "";
    const receiving = this.#receiving;
    if (receiving && (!receiving.peer || isSender({ address, port }, receiving.peer))) this.#tellOfSenders(key);
    this.#update();
  }

  /** A receiver is told of its senders even where nothing is to be signalled for it. */
  #tellOfSenders(changed: string): void {
    const senders = this.senders;
    if (senders.length === 0) {
      const nothing = { serviceType: SERVICE_TYPE.NOTRAFFIC };
      return this.#port.event(qosEvent("NO_SENDERS", "receiving", this.address, nothing));
    }
    const concerned = this.#senders.get(changed) ?? senders[0];
    const ordered = [concerned, ...senders.filter((sender) => sender !== concerned)];
    const { arithmetic } = this.#port;
    this.#port.event(
      qosEvent(
        "SENDERS",
        "receiving",
        this.address,
        describeSender(concerned, arithmetic),
        senderObjects(ordered, arithmetic),
      ),
    );
  }

  /** Compares what should be reserved with what is, and makes the difference. */
  #update(): void {
    if (this.#closed) return;
    const request = this.#wanted();
    if (!request) return this.#unreserve();
    const confirm = this.#receiving!.confirmation > this.#confirmed;
    const objects = encodeObjects(request.objects);
    const key = `${request.style} ${toHex(objects)}`;
    if (key === this.#requested && !confirm) return;
    // The old style is torn down explicitly before another is asked for: the two cannot stand side by side.
    if (this.#requestedStyle !== "" && this.#requestedStyle !== request.style) this.#unreserve();
    this.#requested = key;
    this.#requestedStyle = request.style;
    this.#confirmed = this.#receiving!.confirmation;
    this.#call("receiving", () => this.#session.request(request.style, objects, { confirm }));
  }

  #unreserve(): void {
    if (this.#requestedStyle === "") return;
    this.#requested = this.#requestedStyle = "";
    this.#call("receiving", () => this.#session.unreserve());
  }

  /** The reservation that should stand, as far as senders have come; undefined for none. */
  #wanted(): Request | undefined {
    const receiving = this.#receiving;
    if (!receiving) return undefined;
    const senders = this.senders;
    if (senders.length === 0) return undefined;
    const style = STYLES[receiving.reserve?.style ?? RESERVE_STYLE.DEFAULT] ?? receiving.style;
    const policy = policyDataObjects(receiving.reserve?.policyElements ?? []);
    const descriptors = receiving.reserve?.flowDescriptors ?? [];
    if (style === "WF") {
      const flowspec = this.#derive(receiving.flowspec, senders);
      return flowspec && { style, objects: [...policy, flowspec] };
    }
    const lists = descriptors.length > 0
      ? descriptors.map(({ flowspec, filters }) => ({
        // A descriptor that says nothing of the service means what the socket's flowspec says.
        flowspec: flowspec.serviceType === SERVICE_TYPE.NOCHANGE ? receiving.flowspec : flowspec,
        senders: senders.filter((sender) => filters.some((filter) => isSender(sender, filter))),
      }))
      : [{ flowspec: receiving.flowspec, senders }];
    const objects = lists.filter((list) => list.senders.length > 0).flatMap((list) => {
      const flowspec = this.#derive(list.flowspec, list.senders);
      return flowspec ? [flowspec, ...list.senders.map((sender) => senderObject("FILTER_SPEC", sender))] : [];
    });
    return objects.length > 0 ? { style, objects: [...policy, ...objects] } : undefined;
  }

  #derive(wanted: QosFlowspec, senders: readonly KnownSender[]): RsvpObject | undefined {
    const type = splitServiceType(wanted.serviceType);
    if (!type || type.noSignalling || !isSignalledService(type.type)) return undefined;
    const { flowspec, refused } = deriveFlowspec(wanted, senders, this.#port.arithmetic);
    if (flowspec) return flowspec;
    // Told once for each setting and each change of the senders.
    const key = `${refused.errorCode}/${refused.errorValue}`;
    if (key !== this.#refused) {
      this.#refused = key;
      this.#port.event(localErrorEvent(refused.errorCode, refused.errorValue, "receiving", this.address));
    }
    return undefined;
  }

  /** A refusal is an event and not an error of the call: whether there is one depends on what others do. */
  #call(direction: Direction, call: () => void): void {
    if (this.#session.released) return;
    try {
      call();
    } catch (error) {
      if (!(error instanceof ResvError)) throw error;
      this.#port.event(refusedCallEvent(error.code, direction, this.address));
    }
  }
}

function isSender(sender: SocketAddress, filter: SocketAddress | QosFilter): boolean {
  return sender.port === (filter.port ?? 0) && sameAddress(sender.address, filter.address);
}
