import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { z } from 'zod';
import * as contracts from './index.ts';

/**
 * When this fails, the wire has changed. If that was meant: add a line to the history in `protocol-version.ts`, raise
 * PROTOCOL_VERSION if an older process could misread it, freeze a sample of the new shape, and pin the new hash.
 */
const PINNED = { version: 2, hash: '6c7ea0a784c34d10' };

/** Every schema that the package exports, wherever it stands in an object. */
function schemasIn(value: unknown, path: string): [string, unknown][] {
  if (value instanceof z.ZodType)
    return [[path, z.toJSONSchema(value, { io: 'input', unrepresentable: 'any' })]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => schemasIn(inner, `${path}.${name}`));
}

test('the wire is the one that this version stands for', () => {
  const schemas = schemasIn({ ...contracts }, '').sort(([a], [b]) => (a < b ? -1 : 1));
  const hash = createHash('sha256').update(JSON.stringify(schemas)).digest('hex').slice(0, 16);
  expect(schemas.length).toBeGreaterThan(40);
  expect({ version: contracts.PROTOCOL_VERSION, hash }).toEqual(PINNED);
});
