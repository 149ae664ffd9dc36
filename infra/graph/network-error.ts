/**
 * Network failures told apart from refusals: nobody answered, or the answer cannot be trusted.
 */
import { types } from 'node:util';
import { InteropError } from '../errors.js';
import { CA_VARIABLES, type Trust } from './trust.js';

const { isNativeError } = types;

/** OpenSSL's and Node's codes for a certificate that is not accepted (nodejs.org/api/tls.html, "X509 certificate error codes"). */
const UNTRUSTED = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_UNTRUSTED',
  'CERT_SIGNATURE_FAILURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'HOSTNAME_MISMATCH',
  'INVALID_CA',
]);

/** What the codes of failed connections mean. */
const UNREACHABLE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name could not be looked up',
  ECONNRESET: 'the connection was cut off',
  EPIPE: 'the connection was cut off',
  ETIMEDOUT: 'no answer in time',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  EPROTO: 'no TLS is spoken there',
  ERR_SSL_WRONG_VERSION_NUMBER: 'no TLS is spoken there',
  UND_ERR_CONNECT_TIMEOUT: 'no answer in time',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  UND_ERR_BODY_TIMEOUT: 'no answer in time',
  UND_ERR_SOCKET: 'the connection was cut off',
};

/** The first known code of a network failure in an error or its causes; undefined when it is none. */
export function networkCode(error: unknown): string | undefined {
  for (const inner of chain(error)) {
    const code = (inner as { code?: unknown }).code;
    if (typeof code === 'string' && (UNTRUSTED.has(code) || Object.hasOwn(UNREACHABLE, code))) return code;
    // @azure/identity keeps the text only.
    const text = /\b(E[A-Z]{4,}|[A-Z]+_[A-Z_]+)\b/.exec(inner.message)?.[1];
    if (text !== undefined && (UNTRUSTED.has(text) || Object.hasOwn(UNREACHABLE, text))) return text;
  }
  return untrustedByText(error) ? 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' : undefined;
}

/** OpenSSL's own sentences, for errors that lost their code on the way. */
function untrustedByText(error: unknown): boolean {
  return chain(error).some((inner) =>
    /unable to (verify the first|get (local )?issuer) certificate|self[- ]signed certificate|certificate has expired/i.test(
      inner.message,
    ),
  );
}

/**
 * A network failure as an error for people: kind `configuration` when the certificate is not trusted, else `authentication` (no
 * sign-in is possible) or what `kind` says. The cause is left out: it may hold the request.
 *
 * @param where the setting that names the host, or what the host is.
 */
export function networkFailure(
  code: string,
  request: { readonly where: string; readonly url: string; readonly what: string },
  trust: Trust,
  kind: 'authentication' | 'failure' = 'authentication',
): InteropError {
  const { host } = new URL(request.url);
  if (UNTRUSTED.has(code)) return untrusted(code, request, host, trust);
  return new InteropError({
    kind,
    summary: `${request.what} could not be reached`,
    problems: [{ where: request.where, what: UNREACHABLE[code] ?? 'no answer', found: `${host}: ${code}` }],
    next: [`curl -v https://${host}/   # then run the command again`],
  });
}

function untrusted(
  code: string,
  request: { readonly where: string; readonly what: string },
  host: string,
  trust: Trust,
): InteropError {
  const used = trust.files.map((file) => `${file.variable}=${file.path}`).join(', ');
  return new InteropError({
    kind: 'configuration',
    summary: `${request.what} has a certificate that is not trusted here`,
    problems: [
      {
        where: request.where,
        what: `the certificate of ${host} was refused (${code})`,
        found: used === '' ? `neither ${CA_VARIABLES.join(' nor ')} is set` : used,
        allowed: "an authority among Node's own roots or in the file of one of these variables",
      },
    ],
    next: ['export SSL_CERT_FILE=<file with the CA certificate in PEM form>'],
  });
}

/** An error, its causes and their parts; errors of Node itself may come from another realm than ours. */
function chain(error: unknown): readonly Error[] {
  const errors: Error[] = [];
  let inner = error;
  while (isNativeError(inner) && errors.length < 8) {
    errors.push(inner);
    if ('errors' in inner && Array.isArray(inner.errors)) errors.push(...inner.errors.filter(isNativeError));
    inner = inner.cause;
  }
  return errors;
}

/** The failure of something that was called off. */
export function cancelledError(what: string): InteropError {
  return new InteropError({
    kind: 'cancelled',
    summary: `${what} was cancelled`,
    next: ['run the same command again'],
  });
}
