import { Role } from '../load/role.ts';
import type { StreamSubject } from '../load/stream-subject.ts';
import type { SdkReaderCalls } from './sdk-reader-main.ts';

/** A process that reads the provider's streams itself, with the SDK. */
export async function startSdkReader(
  providerUrl: string,
  opened: AsyncDisposableStack,
): Promise<StreamSubject> {
  const program = new URL('sdk-reader-main.ts', import.meta.url);
  const reader = opened.use(await Role.start<SdkReaderCalls>('sdk reader', program));
  return {
    pids: { worker: reader.pid },
    on: (event, listener) => reader.on(event, tokens => listener(tokens as number)),
    ask: load => reader.call('run', { ...load, url: providerUrl }),
  };
}
