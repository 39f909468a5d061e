const WORDS = 30_000;

/** Made-up words, as frequent as those of a language (Zipf's law), and the same ones in each run. */
export class Vocabulary {
  #words = Array.from({ length: WORDS }, (_, rank) => wordOf(rank));
  #seed = 1;

  /** About so many characters of text. */
  text(length) {
    let text = "";
    while (text.length < length) text += `${this.#words[Math.floor(WORDS ** this.#random()) - 1]} `;
    return text;
  }

  /** A word, from 0 for the most frequent to 1 for the rarest; every fourth time as a prefix, or with the next one as a phrase. */
  question(rarity, number) {
    const rank = Math.min(WORDS - 2, Math.floor(WORDS ** rarity) - 1);
    const word = this.#words[rank];
    if (number % 4 === 1) return `${word}*`;
    return number % 4 === 3 ? `"${word} ${this.#words[0]}"` : word;
  }

  /** The most frequent beginnings of that length, a few of them. */
  prefixes(length) {
    const some = this.#words.filter((word) => word.length > length).slice(0, 100);
    return [...new Set(some.map((word) => word.slice(0, length)))].slice(0, 12);
  }

  #random() {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#seed / 2 ** 32;
  }
}

/** A word that can be told from all others, the shorter the more frequent it is. */
function wordOf(rank) {
  const syllables = [
    "ba",
    "ke",
    "di",
    "fo",
    "gu",
    "la",
    "me",
    "ni",
    "po",
    "su",
    "ra",
    "te",
    "vi",
    "zo",
    "chu",
    "sha",
  ];
  let word = "";
  for (let left = rank + 1; left > 0; left = Math.floor(left / syllables.length))
    word += syllables[left % syllables.length];
  return word;
}
