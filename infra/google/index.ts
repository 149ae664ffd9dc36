/**
 * Google's side, read only: the switches of Calendar Interop, the users, unmanaged accounts, and the audit log.
 *
 * Google has no interface for the endpoint form itself: it can be neither read nor written (reference of the Policy API,
 * docs.cloud.google.com/identity/docs/concepts/supported-policy-api-settings).
 *
 *     const google = await openGoogle({ google: config.google, env, trust, signal });
 *     if (google !== undefined) for (const saved of await savedForms(google, { since })) …
 */
export { type GoogleApis, type GoogleSurroundings, openGoogle } from './apis.js';
export {
  type FormReset,
  type FormSaved,
  type FormSavedOrReset,
  type InteropLookUp,
  lookUps,
  savedForms,
} from './audit.js';
export {
  type CalendarService,
  calendarOfUser,
  calendarServiceOf,
  type InteropSwitches,
  type OrgUnit,
  readCalendarService,
  readInteropSwitches,
} from './policies.js';
export { findUser, type GoogleUser, listUnmanagedAccounts, listUsers } from './users.js';
