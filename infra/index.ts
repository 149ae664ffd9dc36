/** Entry point of plain `pulumi up`: see program.ts. */
import { InteropError } from './errors.js';
import { interopProgram } from './program.js';
import { toldAsIs } from './told-as-is.js';

export default async (): Promise<Record<string, unknown>> => {
  try {
    return await interopProgram();
  } catch (error) {
    throw error instanceof InteropError ? toldAsIs(error) : error;
  }
};
