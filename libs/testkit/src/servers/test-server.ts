/** A server that tests may use, wherever it came from. */
export interface TestServer {
  readonly url: string;
  /** Stops it if this run has started it. */
  stop(): Promise<void>;
}

/** One that was there before and stays. */
export function givenServer(url: string): TestServer {
  return { url, stop: () => Promise.resolve() };
}
