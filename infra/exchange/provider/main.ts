/** Provider `exchange` as a Pulumi plugin: `pulumi-resource-exchange` runs this. */
import { keepHeapLean } from '../../lean-heap.js';
import { EXCHANGE_PROVIDER_VERSION, exchangeProvider } from './definition.js';
import { runProvider } from './kernel/index.js';

if (process.argv[2] === '-version') {
  process.stdout.write(`${EXCHANGE_PROVIDER_VERSION}\n`);
} else {
  keepHeapLean();
  const { provider, close } = exchangeProvider({ env: process.env });
  await runProvider(provider, {
    argv: process.argv,
    stdout: process.stdout,
    on: process.on.bind(process) as typeof process.on,
    get ppid() {
      return process.ppid;
    },
    // Shells are processes of their own, which would be left behind.
    exit: ((code?: number) => void close().finally(() => process.exit(code))) as typeof process.exit,
  });
}
