/** Routes with groups that this node itself receives: a group with a member here is delivered here too. */
import { addressKey, parseAddress } from "../address.ts";
import type { RouteChange, RouteQuestion, Routing } from "../routing/routing.ts";
import type { RouteAnswer } from "../routing/routing.ts";

/** Puts the memberships of local applications into the answers of another routing. */
export class MemberRouting implements Routing {
  #inner: Routing;
  /** How many want each group. */
  #members = new Map<string, number>();
  #onChange: (change: RouteChange) => void = () => {};

  constructor(inner: Routing) {
    this.#inner = inner;
  }

  /** An application joins or leaves. Returns true for the first that joins and the last that leaves. */
  setMember(group: string, member: boolean): boolean {
    const { bytes, family } = parseAddress(group);
    const key = `${family} ${addressKey(bytes, family)}`;
    const before = this.#members.get(key) ?? 0, after = Math.max(0, before + (member ? 1 : -1));
    if (after === 0) this.#members.delete(key);
    else this.#members.set(key, after);
    const changes = (before === 0) !== (after === 0);
    if (changes) this.#onChange({ prefix: bytes, prefixLength: family === 4 ? 32 : 128, family });
    return changes;
  }

  /** Has every route asked for again: what is reached by an interface is reached otherwise once it is down, or up. */
  announceAll(): void {
    for (const family of [4, 6]) this.#onChange({ prefix: new Uint8Array(16), prefixLength: 0, family });
  }

  /** Asks the other routing, and adds what is local. */
  query(question: RouteQuestion, answer: (answer: RouteAnswer) => void): void {
    if (!question.multicast) return this.#inner.query(question, answer);
    const key = `${question.family} ${addressKey(question.destination, question.family)}`;
    this.#inner.query(question, (found) => {
      answer(this.#members.has(key) ? { ...found, found: true, local: true } : found);
    });
  }

  onChange(handler: (change: RouteChange) => void): void {
    this.#onChange = handler;
    this.#inner.onChange(handler);
  }

  close(): void {
    this.#onChange = () => {};
    this.#inner.close();
  }
}
