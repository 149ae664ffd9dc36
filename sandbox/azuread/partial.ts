/** Steps behind the one that made something. */
import { PartialFailure } from '../../infra/exchange/provider/kernel/index.js';

/**
 * Runs the steps after a create. When one fails, what was made goes into the state all the same: the next run goes on from
 * there instead of making it twice.
 */
export async function afterCreate<T>(
  id: string,
  outputs: { readonly [name: string]: unknown },
  steps: () => Promise<T>,
): Promise<T> {
  try {
    return await steps();
  } catch (error) {
    throw new PartialFailure(id, outputs, error instanceof Error ? error.message : String(error), error);
  }
}
