/** What the two halves of the bare relay say to each other through Redis. */
export const ORDERS_CHANNEL = 'relay:orders';
/** An empty piece is the end of an answer. */
export const END = '';

export interface RelayOrder {
  readonly channel: string;
  readonly prompt: string;
}
