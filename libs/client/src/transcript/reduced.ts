import type { Transcript } from './transcript.ts';

export interface Reduced {
  readonly transcript: Transcript;
  /** True if something is missing that only a resume brings. */
  readonly needsRepair: boolean;
}

/** Nothing is missing. */
export function whole(transcript: Transcript): Reduced {
  return { transcript, needsRepair: false };
}
