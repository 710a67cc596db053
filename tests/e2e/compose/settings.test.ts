import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

const read = (path: string): Promise<string> =>
  readFile(new URL(`../../../${path}`, import.meta.url), 'utf8');

async function settingsOf(service: string): Promise<string[]> {
  const config = await read(`services/${service}/src/config.ts`);
  return [...config.matchAll(/^ +([A-Z][A-Z_]+): /gm)].map(([, name = '']) => name);
}

test.each(['gateway', 'ai-worker', 'history'])(
  'every setting of %s is explained in .env.example and has a place in docker-compose.yml',
  async service => {
    const [example, compose] = await Promise.all([read('.env.example'), read('docker-compose.yml')]);
    const names = await settingsOf(service);
    expect(names.length).toBeGreaterThan(5);
    expect(names.filter(name => !new RegExp(`^#?${name}=`, 'm').test(example))).toEqual([]);
    expect(names.filter(name => !new RegExp(`^ +${name}: `, 'm').test(compose))).toEqual([]);
  },
);

test('.env.example holds no secret', async () => {
  const example = await read('.env.example');
  for (const name of ['SESSION_SECRET', 'ADMIN_TOKEN', 'INTERNAL_TOKEN', 'OPENAI_API_KEY', 'OPENAI_API_KEYS'])
    expect(example).toMatch(new RegExp(`^${name}=$`, 'm'));
});
