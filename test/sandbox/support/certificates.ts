/** A certificate with which an application may sign in, made for one test. */
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import forge from 'node-forge';

export interface ClientCertificate {
  readonly privateKey: KeyObject;
  /** Private key and certificate in one file, as @azure/identity reads them. */
  readonly pem: string;
  /** Base64 of the certificate's DER, as Graph takes it. */
  readonly key: string;
  readonly sha1: Buffer;
  readonly sha256: Buffer;
}

const DAY_MS = 86_400_000;

export function makeClientCertificate(days = 365): ClientCertificate {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const keyPem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(
    pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  );
  certificate.serialNumber = '01';
  certificate.validity.notBefore = new Date(Date.now() - DAY_MS);
  certificate.validity.notAfter = new Date(Date.now() + days * DAY_MS);
  certificate.setSubject([{ name: 'commonName', value: 'client' }]);
  certificate.setIssuer([{ name: 'commonName', value: 'client' }]);
  certificate.sign(forge.pki.privateKeyFromPem(keyPem), forge.md.sha256.create());
  const der = Buffer.from(forge.asn1.toDer(forge.pki.certificateToAsn1(certificate)).getBytes(), 'binary');
  return {
    privateKey: pair.privateKey,
    pem: `${keyPem}\n${forge.pki.certificateToPem(certificate)}`,
    key: der.toString('base64'),
    sha1: createHash('sha1').update(der).digest(),
    sha256: createHash('sha256').update(der).digest(),
  };
}
