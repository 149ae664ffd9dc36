/**
 * A copy of the secret in an Azure Key Vault, for people who keep their secrets there. Written, never read back: that a copy is there
 * is told by its tags.
 */
import type { TokenCredential } from '@azure/identity';
import { limited, orAborted } from '../abort.js';
import { InteropError } from '../errors.js';
import type { Trust } from '../graph/trust.js';
import { type SlotName, secretName } from '../rotation/ledger.js';

export interface KeyVaultOptions {
  /** `https://<vault>.vault.azure.net`, without a trailing slash. */
  readonly url: string;
  /** Name of the secret in the vault. */
  readonly name: string;
  readonly credential: TokenCredential;
  readonly trust: Trust;
  readonly signal: AbortSignal;
  /** Time for one operation, sign-in and retries included. @default 30,000 */
  readonly limitMs?: number;
}

/** A secret to copy. */
export interface SecretCopy {
  readonly slot: SlotName;
  readonly generation: number;
  readonly keyId: string;
  /** RFC 3339. */
  readonly endDate: string;
  readonly value: string;
}

export interface KeyVault {
  /** Whether a version is the copy of the secret with this key id. Only names, dates and tags are asked for. */
  has(keyId: string): Promise<boolean>;
  /** Adds a version with content type, expiry and tags; older versions stay. */
  put(secret: SecretCopy): Promise<void>;
}

/** Retries of one request; Key Vault's throttling passes within seconds (learn.microsoft.com/azure/key-vault/general/overview-throttling). */
const RETRIES = { maxRetries: 3, retryDelayInMs: 500, maxRetryDelayInMs: 5_000 };

const LIMIT_MS = 30_000;

/** @throws InteropError from each function: `resource` when the vault refuses or cannot be reached, `timeout` when it stays silent */
export async function openKeyVault(options: KeyVaultOptions): Promise<KeyVault> {
  const { SecretClient } = await import('@azure/keyvault-secrets');
  const { url, name, credential, trust } = options;
  // The client itself refuses a challenge for another domain than the vault's: a host could else ask for a token of Graph.
  const client = new SecretClient(url, credential, {
    ...trust.identityOptions(url),
    retryOptions: RETRIES,
  });
  return {
    has: async (keyId) =>
      await explained(options, 'reading the versions of the secret', async (abortSignal) => {
        for await (const { tags } of client.listPropertiesOfSecretVersions(name, { abortSignal })) {
          if (tags?.keyId === keyId) return true;
        }
        return false;
      }),
    put: async ({ slot, generation, keyId, endDate, value }) => {
      await explained(options, 'writing the secret', (abortSignal) =>
        client.setSecret(name, value, {
          abortSignal,
          contentType: 'Entra client secret',
          expiresOn: new Date(endDate),
          tags: { keyId, generation: String(generation), name: secretName(slot, generation) },
        }),
      );
    },
  };
}

async function explained<T>(
  { url, name, signal, limitMs = LIMIT_MS }: KeyVaultOptions,
  doing: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = limited([signal], limitMs);
  try {
    // The sign-in that the client asks for listens to the run's signal alone.
    return await orAborted(() => work(limit.signal), limit.signal);
  } catch (error) {
    if (signal.aborted) throw new InteropError({ kind: 'cancelled', summary: `${doing} was cancelled` });
    if (limit.isLate()) throw tooSlow({ url, name }, doing, limitMs);
    // The library's error carries the request, and with it the secret: only its status and code go on.
    throw refusal({ url, name }, doing, error as { statusCode?: unknown; code?: unknown });
  } finally {
    limit.forget();
  }
}

function tooSlow(
  { url, name }: Pick<KeyVaultOptions, 'url' | 'name'>,
  doing: string,
  limitMs: number,
): InteropError {
  return new InteropError({
    kind: 'timeout',
    summary: `${doing} ${name} in Key Vault took too long`,
    problems: [
      {
        where: url,
        what: 'the vault did not do it in time',
        found: `no result after ${limitMs / 1000} s`,
        allowed: 'a vault that can be reached and answers',
      },
    ],
    next: [`curl -v ${url}/   # whether it answers`, COPY_AGAIN],
  });
}

const COPY_AGAIN = 'calendar-interop rotation run   # copies what is missing';

function refusal(
  { url, name }: Pick<KeyVaultOptions, 'url' | 'name'>,
  doing: string,
  { statusCode, code }: { readonly statusCode?: unknown; readonly code?: unknown },
): InteropError {
  const { what, allowed, next } = REASONS[String(statusCode)] ?? UNKNOWN;
  const vault = new URL(url).hostname.split('.')[0] ?? '';
  return new InteropError({
    kind: 'resource',
    summary: `${doing} ${name} in Key Vault failed`,
    problems: [
      {
        where: url,
        what,
        found: [statusCode, code].filter((part) => part !== undefined).join(' ') || 'no answer',
        allowed,
      },
    ],
    next: [...next(vault, name), COPY_AGAIN],
  });
}

interface Reason {
  readonly what: string;
  readonly allowed: string;
  /** Commands that mend it, before the copy is tried again. */
  readonly next: (vault: string, name: string) => readonly string[];
}

const OFFICER = 'the data role Key Vault Secrets Officer for the principal that runs this';

/** By status (learn.microsoft.com/azure/key-vault/general/rest-error-codes). */
const REASONS: Readonly<Record<string, Reason>> = {
  401: {
    what: 'the vault does not take the token',
    allowed: "a token of the tenant that the vault's subscription belongs to",
    next: () => [],
  },
  403: {
    what: "the principal may not do this, or the vault's firewall is in the way",
    allowed: OFFICER,
    next: () => [],
  },
  409: {
    what: 'the name belongs to a secret that was deleted and can still be recovered',
    allowed: 'a name that is not deleted: recover it, or purge it',
    next: (vault, name) => [
      `az keyvault secret recover --vault-name ${vault} --name ${name}   # with its versions`,
      `az keyvault secret purge --vault-name ${vault} --name ${name}   # for good`,
    ],
  },
  429: { what: 'the vault is being asked too often', allowed: 'a try later', next: () => [] },
};
const UNKNOWN: Reason = {
  what: 'the vault did not do it',
  allowed: `a vault that can be reached, and ${OFFICER}`,
  next: () => [],
};
