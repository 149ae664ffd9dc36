/** `npm run bench -- NAME [--json]`: runs one benchmark and prints its figures. Exit code 1 when a goal is missed. */
import { asTable, type BenchReport } from './figures.js';

const BENCHES: Readonly<Record<string, () => Promise<BenchReport>>> = {
  demo: async () => (await import('./demo.js')).benchDemo(),
  help: async () => (await import('./help.js')).benchHelp(),
  preflight: async () => (await import('./preflight.js')).benchPreflight(),
  preview: async () => (await import('./preview.js')).benchPreview(),
  rotation: async () => (await import('./rotation.js')).benchRotation(),
  verify: async () => (await import('./verify.js')).benchVerify(),
  visibility: async () => (await import('./visibility.js')).benchVisibility(),
};

async function main(args: readonly string[]): Promise<number> {
  const [name = '', ...flags] = args;
  const bench = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
  if (bench === undefined || flags.some((flag) => flag !== '--json')) {
    process.stderr.write(
      `usage: npm run bench -- NAME [--json]; NAME is one of ${Object.keys(BENCHES).join(', ')}\n`,
    );
    return 2;
  }
  const report = await bench();
  process.stdout.write(`${flags.includes('--json') ? JSON.stringify(report) : asTable(report)}\n`);
  return report.figures.some((figure) => figure.holds === false) ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
