/** The stand-in as a Pulumi plugin: `pulumi-resource-azuread` runs this. */
import { runProvider } from '../../infra/exchange/provider/kernel/index.js';
import { httpsTransport, readTrust } from './https-transport.js';
import { azureadStandIn, STAND_IN_VERSION } from './provider.js';

// Bridged plugins answer `-version`, too (pulumi/pulumi-terraform-bridge pull request 154).
if (process.argv[2] === '-version') {
  process.stdout.write(`${STAND_IN_VERSION}\n`);
} else {
  await runProvider(
    azureadStandIn({ env: process.env, transport: httpsTransport(readTrust(process.env.SSL_CERT_FILE)) }),
  );
}
