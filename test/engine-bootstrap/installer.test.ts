import { join } from 'node:path';
import { installCli } from '../../scripts/engine/installer.js';
import { openSearch } from '../../scripts/engine/search.js';
import { PULUMI_CLI_VERSION } from '../../scripts/engine/versions.js';
import { type Machine, makeMachine, printsVersion } from './support/machine.js';

let machine: Machine;
beforeEach(async () => {
  machine = await makeMachine();
});
afterEach(() => machine.dispose());

// The real Automation API fetches nothing when the root already holds a CLI of the version asked for.
test('the real Automation API takes our call', async () => {
  const root = join(machine.root, 'installation');
  await machine.program(join(root, 'bin', 'pulumi'), printsVersion(PULUMI_CLI_VERSION));
  const search = openSearch({ env: machine.env, packageRoot: join(__dirname, '../..') });
  expect(await installCli(root, search, new AbortController().signal)).toBeUndefined();
});
