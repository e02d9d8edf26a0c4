/**
 * The routing interface of a node in a virtual network. Remembers what its engine has asked, so that after a change
 * only those nodes hear of it whose answers are others now, and of nothing but those destinations.
 */
import { addressKey } from "../address.ts";
import type { RouteAnswer, RouteChange, RouteQuestion, Routing } from "../routing/routing.ts";

interface Asked {
  question: RouteQuestion;
  answer: RouteAnswer;
  /** Somebody else had another answer, between a change and its announcement: whoever asked has to ask again. */
  differs: boolean;
}

export class NetworkRouting implements Routing {
  #lookUp: (question: RouteQuestion) => RouteAnswer;
  #asked = new Map<string, Asked>();
  #onChange: (change: RouteChange) => void = () => {};

  constructor(lookUp: (question: RouteQuestion) => RouteAnswer) {
    this.#lookUp = lookUp;
  }

  query(question: RouteQuestion, answer: (answer: RouteAnswer) => void): void {
    const found = this.#lookUp(question);
    const { destination, source, family, multicast } = question;
    const key = `${family} ${addressKey(destination, family)} ${multicast ? addressKey(source, family) : ""}`;
    const before = this.#asked.get(key);
    const differs = before !== undefined && (before.differs || !sameAnswer(before.answer, found));
    this.#asked.set(key, { question, answer: found, differs });
    answer(found);
  }

  onChange(handler: (change: RouteChange) => void): void {
    this.#onChange = handler;
  }

  close(): void {
    this.#asked.clear();
    this.#onChange = () => {};
  }

  /** Looks everything up again and announces the destinations whose answers differ. */
  refresh(): void {
    const changed = new Map<string, RouteChange>();
    for (const asked of this.#asked.values()) {
      const { destination, family } = asked.question;
      const now = this.#lookUp(asked.question);
      if (!asked.differs && sameAnswer(now, asked.answer)) continue;
      asked.answer = now;
      asked.differs = false;
      changed.set(`${family} ${addressKey(destination, family)}`, {
        prefix: destination,
        prefixLength: family === 4 ? 32 : 128,
        family,
      });
    }
    for (const change of changed.values()) this.#onChange(change);
  }
}

function sameAnswer(a: RouteAnswer, b: RouteAnswer): boolean {
  return a.found === b.found && Boolean(a.local) === Boolean(b.local) &&
    (a.incomingInterface ?? 0) === (b.incomingInterface ?? 0) && a.hops.length === b.hops.length &&
    a.hops.every((hop, i) => {
      const other = b.hops[i];
      return hop.interface === other.interface && hop.family === other.family &&
        (hop.gateway === undefined) === (other.gateway === undefined) &&
        (hop.gateway === undefined || hop.gateway.every((byte, at) => byte === other.gateway![at]));
    });
}
