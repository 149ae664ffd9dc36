/** The sandbox's certificate authority and the server's certificate, made afresh at each start. Private keys stay in memory. */
import { generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';

export interface ServerIdentity {
  /** The authority's certificate. */
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

const DAY_MS = 86_400_000;
/** Certificates go by the real clock of those who verify them, not by the sandbox's. */
const LIFETIME_DAYS = 90;

/**
 * An authority, and a certificate of it for localhost, 127.0.0.1 and ::1, as PEM. Holds what Node's and Go's verifiers ask for:
 * subject alternative names, basic constraints, key usage, key identifiers.
 */
export async function makeServerIdentity(): Promise<ServerIdentity> {
  const [authority, server] = await Promise.all([makeKeys(), makeKeys()]);
  const issuer = [{ name: 'commonName', value: 'calendar-interop sandbox authority' }];
  const ca = certificateFor(authority.public, issuer, [
    { name: 'basicConstraints', critical: true, cA: true, pathLenConstraint: 0 },
    { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  ca.setIssuer(issuer);
  ca.sign(authority.private, forge.md.sha256.create());
  const leaf = certificateFor(
    server.public,
    [{ name: 'commonName', value: 'localhost' }],
    [
      { name: 'basicConstraints', critical: true, cA: false },
      { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
      { name: 'subjectKeyIdentifier' },
      {
        name: 'authorityKeyIdentifier',
        keyIdentifier: ca.generateSubjectKeyIdentifier().getBytes(),
      },
    ],
  );
  leaf.setIssuer(issuer);
  leaf.sign(authority.private, forge.md.sha256.create());
  return {
    ca: forge.pki.certificateToPem(ca),
    certificate: forge.pki.certificateToPem(leaf),
    key: server.pem,
  };
}

async function makeKeys() {
  // node-forge's own generation takes seconds.
  const pair = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return {
    pem: pair.privateKey,
    private: forge.pki.privateKeyFromPem(pair.privateKey),
    public: forge.pki.publicKeyFromPem(pair.publicKey),
  };
}

function certificateFor(
  key: forge.pki.PublicKey,
  subject: forge.pki.CertificateField[],
  extensions: object[],
): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = key;
  // Positive and never zero: the first byte is from 1 to 127.
  certificate.serialNumber = `01${randomBytes(15).toString('hex')}`;
  certificate.validity.notBefore = new Date(Date.now() - DAY_MS);
  certificate.validity.notAfter = new Date(Date.now() + LIFETIME_DAYS * DAY_MS);
  certificate.setSubject(subject);
  certificate.setExtensions(extensions);
  return certificate;
}
