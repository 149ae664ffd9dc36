/** How long `calendar-interop --help` takes, beside a Node that does nothing. */
import { join } from 'node:path';
import { packageRoot } from '../../scripts/package-root.js';
import { atMost, type BenchReport, informs, median } from './figures.js';
import { inTurn } from './paired.js';

const ROUNDS = 15;

/** The goal is a ratio, since the machine's own speed cancels out in it. */
export async function benchHelp(): Promise<BenchReport> {
  const help = [join(packageRoot(), 'dist', 'scripts', 'bin.js'), '--help'];
  const rounds = await inTurn(
    { command: process.execPath, args: help },
    { command: process.execPath, args: ['-e', '0'] },
    ROUNDS,
  );
  return {
    name: 'help',
    figures: [
      atMost(
        '--help against node -e 0, median of pairs',
        median(rounds.map(({ one, other }) => one / other)),
        3,
        '×',
      ),
      informs('--help, median', median(rounds.map(({ one }) => one)), 's'),
      informs('node -e 0, median', median(rounds.map(({ other }) => other)), 's'),
    ],
  };
}
