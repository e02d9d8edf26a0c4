/** Links as the kernel tells of them, at once when they change. */
import { LinkWatcher } from "../linux/links.ts";
import type { Handles, Link } from "./interface_plan.ts";
import type { LinkSource } from "./links.ts";

/** The kernel's links; the watcher behind it knows the node's handles, for routes and transports. */
export class KernelLinks implements LinkSource {
  readonly watcher: LinkWatcher;
  /** What handlers are told is told once for all that came in one turn. */
  #telling = false;
  #handler: () => void = () => {};

  /** @throws {LinuxError} if the kernel refuses. */
  constructor(onError: (error: Error) => void) {
    this.watcher = new LinkWatcher({ interfaces: [], onError });
    this.watcher.onChange(() => this.#changed());
  }

  manage(handles: Handles): void {
    this.watcher.manage([...handles].map(([name, handle]) => ({ name, handle })));
  }

  links(): Link[] {
    return this.watcher.states.map(({ name, index, up, mtuBytes, addresses }) => ({
      name,
      index,
      up,
      mtuBytes,
      addresses,
    }))
      .filter(({ index }) => index !== 0);
  }

  onChange(handler: () => void): void {
    this.#handler = handler;
  }

  close(): void {
    this.#handler = () => {};
    this.watcher.close();
  }

  #changed(): void {
    if (this.#telling) return;
    this.#telling = true;
    queueMicrotask(() => {
      this.#telling = false;
      this.#handler();
    });
  }
}
