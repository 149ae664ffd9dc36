/** Runs the bootstrap as a process that tests can kill: options as JSON in the first argument, progress and result as JSON lines. */
import { findPulumiCli } from '../../../scripts/engine/cli.js';
import type { SearchOptions } from '../../../scripts/engine/search.js';

const options = JSON.parse(process.argv[2] ?? '{}') as SearchOptions;
const tell = (line: unknown): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

void findPulumiCli({ ...options, onProgress: (event) => tell({ progress: event.phase }) }).then((cli) =>
  tell({ source: cli.source, command: cli.command }),
);
