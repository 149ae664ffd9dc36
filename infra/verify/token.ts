/**
 * A token as Google asks for one: the client credentials flow with the pasted values as a form. `grant_type` and `scope` of Google's
 * own request are UNCONFIRMED; version 2 of the endpoint needs both.
 */
import { entraCode, entraSentence } from '../graph/aadsts.js';
import { withoutSecrets } from '../graph/scrub.js';
import { readClaims } from '../graph/token-claims.js';
import { type Finding, finding } from './finding.js';
import { post } from './http.js';
import type { LeafCode } from './leaves.js';
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

/** @throws the signal's reason when it is aborted, and nothing else; the secret is in no finding. */
export async function takeToken(
  pasted: PastedCredentials,
  around: Surroundings,
): Promise<TakenToken | { readonly fault: Finding }> {
  const request = {
    url: pasted.tokenEndpoint,
    headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: pasted.clientId,
      client_secret: pasted.secret,
      scope: pasted.scope,
    }).toString(),
  };
  const answer = await post(request, around);
  const { host } = new URL(pasted.tokenEndpoint);
  const facts = { url: pasted.tokenEndpoint, clientId: pasted.clientId };
  const fault = (code: LeafCode, evidence: string, more = {}) => ({
    fault: finding(code, host, withoutSecrets(evidence, [pasted.secret]), { ...facts, ...more }),
  });
  if (answer.kind !== 'answer') return fault('CI-TOKEN-UNREACHABLE', answer.evidence);
  const text = answer.body.toString('utf8');
  if (answer.status === 200)
    return tokenIn(text) ?? fault('CI-TOKEN-NOT-ENTRA', 'status 200 without a token');
  const code = entraCode(text);
  if (code !== undefined) {
    return fault(LEAF_OF_CODE[code] ?? 'CI-TOKEN-REFUSED', entraSentence(descriptionIn(text)), { code });
  }
  const busy = answer.status === 429 || answer.status >= 500;
  return fault(
    busy ? 'CI-TOKEN-BUSY' : 'CI-TOKEN-NOT-ENTRA',
    `status ${answer.status} without a code of Entra`,
  );
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
