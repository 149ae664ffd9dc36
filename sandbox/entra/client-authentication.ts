/** How an application proves that it is itself: by secret, by a certificate's signature, or by a trusted issuer's assertion. */
import { X509Certificate } from 'node:crypto';
import { isoSeconds, type SandboxClock } from '../clock.js';
import { textOf } from '../json.js';
import { SignInError } from './aadsts.js';
import type { Directory } from './directory.js';
import { type DecodedJwt, decodeJwt, isSignedBy, type SigningKey } from './jwt.js';
import type { Application, KeyCredential } from './model.js';
import { federatedIssuer, type Place } from './place.js';
import { hashSecret } from './secrets.js';

export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const CLIENT_ID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
/** How far clocks may differ, in seconds (Entra's own allowance). */
const SKEW_SECONDS = 300;

/** What the checks rest upon. */
export interface SignInSurroundings {
  readonly directory: Directory;
  readonly clock: SandboxClock;
  readonly place: Place;
  /** The key of the emulated issuer of workload identities. */
  readonly issuerKey: SigningKey;
}

/**
 * Checks whatever credential the form holds.
 *
 * @returns the id of the secret or certificate that was used; undefined for a workload identity, which has none
 * @throws SignInError if there is none, or it does not hold.
 */
export function authenticate(
  surroundings: SignInSurroundings,
  application: Application,
  tenantName: string,
  form: URLSearchParams,
): string | undefined {
  const assertion = form.get('client_assertion');
  if (assertion !== null) {
    const type = form.get('client_assertion_type');
    if (type !== ASSERTION_TYPE) throw new SignInError(900144, 'client_assertion_type');
    return checkAssertion(surroundings, application, tenantName, assertion);
  }
  const secret = form.get('client_secret');
  if (secret === null || secret === '') throw new SignInError(7000216);
  return checkSecret(surroundings, application, secret);
}

function checkSecret(
  { directory, clock }: SignInSurroundings,
  application: Application,
  secret: string,
): string {
  const hash = hashSecret(secret);
  const found = application.passwords.find(
    (password) => password.secretHash === hash && directory.sees(password),
  );
  const now = clock.now();
  if (found === undefined || Date.parse(found.startDateTime) > now + SKEW_SECONDS * 1000) {
    throw new SignInError(7000215, application.appId);
  }
  if (Date.parse(found.endDateTime) <= now) throw new SignInError(7000222, application.appId);
  return found.keyId;
}

function checkAssertion(
  surroundings: SignInSurroundings,
  application: Application,
  tenantName: string,
  assertion: string,
): string | undefined {
  const token = decodeJwt(assertion);
  if (token === undefined) throw new SignInError(50027);
  const { iss, sub } = token.claims;
  if (iss === application.appId || sub === application.appId) {
    if (iss !== sub) throw new SignInError(50048);
    return checkCertificateAssertion(surroundings, application, tenantName, token);
  }
  // What an application says of itself is no assertion about another one.
  if (iss === sub && CLIENT_ID.test(textOf(iss) ?? '')) throw new SignInError(700021);
  checkFederatedAssertion(surroundings, application, token);
  return undefined;
}

/** Claims as in terraform-provider-azuread's go-azure-sdk sdk/auth/client_credentials.go and @azure/msal-node ClientAssertion. */
function checkCertificateAssertion(
  { clock, place, directory }: SignInSurroundings,
  application: Application,
  tenantName: string,
  token: DecodedJwt,
): string {
  const key = keyOf(application, token, clock);
  if (!isSignedBy(token, new X509Certificate(Buffer.from(key.key, 'base64')).publicKey)) {
    throw new SignInError(
      700027,
      'Client assertion contains an invalid signature.',
      'The signature is invalid.',
    );
  }
  const audiences = [tenantName, directory.tenant.id].flatMap((tenant) => [
    `${place.base()}/${tenant}/oauth2/v2.0/token`,
    `${place.base()}/${tenant}/v2.0`,
  ]);
  if (!audiences.includes(textOf(token.claims.aud) ?? '')) throw new SignInError(700023);
  checkTimes(token, clock);
  return key.keyId;
}

function keyOf(application: Application, token: DecodedJwt, clock: SandboxClock): KeyCredential {
  const { kid, x5t } = token.header;
  const sha256 = token.header['x5t#S256'];
  const named = [kid, x5t, sha256].map(textOf).filter((name) => name !== undefined);
  if (named.length === 0) throw new SignInError(5002723);
  const wanted = named.map((name) => name.replace(/=+$/, ''));
  const key = application.keys.find((candidate) => {
    const names = namesOfKey(candidate);
    return wanted.some((name) => names.includes(name));
  });
  const unregistered =
    'The certificate with identifier used to sign the client assertion is not registered on application.';
  const used = `Thumbprint of key used by client: '${thumbprintOf(wanted[0] ?? '')}'`;
  if (key === undefined) throw new SignInError(700027, unregistered, `The key was not found., ${used}`);
  const now = clock.now();
  if (Date.parse(key.endDateTime) <= now || Date.parse(key.startDateTime) > now + SKEW_SECONDS * 1000) {
    throw new SignInError(
      700027,
      'Client assertion contains an invalid signature.',
      `The key used is expired., ${used}, Found key 'Start=${key.startDateTime}, End=${key.endDateTime}'`,
    );
  }
  return key;
}

/** The names by which a client may call a certificate: thumbprints in hex and in base64url, without padding. */
function namesOfKey(key: KeyCredential): readonly string[] {
  const certificate = new X509Certificate(Buffer.from(key.key, 'base64'));
  const sha1 = Buffer.from(certificate.fingerprint.replaceAll(':', ''), 'hex');
  const sha256 = Buffer.from(certificate.fingerprint256.replaceAll(':', ''), 'hex');
  return [key.thumbprint, sha1.toString('base64url'), sha256.toString('base64url')];
}

function thumbprintOf(name: string): string {
  return /^[0-9A-F]{40}$/.test(name) ? name : Buffer.from(name, 'base64url').toString('hex').toUpperCase();
}

/** Issuer, subject and audience are compared letter by letter (Entra's breaking change of 2024). */
function checkFederatedAssertion(
  { clock, place, issuerKey, directory }: SignInSurroundings,
  application: Application,
  token: DecodedJwt,
): void {
  const issuer = textOf(token.claims.iss) ?? '';
  const subject = textOf(token.claims.sub) ?? '';
  const audience = token.claims.aud;
  const audiences = Array.isArray(audience) ? audience : [audience ?? ''];
  const known = application.federated.filter((credential) => directory.sees(credential));
  const sameIssuer = known.filter((credential) => credential.issuer === issuer);
  if (sameIssuer.length === 0) throw new SignInError(700211, issuer);
  const sameSubject = sameIssuer.filter((credential) => credential.subject === subject);
  if (sameSubject.length === 0) throw new SignInError(700213, subject);
  if (!sameSubject.some((credential) => credential.audiences.some((wanted) => audiences.includes(wanted)))) {
    throw new SignInError(700212, String(audiences[0]));
  }
  if (issuer !== federatedIssuer(place)) throw new SignInError(50166, issuer);
  if (token.header.kid !== issuerKey.id || !isSignedBy(token, issuerKey.publicKey))
    throw new SignInError(5000811);
  checkTimes(token, clock);
}

function checkTimes(token: DecodedJwt, clock: SandboxClock): void {
  const { exp, nbf } = token.claims;
  const now = clock.seconds();
  const from = typeof nbf === 'number' ? nbf : 0;
  const to = typeof exp === 'number' ? exp : 0;
  if (from - SKEW_SECONDS > now || to + SKEW_SECONDS <= now) {
    throw new SignInError(700024, clock.iso(), isoSeconds(from * 1000), isoSeconds(to * 1000));
  }
}
