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

/** Room between two columns, or more where a name needs it. */
const COLUMN_WIDTH = 22;
/** Room for `999.999 s`, or more where later times come. */
const TIME_WIDTH = 9;

const timeText = (timeMs: number) => `${(timeMs / 1000).toFixed(3)} s`;

/** Draws the lines of a ladder. */
export class Ladder {
  readonly #names: readonly string[];
  readonly #columnWidth: number;
  readonly #timeWidth: number;

  /** @param latestMs the latest time that will come, if it is known */
  constructor(names: readonly string[], latestMs = 0) {
    this.#names = names;
    // Names stand over their columns with two blanks between them.
    this.#columnWidth = Math.max(COLUMN_WIDTH, ...names.slice(0, -1).map((name) => name.length + 2));
    this.#timeWidth = Math.max(TIME_WIDTH, timeText(latestMs).length);
  }

  /** The line of the nodes' names. */
  heading(): string {
    return `${"time".padStart(this.#timeWidth)}  ${this.#names.map((name) => name.padEnd(this.#columnWidth)).join("")}`
      .trimEnd();
  }

  /** The line of one message. `colour` is applied to the arrow with its label. */
  line(event: LadderEvent, colour: (text: string) => string = (text) => text): string {
    const low = Math.min(event.from, event.to);
    const high = Math.max(event.from, event.to);
    const width = this.#columnWidth;
    let text = "";
    for (let column = 0; column < this.#names.length; column++) {
      const last = column === this.#names.length - 1;
      if (column === low && high > low) {
        text += colour(drawArrow(event, (high - low) * width));
        column = high;
        text += high === this.#names.length - 1 ? "" : " ".repeat(width - 1);
      } else text += last ? "│" : "│".padEnd(width);
    }
    const time = timeText(event.timeMs).padStart(this.#timeWidth);
    return `${time}  ${text}${event.detail ? `  ${event.detail}` : ""}`.trimEnd();
  }

  /** A line that says what a node did between messages. */
  note(timeMs: number, node: number, text: string): string {
    const time = timeText(timeMs).padStart(this.#timeWidth), width = this.#columnWidth;
    const bars = this.#names.map((_, column) => (column === node ? "●" : "│"));
    return `${time}  ${bars.map((bar, i) => (i < bars.length - 1 ? bar.padEnd(width) : bar)).join("")}  ${text}`;
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
