/**
 * A ladder of messages: one column a node, one line a message, time down the page.
 *
 * ```text
 *     time  sender              router              receiver
 *  0.004 s  ├─ Path ───────────▶│                   │           127.0.2.2:5004/UDP ...
 *  0.009 s  │                   │◀─────────── Resv ─┤           FF ...
 * ```
 */

/** One message between two nodes. */
export interface LadderEvent {
  readonly timeMs: number;
  /** Column of the node that sent it. */
  readonly from: number;
  /** Column of the node that got it, or was to get it. */
  readonly to: number;
  /** The message's name. */
  readonly label: string;
  /** Its key fields. */
  readonly detail?: string;
  /** True if it never arrived. */
  readonly lost?: boolean;
}

/** Room between two columns. */
const COLUMN_WIDTH = 22;
const TIME_WIDTH = 9;

/** Draws the lines of a ladder. */
export class Ladder {
  readonly #names: readonly string[];

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** The line of the nodes' names. */
  heading(): string {
    return `${"time".padStart(TIME_WIDTH)}  ${this.#names.map((name) => name.padEnd(COLUMN_WIDTH)).join("")}`.trimEnd();
  }

  /** The line of one message. `colour` is applied to the arrow with its label. */
  line(event: LadderEvent, colour: (text: string) => string = (text) => text): string {
    const low = Math.min(event.from, event.to);
    const high = Math.max(event.from, event.to);
    let text = "";
    for (let column = 0; column < this.#names.length; column++) {
      const last = column === this.#names.length - 1;
      if (column === low && high > low) {
        text += colour(drawArrow(event, (high - low) * COLUMN_WIDTH));
        column = high;
        text += high === this.#names.length - 1 ? "" : " ".repeat(COLUMN_WIDTH - 1);
      } else text += last ? "│" : "│".padEnd(COLUMN_WIDTH);
    }
    const time = `${(event.timeMs / 1000).toFixed(3)} s`.padStart(TIME_WIDTH);
    return `${time}  ${text}${event.detail ? `  ${event.detail}` : ""}`.trimEnd();
  }

  /** A line that says what a node did between messages. */
  note(timeMs: number, node: number, text: string): string {
    const time = `${(timeMs / 1000).toFixed(3)} s`.padStart(TIME_WIDTH);
    const bars = this.#names.map((_, column) => (column === node ? "●" : "│"));
    return `${time}  ${bars.map((bar, i) => (i < bars.length - 1 ? bar.padEnd(COLUMN_WIDTH) : bar)).join("")}  ${text}`;
  }
}

/** From one column's bar to the other's, both included. */
function drawArrow({ from, to, label, lost }: LadderEvent, width: number): string {
  const inner = width - 1;
  const name = ` ${label} `.slice(0, inner - 3);
  const dashes = "─".repeat(inner - name.length - 2);
  if (from < to) return `├─${name}${dashes}${lost ? "✕" : "▶"}│`;
  return `│${lost ? "✕" : "◀"}${dashes}${name}─┤`;
}
