/**
 * The tokens that pipelines hand out on request: GitHub Actions and Azure DevOps.
 *
 * @azure/identity 4.13 has no credential for the first, and one for the second that reads the process's own variables.
 */
import { z } from 'zod';
import { InteropError } from '../errors.js';
import type { WayContext } from './credentials.js';
import { networkCode, networkFailure } from './network-error.js';

type Context = Pick<WayContext, 'settings' | 'trust' | 'signal' | 'secret'>;

/** What Entra expects as audience of such a token (`hashicorp/go-azure-sdk sdk/auth/github_oidc_authorizer.go`). */
const AUDIENCE = 'api://AzureADTokenExchange';

/** GitHub: GET with the audience, `{"value": "<token>"}` (docs.github.com, "OpenID Connect reference"). */
export async function gitHubToken(context: Context): Promise<string> {
  const url = requestUrl(context);
  url.searchParams.set('audience', AUDIENCE);
  return (await ask(context, url, 'GET', z.object({ value: z.string().min(1) }), 'GitHub Actions')).value;
}

/**
 * Azure DevOps: POST with the service connection, `{"oidcToken": "<token>"}`
 * (`hashicorp/go-azure-sdk sdk/auth/ado_pipeline_oidc_authorizer.go`).
 */
export async function azureDevOpsToken(context: Context): Promise<string> {
  const url = requestUrl(context);
  url.searchParams.set('api-version', '7.1');
  url.searchParams.set('serviceConnectionId', context.settings.text('adoPipelineServiceConnectionId') ?? '');
  const schema = z.object({ oidcToken: z.string().min(1) });
  return (await ask(context, url, 'POST', schema, 'Azure DevOps')).oidcToken;
}

function requestUrl({ settings }: Context): URL {
  const text = settings.text('oidcRequestUrl') ?? '';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:') return url;
  throw new InteropError({
    kind: 'configuration',
    summary: 'the address for OIDC tokens is none',
    problems: [{ where: 'azuread:oidcRequestUrl', what: 'is not an https URL', found: JSON.stringify(text) }],
  });
}

async function ask<T>(
  { settings, trust, signal, secret }: Context,
  url: URL,
  method: 'GET' | 'POST',
  schema: z.ZodType<T>,
  who: string,
): Promise<T> {
  const bearer = secret(settings.text('oidcRequestToken') ?? '');
  const request = {
    where: 'azuread:oidcRequestUrl',
    url: url.origin,
    what: `${who}'s issuer of OIDC tokens`,
  };
  try {
    const response = await trust.fetch(url.href, {
      method,
      signal,
      headers: {
        authorization: `Bearer ${bearer}`,
        accept: 'application/json',
        'content-type': 'application/json',
      },
    });
    const answer = schema.safeParse(await response.json().catch(() => undefined));
    if (response.status === 200 && answer.success) return answer.data;
    throw refused(request.what, response.status);
  } catch (error) {
    const code = networkCode(error);
    throw code === undefined ? error : networkFailure(code, request, trust);
  }
}

function refused(issuer: string, status: number): InteropError {
  return new InteropError({
    kind: 'authentication',
    summary: `${issuer} gave no token`,
    problems: [
      {
        where: 'azuread:oidcRequestUrl',
        what: 'was refused or answered something else',
        found: `status ${status}`,
      },
    ],
    next: ['give the job `permissions: id-token: write` (GitHub), or SYSTEM_ACCESSTOKEN (Azure DevOps)'],
  });
}
