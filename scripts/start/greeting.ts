export interface GreetingFacts {
  readonly port: number;
  readonly adminToken: string;
  readonly redisOrigin: string;
  readonly dataDir: string;
  readonly isDemo: boolean;
  readonly isWatching: boolean;
  /** Set by the user; otherwise 5001. */
  readonly hasOwnPort: boolean;
}

/** What somebody who has just started Parley wants to know. */
export function greeting(facts: GreetingFacts): string {
  const { port, adminToken, redisOrigin, dataDir, isDemo, isWatching, hasOwnPort } = facts;
  const chat = `${hasOwnPort ? `PORT=${port} ` : ''}npm run chat -- "Hello"`;
  return [
    '',
    `  Parley is ready at http://localhost:${port}`,
    '',
    `  Try it in another terminal:   ${chat}`,
    `  Admin token:                  ${adminToken}`,
    `  Redis:                        ${redisOrigin}`,
    ...(isDemo
      ? ['  Answers:                      demo mode; set OPENAI_API_KEY (here or in .env) for real ones']
      : []),
    '',
    `  ${isWatching ? 'Restarts what you change. ' : ''}Ctrl-C stops everything; your data stays in ${dataDir}.`,
    '',
  ].join('\n');
}
