/**
 * Senders and reservations of the file: applications without a program, as IOS has `ip rsvp sender-host` and
 * `ip rsvp reservation-host`. A new list changes what differs and leaves the rest alone.
 */
import { isMulticast, parseAddress } from "../address.ts";
import type { FlowspecOptions, SenderOptions, SessionAddress, SessionEvent, TokenBucket } from "../application.ts";
import { ResvError } from "../engine_errors.ts";
import type { RsvpNode } from "../node.ts";
import { ReservationWish, type Wish } from "../reservation_wish.ts";
import type { Session } from "../session.ts";
import { formatAddressPort } from "../cli/units.ts";
import { applicationKey } from "./config_file.ts";
import type { NodeFile, ReservationFile, SenderFile } from "./schema.ts";

/** What the applications need of their node. */
export interface StaticsWorld {
  readonly node: RsvpNode;
  /** The handle of an interface of the file. */
  handleOf(name: string): number;
  /** A reservation for a group makes this node a member. */
  setMember(group: string, member: boolean): void;
  /** An event of one of them; `what` names it: `sender to 10.0.2.2:5004 udp`. */
  heard(what: string, event: SessionEvent): void;
  /** One could not be had; it is left out until the file changes. */
  refused(what: string, error: Error): void;
}

/** One that stands. */
interface Standing {
  readonly name: string;
  /** The part of the file that it was made of. */
  made: string;
  readonly change: (one: SenderFile | ReservationFile) => void;
  readonly end: () => void;
}

/** All applications of the file. */
export class StaticApplications {
  #world: StaticsWorld;
  #standing = new Map<string, Standing>();

  constructor(world: StaticsWorld) {
    this.#world = world;
  }

  /** How many stand. */
  get size(): number {
    return this.#standing.size;
  }

  /** Makes what is new, changes what differs, ends what is gone. Returns what was done, a line each. */
  apply({ senders, reservations }: Pick<NodeFile, "senders" | "reservations">): string[] {
    const wanted = new Map<string, SenderFile | ReservationFile>();
    for (const one of [...senders, ...reservations]) wanted.set(`${"style" in one} ${applicationKey(one)}`, one);
    const done: string[] = [];
    for (const [key, standing] of this.#standing) {
      if (wanted.has(key)) continue;
      standing.end();
      this.#standing.delete(key);
      done.push(`${standing.name} gone`);
    }
    for (const [key, one] of wanted) {
      const standing = this.#standing.get(key), made = JSON.stringify(one), name = nameOf(one);
      if (standing?.made === made) continue;
      this.#attempt(name, () => {
        if (standing) standing.change(one);
        else this.#standing.set(key, "style" in one ? this.#reserve(name, one, made) : this.#send(name, one, made));
        if (standing) standing.made = made;
        done.push(`${name} ${standing ? "changed" : "added"}`);
      });
    }
    return done;
  }

  /** Ends all: their tears go out. */
  release(): void {
    for (const { end } of this.#standing.values()) end();
    this.#standing.clear();
  }

  #attempt(what: string, run: () => void): void {
    try {
      run();
    } catch (error) {
      if (!(error instanceof ResvError) && !(error instanceof RangeError)) throw error;
      this.#world.refused(what, error);
    }
  }

  #send(what: string, one: SenderFile, made: string): Standing {
    const session = this.#world.node.session(sessionOf(one));
    session.on((event) => this.#world.heard(what, event));
    const announce = (file: SenderFile) => void session.sender(this.#senderOf(file));
    releasedIfItThrows(session, () => announce(one));
    return { name: what, made, change: (changed) => announce(changed as SenderFile), end: () => session.release() };
  }

  #reserve(what: string, one: ReservationFile, made: string): Standing {
    const { destination } = one;
    const { bytes, family } = parseAddress(destination);
    const group = isMulticast(bytes, family);
    const session = this.#world.node.session(sessionOf(one));
    const wish = new ReservationWish(session);
    session.on((event) => {
      this.#world.heard(what, event);
      this.#attempt(what, () => wish.hear(event));
    });
    releasedIfItThrows(session, () => wish.set(this.#wishOf(one)));
    if (group) this.#world.setMember(destination, true);
    return {
      name: what,
      made,
      change: (changed) => wish.set(this.#wishOf(changed as ReservationFile)),
      end: () => {
        session.release();
        if (group) this.#world.setMember(destination, false);
      },
    };
  }

  #senderOf({ source, sourcePort, ttl, interface: name, ...bucket }: SenderFile): SenderOptions {
    return {
      ...tokenBucketOf(bucket),
      tokenBucketRateBytesPerSecond: bucket.rate,
      port: sourcePort,
      ...(source === undefined ? {} : { address: source }),
      ...(ttl === undefined ? {} : { ttl }),
      ...(name === undefined ? {} : { interface: this.#world.handleOf(name) }),
    };
  }

  #wishOf({ style, senders, confirm, interface: name, ...rest }: ReservationFile): Wish {
    const flowspec: Partial<FlowspecOptions> = {
      ...tokenBucketOf(rest),
      ...(rest.service === undefined ? {} : { service: rest.service }),
      ...(rest.reservedRate === undefined ? {} : { rateBytesPerSecond: rest.reservedRate }),
      ...(rest.slackMicroseconds === undefined ? {} : { slackTermMicroseconds: rest.slackMicroseconds }),
    };
    return {
      style,
      confirm,
      flowspec,
      ...(senders ? { senders } : {}),
      ...(name === undefined ? {} : { interface: this.#world.handleOf(name) }),
    };
  }
}

/** For people: `sender to 10.0.2.2:5004 udp from port 4001`, `FF reservation for 10.0.2.2:5004 udp`. */
function nameOf(one: SenderFile | ReservationFile): string {
  const session = `${formatAddressPort(one.destination, one.port)} ${one.protocol}`;
  if ("style" in one) return `${one.style} reservation for ${session}`;
  const port = one.sourcePort === 0 ? "" : `port ${one.sourcePort}`;
  const from = one.source === undefined ? port : formatAddressPort(one.source, one.sourcePort);
  return `sender to ${session}${from === "" ? "" : ` from ${from}`}`;
}

function sessionOf({ destination, protocol, port }: SenderFile | ReservationFile): SessionAddress {
  return { destination, protocol, port };
}

function releasedIfItThrows(session: Session, run: () => void): void {
  try {
    run();
  } catch (error) {
    session.release();
    throw error;
  }
}

type BucketFile = Pick<SenderFile, "bucketBytes" | "peakRate" | "minimumUnitBytes" | "maximumPacketBytes"> & {
  readonly rate?: number | undefined;
};

function tokenBucketOf(file: BucketFile): Partial<TokenBucket> {
  const bucket = {
    tokenBucketRateBytesPerSecond: file.rate,
    tokenBucketSizeBytes: file.bucketBytes,
    peakRateBytesPerSecond: file.peakRate,
    minimumPolicedUnitBytes: file.minimumUnitBytes,
    maximumPacketSizeBytes: file.maximumPacketBytes,
  };
  return Object.fromEntries(Object.entries(bucket).filter(([, value]) => value !== undefined));
}
