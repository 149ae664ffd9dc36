/** Entry point of plain `pulumi up`: see program.ts. */
import { interopProgram } from './program.js';

export default () => interopProgram();
