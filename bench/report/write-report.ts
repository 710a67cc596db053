import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Report } from './report.ts';
import { toMarkdown } from './to-markdown.ts';

const folder = fileURLToPath(new URL('../results', import.meta.url));

/** Writes `<date>.json` and `latest.md`. */
export async function writeReport(report: Report): Promise<void> {
  await mkdir(folder, { recursive: true });
  const date = report.startedAt.slice(0, 19).replaceAll(':', '-');
  await writeFile(join(folder, `${date}.json`), `${JSON.stringify(report, undefined, 2)}\n`);
  await writeFile(join(folder, 'latest.md'), toMarkdown(report));
}
