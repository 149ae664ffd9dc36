#!/usr/bin/env node
/** The executable: hands the process's surroundings to the command line. */
import { runCli } from './cli.js';

/** Whoever reads may go away earlier (`up | head -4`): the run goes on, and ends as it would have. */
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error;
  });
}

process.exitCode = await runCli({
  argv: process.argv.slice(2),
  env: process.env,
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
});
