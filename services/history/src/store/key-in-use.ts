import { ParleyError } from '@parley/contracts';

/** The refusal of a key under which something else is stored. */
export function keyInUse(): ParleyError {
  const message = 'The clientMessageId belongs to another message';
  return new ParleyError('INVALID_REQUEST', { message, details: [{ path: 'clientMessageId', message }] });
}
