import { z } from 'zod';

/**
 * What becomes of a message that is sent while the one before is still being answered.
 *
 * - `queue`: it is answered after it, in order.
 * - `interrupt`: the newest wins; the answer under way ends as `superseded`.
 * - `reject`: it is refused with `ANSWER_IN_PROGRESS`.
 */
export const doubleTextPolicySchema = z.enum(['queue', 'interrupt', 'reject']);
export type DoubleTextPolicy = z.infer<typeof doubleTextPolicySchema>;
