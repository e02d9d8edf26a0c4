/** A table that is printed while its rows come: a small one sorted, as a whole; of a large one nothing is kept. */
import { formatTable } from "./table.ts";

/** Rows that are kept for sorting, and for the widths of columns. */
const KEPT_ROWS = 10_000;

/** Takes rows, writes lines. */
export class TableStream {
  readonly #headings: readonly string[];
  readonly #write: (line: string) => void;
  readonly #begin: () => void;
  #kept: string[][] = [];
  /** Of the columns, once rows are written as they come. */
  #widths: number[] | undefined;

  /** `begin` is called before the first line is written. */
  constructor(headings: readonly string[], write: (line: string) => void, begin: () => void) {
    this.#headings = headings;
    this.#write = write;
    this.#begin = begin;
  }

  /** Takes the cells of a row. */
  add(cells: string[]): void {
    if (this.#widths) return this.#write(line(cells, this.#widths));
    this.#kept.push(cells);
    if (this.#kept.length < KEPT_ROWS) return;
    this.#widths = this.#headings.map((heading, index) =>
      this.#kept.reduce((width, row) => Math.max(width, row[index].length), heading.length)
    );
    this.#begin();
    this.#write(line(this.#headings, this.#widths));
    for (const row of this.#kept) this.#write(line(row, this.#widths));
    this.#kept = [];
  }

  /** No more rows will come. */
  end(): void {
    if (this.#widths) return;
    this.#kept.sort((a, b) => a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0);
    this.#begin();
    for (const text of formatTable(this.#headings.map((heading) => ({ heading })), this.#kept)) this.#write(text);
  }
}

/** As `formatTable` writes it; a cell that is wider than those before it moves what follows. */
function line(cells: readonly string[], widths: readonly number[]): string {
  let text = "";
  for (let index = 0; index < widths.length; index++) text += cells[index].padEnd(widths[index]) + "  ";
  return text.trimEnd();
}
