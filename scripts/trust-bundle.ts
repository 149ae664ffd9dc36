/** Certificate bundles for child processes: OpenSSL's and Go's variables replace the roots, they do not add to them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { rootCertificates } from 'node:tls';

/**
 * Writes a bundle beside `caFile` that holds its certificate and all that was trusted before: what `SSL_CERT_FILE` names in
 * `env`, else Node's own roots. So that downloads of plugins go on working beside a private authority.
 *
 * @returns the bundle's path, for `SSL_CERT_FILE`.
 */
export function writeTrustBundle(caFile: string, env: NodeJS.ProcessEnv): string {
  const known = env.SSL_CERT_FILE;
  const before =
    known === undefined || known === '' ? rootCertificates.join('\n') : readFileSync(known, 'utf8');
  const bundle = join(dirname(caFile), 'bundle.pem');
  writeFileSync(bundle, `${readFileSync(caFile, 'utf8').trimEnd()}\n${before}\n`);
  return bundle;
}
