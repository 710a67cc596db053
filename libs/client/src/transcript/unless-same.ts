/** `before` if both lists hold the same elements, so that whoever compares lists by identity sees that nothing changed. */
export function unlessSame<T>(before: readonly T[], after: readonly T[]): readonly T[] {
  const isSame = before.length === after.length && before.every((element, index) => element === after[index]);
  return isSame ? before : after;
}
