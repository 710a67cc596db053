const NAMES = {
  connections: 'parley_gateway_connections',
  conversations: 'parley_gateway_conversations',
  channels: 'parley_gateway_channels',
  heapBytes: 'nodejs_heap_size_used_bytes',
  residentBytes: 'process_resident_memory_bytes',
} as const;

export type Gauges = Record<keyof typeof NAMES, number>;

/** What a gateway says of itself in `/metrics`. */
export async function readGauges(url: string): Promise<Gauges> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const read = (name: string): number => {
    const [, value] = new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'm').exec(text) ?? [];
    if (value === undefined) throw new Error(`no ${name}`);
    return Number(value);
  };
  return Object.fromEntries(Object.entries(NAMES).map(([key, name]) => [key, read(name)])) as Gauges;
}
