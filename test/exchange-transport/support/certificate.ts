/** A sign-in by certificate, as the product makes it of ARM_CLIENT_CERTIFICATE_PATH. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import forge from 'node-forge';
import { type SignedIn, signIn } from '../../../infra/graph/provider-cloud.js';
import { makeCertificate } from '../../graph/support/https-server.js';
import { credentialOf, type Tenant } from './tenant.js';

/** For the client that may do everything in Exchange, which gets the certificate first. */
export async function signInByCertificate({ sandbox, trust }: Tenant): Promise<SignedIn> {
  const { info } = sandbox;
  const { certificate, keys } = makeCertificate('exchange-admin');
  const clientId = info.clients.find(({ name }) => name === 'exchange-admin')?.clientId ?? '';
  const { token } = await credentialOf(sandbox, trust, 'admin').getToken(`${info.graph}/.default`);
  const key = bytesOf(forge.pki.certificateToAsn1(certificate)).toString('base64');
  const registered = await trust.fetch(`${info.graph}/v1.0/applications(appId='${clientId}')`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ keyCredentials: [{ type: 'AsymmetricX509Cert', usage: 'Verify', key }] }),
  });
  if (!registered.ok) throw new Error(await registered.text());
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'));
  try {
    const path = join(folder, 'deployer.pfx');
    const archive = forge.pkcs12.toPkcs12Asn1(keys.privateKey, [certificate], 'open sesame', {
      algorithm: '3des',
    });
    writeFileSync(path, bytesOf(archive));
    return await signIn(
      { metadataHost: info.metadataHost, tenantId: info.tenantId, clientId },
      {
        SSL_CERT_FILE: info.caFile,
        ARM_USE_CLI: 'false',
        ARM_CLIENT_CERTIFICATE_PATH: path,
        ARM_CLIENT_CERTIFICATE_PASSWORD: 'open sesame',
      },
      new AbortController().signal,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function bytesOf(content: forge.asn1.Asn1): Buffer {
  return Buffer.from(forge.asn1.toDer(content).getBytes(), 'binary');
}
