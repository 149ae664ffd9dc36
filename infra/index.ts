/** Entry point of plain `pulumi up`: see program.ts. */
import { RunError } from '@pulumi/pulumi';
import { InteropError } from './errors.js';
import { interopProgram } from './program.js';

export default async (): Promise<Record<string, unknown>> => {
  try {
    return await interopProgram();
  } catch (error) {
    throw error instanceof InteropError ? toldAsIs(error) : error;
  }
};

/**
 * An error that Pulumi tells in its own words, without the stack trace that it adds to other kinds. Pulumi still renders the trace
 * for its tracing, for which Node 20 takes twenty seconds where the frames lie in node_modules: so there is none.
 */
function toldAsIs(error: InteropError): RunError {
  const told = new RunError(error.message);
  told.stack = `${told.name}: ${told.message}`;
  return told;
}
