/** A request that EWS refuses as a whole: a SOAP fault over HTTP 500, with a response code. */

/**
 * Response codes of MicrosoftDocs/office-developer-exchange-docs docs/web-service-reference/responsecode.md that the sandbox answers
 * with, and their texts. UNCONFIRMED: which of these come as a fault and which as an entry, and the texts.
 */
const TEXTS = {
  ErrorAccessDenied: 'Access is denied. Check credentials and try again.',
  ErrorExceededConnectionCount:
    'You have exceeded the available concurrent connections for your account. Try again once your other requests have completed.',
  ErrorFreeBusyDLLimitReached: 'The number of members of the distribution group is above the limit.',
  ErrorImpersonateUserDenied: 'The account does not have permission to impersonate the requested user.',
  ErrorImpersonationFailed:
    'Exchange Web Services are not currently available for this request because the impersonated account cannot be logged on.',
  ErrorInvalidExchangeImpersonationHeaderData:
    'ExchangeImpersonation SOAP header must be present for this type of OAuth token.',
  ErrorInvalidFreeBusyViewType: 'The requested free/busy view type is invalid.',
  ErrorInvalidMergedFreeBusyInterval: 'The merged free/busy interval must be from 5 to 1440 minutes.',
  ErrorInvalidRequest: 'The request is invalid.',
  ErrorInvalidServerVersion: 'The specified server version is invalid.',
  ErrorInvalidSmtpAddress: 'The SMTP address format is invalid.',
  ErrorInvalidTimeInterval: 'The time interval is invalid: its start must be before its end.',
  ErrorNonExistentMailbox: 'No mailbox with such guid or address exists.',
  ErrorNonPrimarySmtpAddress: 'The primary SMTP address must be specified when referencing a mailbox.',
  ErrorRequestStreamTooBig: 'The request is too large.',
  ErrorSchemaValidation: 'The request failed schema validation.',
  ErrorServerBusy: 'The server cannot service this request right now. Try again later.',
  ErrorTimeIntervalTooBig: 'The requested time interval is too big: at most 42 days can be asked for.',
  ErrorTimeZone: 'The time zone is missing or not valid.',
} as const;

export type EwsErrorCode = keyof typeof TEXTS;
export const EWS_ERROR_CODES = Object.keys(TEXTS) as readonly EwsErrorCode[];

export class EwsError extends Error {
  override readonly name = 'EwsError';

  /** `detail` goes behind the text; `values` are told in MessageXml. */
  constructor(
    readonly code: EwsErrorCode,
    detail = '',
    readonly values: Readonly<Record<string, string>> = {},
  ) {
    super(detail === '' ? TEXTS[code] : `${TEXTS[code]} ${detail}`);
  }
}
