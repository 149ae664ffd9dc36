/** Requests to the sandbox's vault by hand: over HTTPS, with its Host header. */
import { request } from 'undici';
import { VAULT_HOST } from '../../sandbox/key-vault/service.js';
import type { TestSandbox } from './sandbox.js';

export const VAULT_SCOPE = 'https://vault.azure.net/.default';

export interface VaultRequest {
  /** Name of a seeded client, or a token; `nobody` sends none. @default admin */
  readonly as?: string;
  readonly body?: unknown;
  readonly version?: string;
}

/** @param path without the host; the api-version is added */
export async function askVault(
  sandbox: TestSandbox,
  method: 'GET' | 'PUT' | 'DELETE',
  path: string,
  { as = 'admin', body, version = '2025-07-01' }: VaultRequest = {},
) {
  const token = as.includes('.') ? as : as === 'nobody' ? '' : await sandbox.token(as, VAULT_SCOPE);
  const url = `${sandbox.sandbox.info.graph}${path}${path.includes('?') ? '&' : '?'}api-version=${version}`;
  const answer = await request(url, {
    method,
    dispatcher: sandbox.dispatcher,
    headers: {
      host: VAULT_HOST,
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes.
  return { status: answer.statusCode, headers: answer.headers, body: (await answer.body.json()) as any };
}
