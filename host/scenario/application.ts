/** An application of a scenario: says what it wants, and asks again when senders come, go or change. */
import { isMulticast, parseAddress } from "../address.ts";
import type { SenderOptions, SessionAddress, SessionEvent } from "../application.ts";
import type { DiagnoseOptions } from "../diagnosis.ts";
import type { NetworkNode } from "../network/network_node.ts";
import { ReservationWish, type Wish } from "../reservation_wish.ts";
import type { Session } from "../session.ts";

export class ScenarioApplication {
  readonly node: NetworkNode;
  #session: Session;
  #wish: ReservationWish;
  #group: string | undefined;
  #joined = false;

  constructor(node: NetworkNode, address: SessionAddress, heard: (event: SessionEvent) => void) {
    this.node = node;
    const { bytes, family } = parseAddress(address.destination);
    this.#session = node.rsvp.session(address);
    const wish = this.#wish = new ReservationWish(this.#session);
    this.#session.on((event) => {
      heard(event);
      wish.hear(event);
    });
    this.#group = isMulticast(bytes, family) ? address.destination : undefined;
  }

  send(options: SenderOptions): void {
    this.#session.sender(options);
  }

  withdraw(): void {
    this.#session.withdraw();
  }

  reserve(wish: Wish): void {
    // Joined with the wish to receive: a sender is no member of its group (RFC 1112).
    if (this.#group && !this.#joined) {
      this.#joined = true;
      this.node.join(this.#group);
    }
    this.#wish.set(wish);
  }

  pingPath(options: DiagnoseOptions): void {
    this.#session.diagnose(options);
  }

  unreserve(): void {
    this.#wish.set(undefined);
  }

  release(): void {
    this.#session.release();
    if (this.#group && this.#joined) this.node.leave(this.#group);
  }
}
