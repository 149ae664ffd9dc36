/**
 * PKCS#12, which the azuread provider takes, as PEM, which @azure/identity takes. Loads node-forge: import it only when needed.
 */
import forge from 'node-forge';
import { InteropError } from '../errors.js';

/**
 * The private key and the certificate that belongs to it.
 *
 * @param source the key, variable or file that it came from, for errors.
 * @throws InteropError of kind `authentication` when it is no PKCS#12, the password is wrong, or there is no RSA key with its
 * certificate in it. None of the messages holds the password or the key.
 */
export function pemOfPkcs12(archive: Buffer, password: string, source: string): string {
  if (archive.includes('-----BEGIN ')) {
    throw bad(source, 'is PEM, and the azuread provider takes PKCS#12', [
      'openssl pkcs12 -export -in <certificate and key>.pem -out deployer.pfx',
    ]);
  }
  const content = open(archive, password, source);
  const key = keyIn(content);
  if (key === undefined) throw bad(source, 'holds no RSA private key');
  const certificate = certificatesIn(content).find((candidate) => belongTogether(candidate, key));
  if (certificate === undefined) throw bad(source, 'holds no certificate for its private key');
  return (
    forge.pki.privateKeyInfoToPem(forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(key))) +
    forge.pki.certificateToPem(certificate)
  );
}

function open(archive: Buffer, password: string, source: string): forge.pkcs12.Pkcs12Pfx {
  let asn1: forge.asn1.Asn1;
  try {
    asn1 = forge.asn1.fromDer(forge.util.createBuffer(archive.toString('binary')));
  } catch {
    throw bad(source, 'is no PKCS#12 archive');
  }
  try {
    return forge.pkcs12.pkcs12FromAsn1(asn1, password);
  } catch (error) {
    const text = error instanceof Error ? error.message : '';
    throw /MAC|password/i.test(text)
      ? bad(source, 'cannot be opened with this password', ['export ARM_CLIENT_CERTIFICATE_PASSWORD=…'])
      : bad(source, 'is no PKCS#12 archive that can be read', [
          'openssl pkcs12 -in deployer.pfx -info -noout   # RSA key, AES-256 or 3DES',
        ]);
  }
}

function keyIn(content: forge.pkcs12.Pkcs12Pfx): forge.pki.rsa.PrivateKey | undefined {
  const types = [forge.pki.oids.pkcs8ShroudedKeyBag, forge.pki.oids.keyBag];
  const bags = types.flatMap((bagType) =>
    bagType === undefined ? [] : (content.getBags({ bagType })[bagType] ?? []),
  );
  return bags.map((bag) => bag.key).find((key) => key !== undefined && key !== null) as
    | forge.pki.rsa.PrivateKey
    | undefined;
}

function certificatesIn(content: forge.pkcs12.Pkcs12Pfx): readonly forge.pki.Certificate[] {
  const bagType = forge.pki.oids.certBag ?? '';
  return (content.getBags({ bagType })[bagType] ?? []).flatMap((bag) => bag.cert ?? []);
}

function belongTogether(certificate: forge.pki.Certificate, key: forge.pki.rsa.PrivateKey): boolean {
  const open = certificate.publicKey as forge.pki.rsa.PublicKey;
  return open.n.equals(key.n) && open.e.equals(key.e);
}

function bad(source: string, what: string, next: readonly string[] = []): InteropError {
  return new InteropError({
    kind: 'authentication',
    summary: 'the client certificate cannot be used',
    problems: [{ where: source, what, allowed: 'PKCS#12 with an RSA key and its certificate' }],
    next,
  });
}
