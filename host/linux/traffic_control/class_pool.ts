/**
 * Minor numbers of classes, and which of them are spare. A class that is made or removed costs the kernel a walk over
 * all the others and over the filters (from 0.03 ms to more than 1 ms with thousands); to give one another rate costs
 * 0.01 ms. So classes are made ahead, and never removed while the interface is managed.
 *
 * A spare class keeps its last rate: what its last flow has left in the queue drains at it, and a very low rate would
 * leave the class in debt, which the next flow would have to pay off.
 */
import { ERROR_CODE, Refusal } from "./flow_match.ts";
import { LAST_RESERVATION_MINOR, MINOR } from "./kernel_command.ts";

const ENOSPC = 28;

/** The classes of one interface. */
export class ClassPool {
  #spare: number[] = [];
  #next: number = MINOR.FIRST_RESERVATION;

  /** Classes that are made and have no flow. */
  get spareCount(): number {
    return this.#spare.length;
  }

  /** A class: a spare one, or a new number that has to be created. @throws {Refusal} if all are in use. */
  take(): { minor: number; create: boolean } {
    const minor = this.#spare.pop();
    if (minor !== undefined) return { minor, create: false };
    return { minor: this.newMinor(), create: true };
  }

  /** A number that no class has had. @throws {Refusal} if there is none. */
  newMinor(): number {
    if (this.#next > LAST_RESERVATION_MINOR) {
      throw new Refusal("all classes of the interface are in use", ERROR_CODE.SYSTEM, ENOSPC);
    }
    return this.#next++;
  }

  /** The class, which is made, is spare again. */
  give(minor: number): void {
    this.#spare.push(minor);
  }

  /** Takes note of a class that is there already and not spare. */
  adopt(minor: number): void {
    this.#next = Math.max(this.#next, minor + 1);
  }
}
