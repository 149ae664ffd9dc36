/** Errors of the program in their own words. */
import { RunError } from '@pulumi/pulumi';
import type { InteropError } from './errors.js';

/**
 * An error that Pulumi tells in its own words, without the stack trace that it adds to other kinds. Pulumi still renders the trace
 * for its tracing, for which Node 20 takes twenty seconds where the frames lie in node_modules: so there is none.
 */
export function toldAsIs(error: InteropError): RunError {
  const told = new RunError(error.message);
  told.stack = `${told.name}: ${told.message}`;
  return told;
}
