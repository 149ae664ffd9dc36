/** The sandbox's certificate authority and the server's certificate, made afresh at each start. Private keys stay in memory. */
import { generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';
import { VAULT_HOST } from '../key-vault/service.js';

/** What a server shows, as PEM. */
export interface ServerIdentity {
  readonly certificate: string;
  readonly key: string;
}

/** An authority that issues certificates. */
export interface Authority {
  /** Its own certificate. */
  readonly ca: string;
  issue(certificate: CertificateKind): Promise<ServerIdentity>;
}

const DAY_MS = 86_400_000;
/** Certificates go by the real clock of those who verify them, not by the sandbox's. */
const LIFETIME_DAYS = 90;

/** What can be wrong with a certificate; `good` is for localhost, 127.0.0.1, ::1 and the vault. */
interface CertificateForm {
  readonly names: readonly object[];
  readonly fromDays: number;
  readonly toDays: number;
}

const NAMES = [
  { type: 2, value: 'localhost' },
  { type: 7, ip: '127.0.0.1' },
  { type: 7, ip: '::1' },
  { type: 2, value: VAULT_HOST },
];
const GOOD: CertificateForm = { names: NAMES, fromDays: -1, toDays: LIFETIME_DAYS };

/** By what one would say is wrong. */
export const CERTIFICATE_KINDS = {
  good: GOOD,
  expired: { ...GOOD, fromDays: -LIFETIME_DAYS, toDays: -1 },
  notYetValid: { ...GOOD, fromDays: 1 },
  wrongHost: { ...GOOD, names: [{ type: 2, value: 'mail.example.com' }] },
} as const satisfies Record<string, CertificateForm>;

export type CertificateKind = keyof typeof CERTIFICATE_KINDS;

/** A new authority. Its certificates hold what Node's and Go's verifiers ask for: alternative names, constraints, usages, key ids. */
export async function makeAuthority(): Promise<Authority> {
  const authority = await makeKeys();
  const issuer = [{ name: 'commonName', value: 'calendar-interop sandbox authority' }];
  const ca = certificateFor(authority.public, issuer, GOOD, [
    { name: 'basicConstraints', critical: true, cA: true, pathLenConstraint: 0 },
    { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  ca.setIssuer(issuer);
  ca.sign(authority.private, forge.md.sha256.create());
  const keyIdentifier = ca.generateSubjectKeyIdentifier().getBytes();
  return {
    ca: forge.pki.certificateToPem(ca),
    issue: async (kind) => {
      const form: CertificateForm = CERTIFICATE_KINDS[kind];
      const server = await makeKeys();
      const leaf = certificateFor(server.public, [{ name: 'commonName', value: 'localhost' }], form, [
        { name: 'basicConstraints', critical: true, cA: false },
        { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true },
        { name: 'extKeyUsage', serverAuth: true },
        { name: 'subjectAltName', altNames: form.names },
        { name: 'subjectKeyIdentifier' },
        { name: 'authorityKeyIdentifier', keyIdentifier },
      ]);
      leaf.setIssuer(issuer);
      leaf.sign(authority.private, forge.md.sha256.create());
      return { certificate: forge.pki.certificateToPem(leaf), key: server.pem };
    },
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
  { fromDays, toDays }: CertificateForm,
  extensions: object[],
): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = key;
  // Positive and never zero: the first byte is from 1 to 127.
  certificate.serialNumber = `01${randomBytes(15).toString('hex')}`;
  certificate.validity.notBefore = new Date(Date.now() + fromDays * DAY_MS);
  certificate.validity.notAfter = new Date(Date.now() + toDays * DAY_MS);
  certificate.setSubject(subject);
  certificate.setExtensions(extensions);
  return certificate;
}
