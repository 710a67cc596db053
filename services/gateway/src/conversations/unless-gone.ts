import { ParleyError } from '@parley/contracts';

/** What is read of a conversation; undefined if there is no such one (any more), or none for whoever asks. */
export async function unlessGone<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof ParleyError && error.code === 'CONVERSATION_NOT_FOUND') return undefined;
    throw error;
  }
}
