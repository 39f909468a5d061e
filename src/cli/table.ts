import { cut, printable, textWidth } from "./textWidth.js";

/** One column of a table. */
export interface Column<Row> {
  readonly title: string;
  /** What stands in it; made printable here. */
  readonly cell: (row: Row) => string;
  /** Puts colour on the finished cell. */
  readonly style?: (text: string, row: Row) => string;
  readonly align?: "left" | "right";
  /** The column may be cut down to so many characters where the line is too narrow. */
  readonly shrinkTo?: number;
}

/** How a table is laid out. */
export interface TableOptions {
  /** Columns of the terminal; Infinity cuts nothing. */
  readonly width: number;
  /** Puts a style on the titles; without it there are none. */
  readonly title?: ((text: string) => string) | undefined;
}

const GAP = "  ";

/** Rows under each other in aligned columns, one line a row, each line with its end. */
export function table<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  options: TableOptions,
): string {
  const { title } = options;
  const cells = rows.map((row) => columns.map((column) => printable(column.cell(row))));
  const natural = columns.map((column, index) =>
    Math.max(
      title === undefined ? 0 : textWidth(column.title),
      ...cells.map((row) => textWidth(row[index] ?? "")),
    ),
  );
  const widths = fit(natural, columns, options.width);
  const line = (texts: readonly string[], style: (text: string, index: number) => string): string =>
    texts
      .map((text, index) => {
        const column = columns[index];
        const width = widths[index] ?? 0;
        const shown = cut(text, width);
        const blank = " ".repeat(width - textWidth(shown));
        const styled = style(shown, index);
        if (column?.align === "right") return blank + styled;
        return index === columns.length - 1 ? styled : styled + blank;
      })
      .join(GAP)
      .trimEnd();
  const head =
    title === undefined
      ? []
      : [
          line(
            columns.map((column) => column.title),
            title,
          ),
        ];
  const body = cells.map((texts, at) =>
    line(texts, (text, index) => {
      const row = rows[at];
      const style = columns[index]?.style;
      return style === undefined || row === undefined ? text : style(text, row);
    }),
  );
  return [...head, ...body].map((text) => `${text}\n`).join("");
}

/** Takes from the widest column that may shrink, one character at a time, until the line fits. */
function fit<Row>(natural: readonly number[], columns: readonly Column<Row>[], width: number): number[] {
  const widths = [...natural];
  let over = widths.reduce((sum, each) => sum + each, GAP.length * (widths.length - 1)) - width;
  for (; over > 0; over--) {
    let widest: number | undefined;
    for (const [index, column] of columns.entries()) {
      const here = widths[index] ?? 0;
      if (column.shrinkTo === undefined || here <= Math.max(column.shrinkTo, textWidth(column.title)))
        continue;
      if (widest === undefined || here > (widths[widest] ?? 0)) widest = index;
    }
    if (widest === undefined) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

/** Labels and values under each other: the facts about one thing. Values that are undefined are left out. */
export function facts(
  entries: readonly (readonly [label: string, value: string | undefined])[],
  label: (text: string) => string,
): string {
  const shown = entries.filter((entry): entry is readonly [string, string] => entry[1] !== undefined);
  const width = Math.max(0, ...shown.map(([name]) => textWidth(name)));
  return shown.map(([name, value]) => `${label(name.padEnd(width))}${GAP}${value}\n`).join("");
}
