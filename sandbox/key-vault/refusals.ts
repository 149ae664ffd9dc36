/**
 * What Key Vault refuses with: `{"error": {"code", "message", "innererror"?}}`.
 *
 * Codes as in learn.microsoft.com/azure/key-vault/general/rest-error-codes and in issues of Microsoft's own clients
 * (Azure/azure-sdk-for-net 26027 and 31581, external-secrets 3519). The words of messages are ours but for those of a deleted name.
 */
import { type HttpReply, jsonReply } from '../server/http.js';

export class VaultRefusal extends Error {
  override readonly name = 'VaultRefusal';

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly inner?: string,
    readonly headers: Record<string, string> = {},
  ) {
    super(message);
  }
}

export function refusalReply({ status, code, message, inner, headers }: VaultRefusal): HttpReply {
  const innererror = inner === undefined ? {} : { innererror: { code: inner } };
  return jsonReply(status, { error: { code, message, ...innererror } }, headers);
}

/** @param challenge where a token is to be had, and for which resource */
export function unauthorized(message: string, challenge: string): VaultRefusal {
  return new VaultRefusal(401, 'Unauthorized', message, undefined, { 'www-authenticate': challenge });
}

export function forbidden(appId: string): VaultRefusal {
  return new VaultRefusal(
    403,
    'Forbidden',
    `Caller is not authorized to perform action on resource. Caller: appid=${appId}`,
    'ForbiddenByRbac',
  );
}

export function disabled(): VaultRefusal {
  return new VaultRefusal(
    403,
    'Forbidden',
    'Operation get is not allowed on a disabled secret.',
    'SecretDisabled',
  );
}

export function notFound(name: string): VaultRefusal {
  return new VaultRefusal(
    404,
    'SecretNotFound',
    `A secret with (name/id) ${name} was not found in this key vault.`,
  );
}

export function deletedName(name: string): VaultRefusal {
  return new VaultRefusal(
    409,
    'Conflict',
    `Secret ${name} is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the secret can only be recovered or purged.`,
    'ObjectIsDeletedButRecoverable',
  );
}

export function badParameter(message: string): VaultRefusal {
  return new VaultRefusal(400, 'BadParameter', message);
}

export function notEmulated(method: string, path: string): VaultRefusal {
  return new VaultRefusal(501, 'NotImplemented', `The sandbox does not emulate ${method} ${path}.`);
}

/** Throttling and outages, for faults that hit its routes. */
export function vaultFaultReply(status: 429 | 503, retryAfter: number): HttpReply {
  const code = status === 429 ? 'Throttled' : 'ServiceUnavailable';
  return refusalReply(
    new VaultRefusal(status, code, 'The request was not processed.', undefined, {
      'retry-after': String(retryAfter),
    }),
  );
}
