/**
 * What to print when an answer that is shown up to `shown` is now `content`; both from its beginning.
 *
 * An answer that another worker has taken over starts again and may say something else.
 */
export function growth(shown: string, content: string): { restarts: boolean; text: string } {
  return content.startsWith(shown)
    ? { restarts: false, text: content.slice(shown.length) }
    : { restarts: true, text: content };
}
