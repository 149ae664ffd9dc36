/** One command as a process of its own, so that it can be killed: its task is the argument, what became of it is printed. */
import { deserialize } from 'node:v8';
import { doOnStack, type StackTask } from './stack-commands.js';

const task = deserialize(Buffer.from(process.argv[2] ?? '', 'base64')) as StackTask;
process.stdout.write(JSON.stringify(await doOnStack(task)));
