import { cut, textWidth } from "./textWidth.js";

/** A character as it is seen may be made of several; so many for each column are looked at. */
const PER_COLUMN = 4;

/**
 * A text as lines of at most `width` columns, broken at blanks where there are any; its own line ends stay. Lines are
 * made as they are taken, so that the beginning of a long text costs no more than itself.
 *
 * @param text without control characters but line ends.
 */
export function* wrapped(text: string, width: number): Generator<string, void, undefined> {
  for (const line of text.split("\n")) {
    let rest = line.trimEnd();
    while (rest.length > width * PER_COLUMN || textWidth(rest) > width) {
      const end = endOfLine(rest, width);
      yield rest.slice(0, end).trimEnd();
      rest = rest.slice(end).trimStart();
    }
    yield rest;
  }
}

/** Where the first line of a text that is too long ends. */
function endOfLine(text: string, width: number): number {
  const head = text.slice(0, width * PER_COLUMN);
  // Blanks behind it, so that it is cut also where it is too long by one column alone; the mark of the cut goes.
  const fitting = textWidth(head) <= width ? head : cut(`${head}  `, width + 1).slice(0, -1);
  if (text[fitting.length] === " ") return fitting.length;
  const space = fitting.lastIndexOf(" ");
  // An indent alone is no line.
  return space > 0 && fitting.slice(0, space).trim() !== "" ? space : Math.max(1, fitting.length);
}
