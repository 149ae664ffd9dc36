/** Refusals in the forms that Google's interfaces give them. */
import type { JsonObject } from '../json.js';
import { type HttpReply, jsonReply } from '../server/http.js';

/** AIP-193 names of statuses. */
const STATUS = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  501: 'UNIMPLEMENTED',
  503: 'UNAVAILABLE',
} as const;

type Status = keyof typeof STATUS;

/** A request that Google would not carry out. */
export class GoogleRefusal extends Error {
  override readonly name = 'GoogleRefusal';

  /** `reason` is the older interfaces' word for it (errors[].reason), and that of ErrorInfo. */
  constructor(
    readonly status: Status,
    message: string,
    readonly reason: string,
  ) {
    super(message);
  }
}

/** A sign-in that is refused, in OAuth's own form (RFC 6749 section 5.2). */
export class OAuthRefusal extends Error {
  override readonly name = 'OAuthRefusal';

  constructor(
    readonly status: 400 | 401,
    readonly code: string,
    readonly description: string,
  ) {
    super(description);
  }
}

/** The Admin SDK answers with `errors`, Cloud Identity with `status` and `details` (google.aip.dev/193). */
export function refusalReply(refusal: GoogleRefusal, isAdminSdk: boolean): HttpReply {
  const { status: code, message, reason } = refusal;
  const modern: JsonObject = {
    status: STATUS[code],
    details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'googleapis.com' }],
  };
  const older: JsonObject = { errors: [{ message, domain: 'global', reason }] };
  return jsonReply(code, { error: { code, message, ...(isAdminSdk ? older : modern) } });
}

export function oauthReply(refusal: OAuthRefusal): HttpReply {
  return jsonReply(refusal.status, { error: refusal.code, error_description: refusal.description });
}
