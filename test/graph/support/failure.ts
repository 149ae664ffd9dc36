import { inspect } from 'node:util';
import { InteropError } from '../../../infra/errors.js';

/** The InteropError that some work ends in. */
export async function failureOf(work: Promise<unknown>): Promise<InteropError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof InteropError) return error;
  throw new Error(`expected an InteropError, got ${inspect(error)}`);
}

/** Everything that an error could give away: message, properties, stack, and the same of its causes. */
export function everythingIn(error: unknown): string {
  const details = inspect(error, {
    depth: 20,
    showHidden: true,
    maxStringLength: null,
    maxArrayLength: null,
  });
  return `${details}\n${JSON.stringify(error)}`;
}

/** A secret and the forms in which it might be found. */
export function formsOf(secret: string): readonly string[] {
  return [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')];
}
