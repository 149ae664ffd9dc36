/** Client assertions with a certificate: a JWT signed by its key instead of a secret. */
import { createHash, createPrivateKey, randomUUID, sign } from 'node:crypto';
import { RefusedRequest } from '../../infra/exchange/provider/kernel/index.js';

/** A certificate with its key. */
export interface Certificate {
  readonly der: Buffer;
  readonly privateKeyPem: string;
}

/**
 * Opens a PKCS#12 file.
 *
 * @throws RefusedRequest when it is none, the password is wrong, or it does not hold one certificate with an RSA key
 */
export async function openPkcs12(bytes: Buffer, password: string): Promise<Certificate> {
  // Loaded here because most runs sign in with a secret.
  const { default: forge } = await import('node-forge');
  try {
    const p12 = forge.pkcs12.pkcs12FromAsn1(forge.asn1.fromDer(bytes.toString('binary')), password);
    const bags = (type: string | undefined) =>
      type === undefined ? [] : (p12.getBags({ bagType: type })[type] ?? []);
    const { certBag, keyBag, pkcs8ShroudedKeyBag } = forge.pki.oids;
    const key = [...bags(pkcs8ShroudedKeyBag), ...bags(keyBag)][0]?.key;
    const certificate = bags(certBag).find((bag) => bag.cert !== undefined)?.cert;
    if (key === undefined || key === null || certificate === undefined)
      throw new Error('no certificate with an RSA key');
    const der = forge.asn1.toDer(forge.pki.certificateToAsn1(certificate)).getBytes();
    return { der: Buffer.from(der, 'binary'), privateKeyPem: forge.pki.privateKeyToPem(key) };
  } catch (error) {
    throw new RefusedRequest(
      `the client certificate cannot be opened (PKCS#12, RSA): ${(error as Error).message}`,
    );
  }
}

/**
 * The assertion as go-azure-sdk makes it: RS256, `kid` is the padded base64url of the certificate's SHA-1, valid for an
 * hour (go-azure-sdk sdk/auth/client_credentials.go).
 */
export function clientAssertion(
  certificate: Certificate,
  clientId: string,
  tokenUrl: string,
  now: Date,
): string {
  const seconds = Math.floor(now.getTime() / 1000);
  const thumbprint = createHash('sha1').update(certificate.der).digest('base64');
  const header = { alg: 'RS256', typ: 'JWT', kid: thumbprint.replaceAll('+', '-').replaceAll('/', '_') };
  const claims = {
    aud: tokenUrl,
    iss: clientId,
    sub: clientId,
    jti: randomUUID(),
    nbf: seconds,
    exp: seconds + 3600,
  };
  const signed = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const key = createPrivateKey(certificate.privateKeyPem);
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), key).toString('base64url')}`;
}
