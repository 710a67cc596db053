/** The text so far of an answer under way, as this gateway knows it. */
export interface LiveAnswer {
  readonly answerId: string;
  readonly epoch: number;
  readonly text: string;
}

/** What a frame or a reading of the answer log says. Offsets count UTF-16 code units. */
export type AnswerNews = { readonly answerId: string; readonly epoch: number } & (
  | { readonly kind: 'started' }
  | { readonly kind: 'piece'; readonly offset: number; readonly text: string }
  | { readonly kind: 'snapshot'; readonly text: string }
);

/** What clients must be told: an epoch begins (older text is void), or the text goes on. */
export type AnswerStep =
  { readonly step: 'started' } | { readonly step: 'piece'; readonly offset: number; readonly text: string };

export interface Applied {
  readonly live: LiveAnswer | undefined;
  readonly steps: readonly AnswerStep[];
  /** True if something before the news is missing: read the log. */
  readonly gap: boolean;
}

/**
 * Applies news to what is known. Frames and snapshots may come in any order and any number of times: what is not new changes
 * nothing, what does not fit is a gap.
 */
export function applyNews(live: LiveAnswer | undefined, news: AnswerNews): Applied {
  if (live && news.epoch < live.epoch) return nothingNew(live);
  const known = live?.epoch === news.epoch ? live : undefined;
  switch (news.kind) {
    case 'started':
      return known ? nothingNew(known) : begin(news, '');
    case 'piece':
      return known ? goOn(known, news.offset, news.text) : { live, steps: [], gap: true };
    case 'snapshot':
      return known ? goOn(known, 0, news.text) : begin(news, news.text);
  }
}

function begin({ answerId, epoch }: AnswerNews, text: string): Applied {
  const started = { step: 'started' } as const;
  const steps: AnswerStep[] = text === '' ? [started] : [started, { step: 'piece', offset: 0, text }];
  return { live: { answerId, epoch, text }, steps, gap: false };
}

function goOn(live: LiveAnswer, offset: number, text: string): Applied {
  const held = live.text.length;
  if (offset > held) return { live, steps: [], gap: true };
  const fresh = text.slice(held - offset);
  if (fresh === '') return nothingNew(live);
  const longer = { ...live, text: live.text + fresh };
  return { live: longer, steps: [{ step: 'piece', offset: held, text: fresh }], gap: false };
}

function nothingNew(live: LiveAnswer): Applied {
  return { live, steps: [], gap: false };
}
