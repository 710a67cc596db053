import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as contracts from './index.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../../docs/protocol.md'), 'utf8');

const CATALOGS = {
  stream: [contracts.streamClientEvents, contracts.streamServerEvents],
  support: [contracts.supportVisitorEvents, contracts.supportAdminEvents, contracts.supportServerEvents],
  native: [contracts.nativeClientEvents, contracts.nativeAdminEvents, contracts.nativeServerEvents],
};

function section(title: string): string {
  const text = PAGE.split(/^## /m).find(part => part.startsWith(`${title}\n`));
  if (text === undefined) throw new Error(`docs/protocol.md has no section ${title}`);
  return text;
}

/** The rows of all tables whose first column has such a title, cell by cell. */
function rows(text: string, title: RegExp): string[][] {
  const tables = text.match(/(^\|.*\n)+/gm) ?? [];
  return tables
    .map(table => table.trim().split('\n').map(cellsOf))
    .filter(([header]) => title.test(header?.[0] ?? ''))
    .flatMap(([_header, _line, ...body]) => body);
}
const cellsOf = (row: string): string[] =>
  row
    .split('|')
    .slice(1, -1)
    .map(cell => cell.trim().replace(/^`(.*)`$/, '$1'));

test.each(Object.entries(CATALOGS))(
  'docs/protocol.md has a row for every event of %s, and no other',
  (dialect, catalogs) => {
    const listed = rows(section(`Dialect \`${dialect}\``), /says$|^event$/).map(([name = '']) => name);
    expect(new Set(listed)).toEqual(new Set(catalogs.flatMap(catalog => Object.keys(catalog))));
  },
);

test('docs/protocol.md has a row for every error code, with its status', () => {
  const listed = rows(section('Errors'), /^code$/).map(([code, status]) => [code, Number(status)]);
  expect(listed).toEqual(Object.entries(contracts.ERRORS).map(([code, { status }]) => [code, status]));
});
