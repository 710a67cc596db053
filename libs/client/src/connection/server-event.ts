import { nativeServerEvents, type Payload } from '@parley/contracts';

type Catalog = typeof nativeServerEvents;
type Name = keyof Catalog;

/** Something that the server says of its own accord. */
export type ServerEvent = {
  readonly [E in Name]: { readonly type: E; readonly payload: Payload<Catalog, E> };
}[Name];

/** What came over the wire, parsed; undefined if this client does not know the event or cannot read it. */
export function parseServerEvent(type: string, payload: unknown): ServerEvent | undefined {
  if (!Object.hasOwn(nativeServerEvents, type)) return undefined;
  const parsed = nativeServerEvents[type as Name].payload.safeParse(payload);
  return parsed.success ? ({ type, payload: parsed.data } as ServerEvent) : undefined;
}
