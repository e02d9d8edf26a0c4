/** Tables of text, as `show` commands print them. */

/** A column: its heading and how its cells stand. */
export interface Column {
  readonly heading: string;
  readonly align?: "left" | "right";
}

/** Lines of a table: headings, then rows, columns two spaces apart, nothing after the last. */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const widths = columns.map(({ heading }) => heading.length);
  for (const row of rows) {
    for (let index = 0; index < widths.length; index++) {
      const { length } = row[index] ?? "";
      if (length > widths[index]) widths[index] = length;
    }
  }
  const line = (cells: readonly string[]) =>
    columns.map(({ align }, index) => {
      const cell = cells[index] ?? "";
      return align === "right" ? cell.padStart(widths[index]) : cell.padEnd(widths[index]);
    }).join("  ").trimEnd();
  return [line(columns.map(({ heading }) => heading)), ...rows.map(line)];
}
