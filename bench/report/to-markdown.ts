import { FOREIGN_LIMIT } from '../measure/cpu-watch.ts';
import { targetRatio, verdictOn, type Figure, type Line } from './line.ts';
import type { Report } from './report.ts';

const HEAD = ['row', 'what', 'floor', 'product', 'ratio', 'target', 'met'];

/** The table, and what one must know to read it. */
export function toMarkdown(report: Report): string {
  const { machine, settings, startedAt, seconds, lines, failures } = report;
  const scope = settings.quick ? ', QUICK: shows that the bench works, not how fast Parley is' : '';
  const table = [HEAD, HEAD.map(() => '---'), ...lines.map(cells)].map(row => `| ${row.join(' | ')} |`);
  const failed = Object.entries(failures).map(([row, why]) => `- Row ${row} has no result: ${why}`);
  return [
    `# Benchmark of ${startedAt}`,
    '',
    `${machine.cores} cores (${machine.cpu}), ${machine.memoryGb} GB, Linux ${machine.kernel}, Node ${machine.node}. ` +
      `Medians of ${settings.runs}, ${Math.round(seconds)} s in all${scope}.`,
    '',
    ...table,
    '',
    `(!) disturbed: processes that are not part of the benchmark used more than ${FOREIGN_LIMIT * 100} % of a core.`,
    ...(failed.length > 0 ? ['', ...failed] : []),
    '',
  ].join('\n');
}

function cells(line: Line): string[] {
  const { row, what, unit, floorIs, figures, foreignCores } = line;
  const each = (show: (figure: Figure) => string): string => figures.map(show).join(' / ');
  const disturbed = foreignCores > FOREIGN_LIMIT ? ` (!) ${Math.round(foreignCores * 100)} %` : '';
  const ratios = figures.map(targetRatio).filter(ratio => ratio !== undefined);
  const ratioTarget =
    ratios.length === 0 ? '' : ` (${ratios.map(ratio => `<= ${number(ratio)}x`).join(' / ')})`;
  const hasFloor = figures.some(({ floor }) => floor !== undefined);
  return [
    row,
    what,
    hasFloor ? `${each(({ floor }) => number(floor))} ${unit} (${floorIs})` : '-',
    `${each(({ product }) => number(product))} ${unit}`,
    hasFloor ? each(({ product, floor }) => ratio(product, floor)) : '-',
    `${each(({ target }) => (target === undefined ? '-' : `<= ${number(target)}`))} ${unit}${ratioTarget}`,
    `${verdictOn(line)}${disturbed}`,
  ];
}

function ratio(product: number, floor: number | undefined): string {
  return floor === undefined ? '-' : `${number(product / floor)}x`;
}

/** Three significant digits, and no more than the whole of a large number. */
function number(value: number | undefined): string {
  if (value === undefined) return '-';
  return value >= 100 ? Math.round(value).toString() : Number(value.toPrecision(3)).toString();
}
