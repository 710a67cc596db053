import type { Server } from '../load/client-subject.ts';
import { Role } from '../load/role.ts';
import type { OriginalServerCalls } from './original-server-main.ts';

/** The original design as one process. */
export async function startOriginal(providerUrl: string, opened: AsyncDisposableStack): Promise<Server> {
  const program = new URL('original-server-main.ts', import.meta.url);
  const server = opened.use(await Role.start<OriginalServerCalls>('original design', program));
  const url = await server.call('start', { providerUrl });
  return { url, dialect: 'stream', pids: { server: server.pid } };
}
