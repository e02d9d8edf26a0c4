/** Pages of tables as the engine writes them, read where there is no engine. */
import { EngineMisuseError } from "./engine_errors.ts";
import { TABLE_READERS, type TableRows } from "./boundary.gen.ts";

const LITTLE_ENDIAN = true;
/** The common header of a record: kind, flags, length (catalogue/boundary.ts). */
const RECORD_HEADER_BYTES = 8;

/** Some rows of a table. */
export interface TablePage {
  /** The records, as the engine wrote them. */
  rows: Uint8Array;
  /** Where the next page begins; 0 if this was the last. */
  cursor: number;
}

/** The number of a table. @throws {RangeError} if there is no such table. */
export function tableNumber(table: keyof TableRows): number {
  const reader = TABLE_READERS[table];
  if (reader) return reader.table;
  throw new RangeError(`no table "${String(table)}"; there are ${Object.keys(TABLE_READERS).join(", ")}`);
}

/** The rows of a page. @throws {RangeError} if it is no page of that table. */
export function* readRows<T extends keyof TableRows>(table: T, page: Uint8Array): Generator<TableRows[T]> {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  const reader = TABLE_READERS[table];
  for (let at = 0; at < page.length;) {
    const left = page.length - at;
    const length = left < RECORD_HEADER_BYTES ? 0 : view.getUint32(at + 4, LITTLE_ENDIAN);
    if (length < RECORD_HEADER_BYTES || length > left || view.getUint16(at, LITTLE_ENDIAN) !== reader.table) {
      throw new RangeError(`byte ${at} of a page of ${table}: no row`);
    }
    yield reader.read(view, page, at);
    at += length;
  }
}

/** Tables are bounded by memory; a cursor that does not end is our own fault and must not hang the host. */
const MAXIMUM_PAGES = 10_000_000;

/** All rows of a table, from its pages one after the other. */
export function allRows<T extends keyof TableRows>(table: T, pageAt: (cursor: number) => TablePage): TableRows[T][] {
  const rows: TableRows[T][] = [];
  for (let pages = 0, cursor = 0; pages < MAXIMUM_PAGES; pages++) {
    const page = pageAt(cursor);
    for (const row of readRows(table, page.rows)) rows.push(row);
    cursor = page.cursor;
    if (cursor === 0) return rows;
  }
  throw new EngineMisuseError(`inspecting ${table} did not end after ${MAXIMUM_PAGES} pages`);
}
