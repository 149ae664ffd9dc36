/** The bootstrap on the machine that the tests run on. It takes minutes only where no earlier run filled the cache. */
import { openPulumiCommand } from '../../scripts/engine/cli.js';
import { ensurePulumiCli } from '../../scripts/engine/ensure.js';

test(
  'this machine gets a Pulumi CLI that the Automation API works with',
  async () => {
    const cli = await ensurePulumiCli();
    const command = await openPulumiCommand(cli);
    expect(command.version?.toString()).toBe(cli.version);
    if (cli.root !== undefined) expect(command.command).toBe(cli.command);
  },
  30 * 60_000,
);
