import type { EndAs } from '@parley/contracts';

const STATES = { stopped: 'stopping', superseded: 'superseding' } as const satisfies Record<EndAs, string>;

/** Why the pen was taken away from an epoch: somebody has asked for the answer to end here. */
export type FenceState = (typeof STATES)[EndAs];

/** The state of an epoch whose answer is to end as `as`. */
export function fenceFor(as: EndAs): FenceState {
  return STATES[as];
}

/** How an answer is to end whose epoch is in this state. */
export function endAskedBy(fence: FenceState): EndAs {
  return fence === 'stopping' ? 'stopped' : 'superseded';
}
