/** Tokens end with a blank, so that merged ones come apart again. */
export const TOKEN_END = ' ';
const ASKED_MARK = '@';

export interface Stamp {
  /** CLOCK_MONOTONIC, milliseconds: when the provider wrote the token. */
  readonly writtenAt: number;
  /** When it had been asked; only in the first token of an answer. */
  readonly askedAt: number | undefined;
}

/** A token that says when it is written, which is now. @param askedNs when the provider was asked, if it shall say so. */
export function stampedToken(askedNs?: bigint): string {
  const asked = askedNs === undefined ? '' : `${ASKED_MARK}${askedNs}`;
  return `${process.hrtime.bigint()}${asked}${TOKEN_END}`;
}

/** @param token without its end. */
export function readStamp(token: string): Stamp {
  const mark = token.indexOf(ASKED_MARK);
  if (mark === -1) return { writtenAt: Number(token) / 1e6, askedAt: undefined };
  return { writtenAt: Number(token.slice(0, mark)) / 1e6, askedAt: Number(token.slice(mark + 1)) / 1e6 };
}
