const LINES_SHOWN = 25;

/** A process did not do what it should; the message ends with the last lines that it said. */
export class ProcessFailure extends Error {
  override readonly name = 'ProcessFailure';
  /** Of the process. */
  readonly processName: string;
  /** The message without the lines. */
  readonly summary: string;
  readonly lastLines: readonly string[];

  /** @param what completes the sentence that begins with the process's name. */
  constructor(processName: string, what: string, lines: readonly string[]) {
    const summary = `${processName} ${what}`;
    const lastLines = lines.slice(-LINES_SHOWN);
    super([`${summary}; its last lines:`, ...lastLines.map(line => `    ${line}`)].join('\n'));
    this.processName = processName;
    this.summary = summary;
    this.lastLines = lastLines;
  }
}
