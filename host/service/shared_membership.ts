/** Groups that several users of one host listen to: the first joins, the last leaves. */
import type { GroupMembership } from "../signalling_node.ts";

/** Counts users of each group over a membership that knows of joining and leaving only. */
export class SharedMembership implements GroupMembership {
  readonly #inner: GroupMembership;
  readonly #users = new Map<string, number>();

  constructor(inner: GroupMembership) {
    this.#inner = inner;
  }

  join(group: string): void {
    const users = this.#users.get(group) ?? 0;
    this.#users.set(group, users + 1);
    if (users === 0) this.#inner.join(group);
  }

  leave(group: string): void {
    const users = this.#users.get(group) ?? 0;
    if (users > 1) this.#users.set(group, users - 1);
    else if (this.#users.delete(group)) this.#inner.leave(group);
  }
}
