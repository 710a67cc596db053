import type { Calls, CallMessage, RoleMessage } from './role.ts';

/** Makes this process a role: answers calls until its parent lets go of it. */
export function serveRole(calls: Calls): void {
  process.on('message', message => {
    const { id, name, argument } = message as CallMessage;
    void answer(calls, name, argument).then(
      value => send({ kind: 'reply', id, value }),
      (error: unknown) =>
        send({ kind: 'reply', id, error: error instanceof Error ? (error.stack ?? '') : String(error) }),
    );
  });
  // Ctrl-C on the terminal reaches every process; only the parent knows the order in which they end.
  process.on('SIGINT', () => undefined);
  process.once('disconnect', () => process.exit());
  send({ kind: 'ready' });
}

/** Tells the parent that something has happened. */
export function tell(name: string, data: unknown): void {
  send({ kind: 'event', name, data });
}

async function answer(calls: Calls, name: string, argument: unknown): Promise<unknown> {
  const call = calls[name];
  if (!call) throw new Error(`There is no call ${name}`);
  return call(argument as never);
}

function send(message: RoleMessage): void {
  if (process.connected) process.send?.(message);
}
