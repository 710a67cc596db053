/** Keys that may stay in a Redis when nobody uses it any more. */
export interface KeptKeys {
  readonly name: RegExp;
  /** True if they go by themselves; one without a time to live is a leak then. */
  readonly expire: boolean;
  readonly because: string;
}

const queue = String.raw`^\{parley\}:(answers|history)`;

/** All of them; what is not here is a leak. */
export const KEPT_KEYS: readonly KeptKeys[] = [
  {
    name: new RegExp(`${queue}:(meta|id|pc|marker|events)$`),
    expire: false,
    because: "BullMQ's bookkeeping: one of each for a queue, of bounded size",
  },
  {
    name: new RegExp(`${queue}:(wait|prioritized|delayed|failed)$`),
    expire: false,
    because: 'jobs must not be lost; whoever comes next takes them (the jobs themselves: queued-jobs.ts)',
  },
  {
    name: new RegExp(`${queue}:(stalled-check|watched)$`),
    expire: true,
    because: 'workers have looked for stalled jobs a moment ago',
  },
  {
    name: /^parley:\{[^{}]+\}:(live|answer:[^:]+(:text|:before)?)$/,
    expire: true,
    because: 'readers that are on their way may still want an answer log; late writers must be refused',
  },
  {
    name: /^parley:(benched-key|key-strikes):\w+$/,
    expire: true,
    because: 'a worker that starts in the meantime must not use the provider key',
  },
  {
    name: /^parley:(gateways|presence:.+)$/,
    expire: true,
    because: 'a gateway was killed a moment ago and could not take itself off',
  },
  {
    name: /^parley:limit:[a-z-]+:/,
    expire: true,
    because: 'a caller has used up some of what is allowed until the window ends',
  },
];
