/**
 * A token as Google asks for one: the client credentials flow with the pasted values as a form. `grant_type` and `scope` of Google's
 * own request are UNCONFIRMED; version 2 of the endpoint needs both.
 */
import { entraCode, entraSentence } from '../graph/aadsts.js';
import { isTransient } from '../graph/retry.js';
import { withoutSecrets } from '../graph/scrub.js';
import { readClaims } from '../graph/token-claims.js';
import { type Finding, finding } from './finding.js';
import { type HttpAnswer, type NoAnswer, type Post, post } from './http.js';
import type { LeafCode } from './leaves.js';
import { MOST_ATTEMPTS, waitAsAsked } from './pace.js';
import type { Surroundings } from './surroundings.js';

/** What a person pasted into Google's form, and the API that it is for. */
export interface PastedCredentials {
  readonly tokenEndpoint: string;
  readonly clientId: string;
  /** Never shown. */
  readonly secret: string;
  readonly scope: string;
}

export interface TakenToken {
  readonly token: string;
  readonly roles: readonly string[];
  readonly tenantId: string | undefined;
}

/** Codes that have a leaf of their own. */
const LEAF_OF_CODE: Readonly<Record<string, LeafCode>> = {
  '90002': 'CI-TOKEN-TENANT',
  '900021': 'CI-TOKEN-TENANT',
  '900023': 'CI-TOKEN-TENANT',
  '700016': 'CI-TOKEN-CLIENT-UNKNOWN',
  '7000229': 'CI-TOKEN-NO-PRINCIPAL',
  '7000112': 'CI-TOKEN-DISABLED',
  '7000215': 'CI-TOKEN-SECRET-WRONG',
  '7000222': 'CI-TOKEN-SECRET-EXPIRED',
  '500011': 'CI-TOKEN-API-UNKNOWN',
  '53003': 'CI-TOKEN-POLICY',
};

/** What is wrong with the URL itself: not https, not one tenant's, not version 2; undefined when nothing is. */
export function lintTokenEndpoint(text: string): Finding | undefined {
  const fault = (evidence: string) => finding('CI-TOKEN-URL-WRONG', text, evidence);
  if (!URL.canParse(text)) return fault('it is no URL');
  const url = new URL(text);
  if (url.protocol !== 'https:') return fault(`it begins with ${url.protocol}//`);
  const [tenant = '', ...rest] = url.pathname.split('/').filter((part) => part !== '');
  if (rest.join('/').toLowerCase() !== 'oauth2/v2.0/token') return fault(`its path is ${url.pathname}`);
  if (/^(common|organizations|consumers)$/i.test(tenant))
    return fault(`its tenant is "${tenant}", which is none`);
  return undefined;
}

/**
 * Where Entra is busy it is asked again after the wait that it wishes, a bounded number of times.
 *
 * @throws the signal's reason when it is aborted, and nothing else; the secret is in no finding.
 */
export async function takeToken(
  pasted: PastedCredentials,
  around: Surroundings,
): Promise<TakenToken | { readonly fault: Finding }> {
  const { answer, attempts } = await postPatiently(tokenRequest(pasted), around);
  const { host } = new URL(pasted.tokenEndpoint);
  const facts = { url: pasted.tokenEndpoint, clientId: pasted.clientId };
  const fault = (code: LeafCode, evidence: string, more = {}) => ({
    fault: finding(code, host, withoutSecrets(evidence, [pasted.secret]), { ...facts, ...more }),
  });
  if (answer.kind !== 'answer') return fault('CI-TOKEN-UNREACHABLE', answer.evidence);
  const { status } = answer;
  const text = answer.body.toString('utf8');
  if (status === 200) return tokenIn(text) ?? fault('CI-TOKEN-NOT-ENTRA', 'status 200 without a token');
  if (isBusy(answer)) {
    const times = attempts === 1 ? 'once' : `${attempts} times`;
    return fault('CI-TOKEN-BUSY', `status ${status}, ${times}`);
  }
  const code = entraCode(text);
  return code === undefined
    ? fault('CI-TOKEN-NOT-ENTRA', `status ${status} without a code of Entra`)
    : fault(LEAF_OF_CODE[code] ?? 'CI-TOKEN-REFUSED', entraSentence(descriptionIn(text)), { code });
}

function tokenRequest({ tokenEndpoint, clientId, secret, scope }: PastedCredentials): Post {
  return {
    url: tokenEndpoint,
    headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: secret,
      scope,
    }).toString(),
  };
}

/** The first answer of a service that is not busy, or the last one of one that stays so. */
async function postPatiently(
  request: Post,
  around: Surroundings,
): Promise<{ readonly answer: HttpAnswer | NoAnswer; readonly attempts: number }> {
  for (let attempts = 1; ; attempts += 1) {
    const answer = await post(request, around);
    const goOn =
      answer.kind === 'answer' &&
      isBusy(answer) &&
      attempts < MOST_ATTEMPTS &&
      (await waitAsAsked(attempts, answer.headers['retry-after'], around));
    if (!goOn) return { answer, attempts };
  }
}

/** A code that has a leaf of its own says more than the status beside it. */
function isBusy({ status, body }: HttpAnswer): boolean {
  return isTransient(status) && LEAF_OF_CODE[entraCode(body.toString('utf8')) ?? ''] === undefined;
}

function tokenIn(text: string): TakenToken | undefined {
  const token = stringIn(text, 'access_token');
  const claims = token === undefined ? undefined : readClaims(token);
  return token === undefined || claims === undefined
    ? undefined
    : { token, roles: claims.roles, tenantId: claims.tid };
}

function descriptionIn(text: string): string {
  return stringIn(text, 'error_description') ?? text;
}

function stringIn(text: string, key: string): string | undefined {
  try {
    const value = (JSON.parse(text) as Record<string, unknown> | null)?.[key];
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
