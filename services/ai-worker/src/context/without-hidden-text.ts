/**
 * Unicode's tag characters: a copy of ASCII that nobody sees and models read. Written in them, a text says something else to
 * the model than to the person who has copied it. Only the three flags are spelled with them that everybody's emoji have:
 * England, Scotland and Wales.
 */
const TAGS =
  /(\u{1F3F4}\u{E0067}\u{E0062}(?:\u{E0065}\u{E006E}\u{E0067}|\u{E0073}\u{E0063}\u{E0074}|\u{E0077}\u{E006C}\u{E0073})\u{E007F})|[\u{E0000}-\u{E007F}]+/gu;

/** @returns the text without what only a machine can read in it; U+FFFD if there was nothing else. */
export function withoutHiddenText(text: string): string {
  return text.replace(TAGS, '$1') || '\uFFFD';
}
