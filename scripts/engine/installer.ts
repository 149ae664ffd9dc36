/** Gets the CLI with Pulumi's own installer, through the Automation API. */
import { runChild } from './child.js';
import { unlessFailedLately } from './failed-attempts.js';
import type { Search } from './search.js';
import { PULUMI_CLI_VERSION } from './versions.js';

/**
 * What the child process runs. A process of its own, because `PulumiCommand.install` takes neither a deadline nor a signal,
 * and because loading the Automation API costs every command that does not install anything. `semver` is that of the SDK,
 * whose type the option has. Without `version` it would install the SDK's own (pulumi/pulumi sdk/nodejs/automation/cmd.ts).
 */
const INSTALL = `
const { createRequire } = require('node:module');
const automation = require.resolve('@pulumi/pulumi/automation');
const { SemVer } = createRequire(automation)('semver');
const [root, version] = process.argv.slice(1);
require(automation).PulumiCommand.install({ root, version: new SemVer(version) }).catch((error) => {
  process.stderr.write('the installer says: ' + error.message + '\\n', () => process.exit(1));
});
`;

/**
 * Installs the CLI into `root`, unless that failed lately.
 *
 * @returns undefined when it worked, else one line that says why not
 * @throws InteropError `cancelled`
 */
export async function installCli(
  root: string,
  search: Search,
  signal: AbortSignal,
): Promise<string | undefined> {
  return await unlessFailedLately(search.cache, `pulumi-cli-${PULUMI_CLI_VERSION}`, search.now, async () => {
    search.progress({
      phase: 'installer',
      message: `Getting the Pulumi CLI ${PULUMI_CLI_VERSION} with Pulumi's installer`,
    });
    const result = await runChild({
      command: process.execPath,
      args: ['--input-type=commonjs', '--eval', INSTALL, '--', root, PULUMI_CLI_VERSION],
      cwd: search.packageRoot,
      env: search.env,
      timeoutMs: search.limits.installerMs,
      signal,
    });
    return result.ok ? undefined : result.trouble;
  });
}
