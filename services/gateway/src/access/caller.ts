/** Who is asking. A visitor without an id has no token (or no valid one). */
export type Caller =
  | { readonly kind: 'admin' }
  | {
      readonly kind: 'visitor';
      readonly visitorId?: string;
      /** When the token that proves the id ends; milliseconds since 1970. */
      readonly expiresAt?: number;
    };

/** @returns the id of a visitor who has proved one. */
export function visitorIdOf(caller: Caller): string | undefined {
  return caller.kind === 'visitor' ? caller.visitorId : undefined;
}

/** What a connection or request tells about where it comes from. */
export interface Origin {
  readonly ipAddress: string;
  readonly userAgent: string;
}
