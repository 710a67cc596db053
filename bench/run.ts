import { Lab } from './lab.ts';
import { measureRows } from './measure-rows.ts';
import { toMarkdown } from './report/to-markdown.ts';
import { writeReport } from './report/write-report.ts';
import { readSettings } from './settings.ts';

const settings = readSettings(process.argv.slice(2));
await using lab = new Lab(settings);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void lab[Symbol.asyncDispose]().finally(() => process.exit(1)));
}

const report = await measureRows(settings, lab, text => process.stderr.write(`${text}\n`));
await writeReport(report);
process.stdout.write(toMarkdown(report));
if (Object.keys(report.failures).length > 0) process.exitCode = 1;
