const WIDE =
  /\p{Emoji_Presentation}|\uFE0F|[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|[\u{20000}-\u{3FFFD}]/u;
const ASCII = /^[\x20-\x7E]*$/;
const CONTROL = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

let segmenter: Intl.Segmenter | undefined;

/** The characters of a text as people see them. The tables for it take ten milliseconds to load, and most text is ASCII. */
function graphemesOf(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: "grapheme" });
  return segmenter.segment(text);
}

function widthOf(grapheme: string): number {
  if (/^\p{M}*$/u.test(grapheme)) return 0;
  return WIDE.test(grapheme) ? 2 : 1;
}

/**
 * Text that came from somebody else, fit for a terminal: a name may hold escape sequences, line ends, or marks
 * that turn the direction of writing, and none of them may act.
 */
export function printable(text: string): string {
  return text.replace(CONTROL, (found) => (found === "\n" || found === "\t" ? " " : "\u{FFFD}"));
}

/** Columns that a text without control characters takes on a terminal. */
export function textWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemesOf(text)) width += widthOf(segment);
  return width;
}

/** The text in at most `width` columns; one that is cut ends in `…`. */
export function cut(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  if (ASCII.test(text)) return `${text.slice(0, Math.max(0, width - 1))}…`;
  let kept = "";
  let left = width - 1;
  for (const { segment } of graphemesOf(text)) {
    left -= widthOf(segment);
    if (left < 0) break;
    kept += segment;
  }
  return `${kept}…`;
}
