/** What sends packets to classes: filters of u32, or entries of a BPF map. */
import { flowKey, keyName } from "./bpf_map.ts";
import type { FlowMatch } from "./flow_match.ts";
import type { KernelCommand } from "./kernel_command.ts";
import { filterName, type U32Tables } from "./u32.ts";

/** Where a flow is told apart from others. */
export type FilterPlace =
  | { kind: "U32"; family: 4 | 6; handle: number }
  | { kind: "MAP"; key: Uint8Array };

/** Both ways, of one interface: after a crash there may be filters of either. */
export class Classifier {
  /** The tables of u32, which RSVP's own filters need too. */
  readonly tables: U32Tables;
  #target: { device: number; name: string };
  #useMap: boolean;

  constructor(target: { device: number; name: string }, tables: U32Tables, useMap: boolean) {
    this.#target = target;
    this.tables = tables;
    this.#useMap = useMap;
  }

  /** A place for a flow and what puts it there. @throws {Refusal} if there is no room. */
  add(match: FlowMatch, minor: number): { place: FilterPlace; command: KernelCommand } {
    if (this.#useMap) {
      const key = flowKey(match);
      return { place: { kind: "MAP", key }, command: { ...this.#target, kind: "MAP_SET", key, minor } };
    }
    const { family, handle, command } = this.tables.add(match, minor);
    return { place: { kind: "U32", family, handle }, command };
  }

  /** What takes a flow out of its place. */
  removal(place: FilterPlace): KernelCommand {
    return place.kind === "U32"
      ? { ...this.#target, kind: "REMOVE_FILTER", family: place.family, handle: place.handle }
      : { ...this.#target, kind: "MAP_DELETE", key: place.key };
  }

  /** The place is free again. */
  release(place: FilterPlace): void {
    if (place.kind === "U32") this.tables.release(place.handle);
  }

  /** The names under which a flow may have been left over, in either way. */
  names(match: FlowMatch): string[] {
    return [filterName(match), keyName(flowKey(match))];
  }
}
