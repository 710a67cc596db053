import { readMetric } from '@parley/testkit';

const NAMES = {
  connections: 'parley_gateway_connections',
  conversations: 'parley_gateway_conversations',
  channels: 'parley_gateway_channels',
  heapBytes: 'nodejs_heap_size_used_bytes',
  residentBytes: 'process_resident_memory_bytes',
} as const;

export type Gauges = Record<keyof typeof NAMES, number>;

/** What a gateway says of itself. */
export async function readGauges(url: string): Promise<Gauges> {
  const read = async ([key, name]: [string, string]): Promise<[string, number]> => {
    const value = await readMetric(url, name);
    if (Number.isNaN(value)) throw new Error(`no ${name}`);
    return [key, value];
  };
  return Object.fromEntries(await Promise.all(Object.entries(NAMES).map(read))) as Gauges;
}
