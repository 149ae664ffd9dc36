/**
 * A cloud's own description: `GET https://<metadataHost>/metadata/endpoints?api-version=2022-09-01`
 * (`hashicorp/go-azure-sdk sdk/environments/from_endpoint.go`).
 */
import { z } from 'zod';
import { InteropError } from '../errors.js';
import { type Cloud, ownCloud } from './cloud.js';
import { cancelledError, networkCode, networkFailure } from './network-error.js';
import type { Trust } from './trust.js';

const TIMEOUT_MS = 15_000;
/** A metadata document has some 3,000 characters. */
const SIZE_LIMIT = 1_000_000;

/** `host` or `host:port`; the provider puts `https://` in front of it. */
const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:\d{1,5})?$/i;

/** What is needed of it. The provider requires `name` and `resourceManager`, too. */
const documentSchema = z.object({
  name: z.string().min(1),
  resourceManager: z.string().min(1),
  microsoftGraphResourceId: z.string().transform(baseUrl),
  authentication: z.object({ loginEndpoint: z.string().transform(baseUrl) }),
});

function baseUrl(text: string, context: z.RefinementCtx): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const plain =
    url?.protocol === 'https:' && url.username === '' && url.password === '' && url.search + url.hash === '';
  if (plain) return text.replace(/\/+$/, '');
  context.addIssue({ code: 'custom', message: 'is not an https URL' });
  return z.NEVER;
}

/**
 * Asks a metadata host for its cloud.
 *
 * @param source the key or variable that names the host, for errors.
 * @throws InteropError: `authentication` when it does not answer, `configuration` when it is not trusted, answers something else,
 * or is no host at all; `cancelled`.
 */
export async function cloudFromMetadata(
  host: string,
  source: string,
  trust: Trust,
  signal: AbortSignal,
): Promise<Cloud> {
  if (!HOST.test(host)) throw notAHost(host, source);
  const url = `https://${host}/metadata/endpoints?api-version=2022-09-01`;
  const answer = await ask(url, source, trust, signal);
  if (answer.status !== 200) throw notMetadata(source, host, [`status ${answer.status}`]);
  const document = documentSchema.safeParse(fromJson(answer.text));
  if (!document.success) {
    throw notMetadata(
      source,
      host,
      document.error.issues.map((issue) => [issue.path.join('.'), issue.message].filter(Boolean).join(' ')),
    );
  }
  const { name, authentication, microsoftGraphResourceId } = document.data;
  return ownCloud(name, authentication.loginEndpoint, microsoftGraphResourceId);
}

async function ask(url: string, source: string, trust: Trust, signal: AbortSignal) {
  const deadline = AbortSignal.timeout(TIMEOUT_MS);
  try {
    return await trust.getText(url, { signal: AbortSignal.any([signal, deadline]), limit: SIZE_LIMIT });
  } catch (error) {
    if (signal.aborted) throw cancelledError('looking up the cloud');
    const code = deadline.aborted ? 'ETIMEDOUT' : networkCode(error);
    if (code === undefined) throw error;
    throw networkFailure(code, { where: source, url, what: 'the metadata host' }, trust);
  }
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function notAHost(host: string, source: string): InteropError {
  return new InteropError({
    kind: 'configuration',
    summary: 'the metadata host is no host',
    problems: [
      {
        where: source,
        what: 'is not a host name with an optional port',
        found: JSON.stringify(host),
        allowed: 'management.example.com, localhost:8443; https:// is put in front of it',
      },
    ],
  });
}

function notMetadata(source: string, host: string, faults: readonly string[]): InteropError {
  return new InteropError({
    kind: 'configuration',
    summary: 'the metadata host does not describe a cloud',
    problems: faults.map((found) => ({
      where: `${source} ${host}`,
      what: '/metadata/endpoints is not the metadata document of a cloud',
      found,
      allowed: 'name, resourceManager, microsoftGraphResourceId and authentication.loginEndpoint',
    })),
    next: [`curl "https://${host}/metadata/endpoints?api-version=2022-09-01"`],
  });
}
