/**
 * Google's audit log as evidence: when the endpoint form was saved, and which look-ups Google made.
 *
 * Events: developers.google.com/workspace/admin/reports/v1/appendix/activity/admin-calendar-settings and …/calendar. UNCONFIRMED:
 * whether saving an endpoint of the Graph type leaves the same event, how late events come, and the form of some values; they are
 * read with care, and what is not there proves nothing.
 */
import { z } from 'zod';
import type { GoogleApis } from './apis.js';

const SCOPE = 'https://www.googleapis.com/auth/admin.reports.audit.readonly';
const PAGE_SIZE = 1_000;
/** Pages beyond which something is wrong. */
const PAGE_LIMIT = 10_000;

const parameterSchema = z.object({
  name: z.string(),
  value: z.string().nullish(),
  intValue: z.union([z.string(), z.number()]).nullish(),
  boolValue: z.boolean().nullish(),
});

const activitySchema = z.object({
  id: z.object({ time: z.string(), uniqueQualifier: z.string().nullish() }),
  actor: z.object({ email: z.string().nullish(), profileId: z.string().nullish() }).nullish(),
  ipAddress: z.string().nullish(),
  events: z
    .array(
      z.object({
        type: z.string().nullish(),
        name: z.string(),
        parameters: z.array(parameterSchema).nullish(),
      }),
    )
    .nullish(),
});

const activitiesSchema = z.object({
  items: z.array(activitySchema).nullish(),
  nextPageToken: z.string().nullish(),
});

/** Which part of the log. */
export interface Period {
  readonly since: Date;
  readonly until?: Date | undefined;
}

/** Somebody saved the endpoint form. */
export interface FormSaved {
  readonly kind: 'saved';
  readonly at: Date;
  /** Address of the administrator; undefined where Google does not say. */
  readonly by: string | undefined;
  /** The main endpoint's URL, and its role account, as the form held them. UNCONFIRMED for the Graph type, which has no URL. */
  readonly url: string | undefined;
  readonly roleAccount: string | undefined;
  /** How many endpoints there are besides the main one. */
  readonly additionalEndpoints: number | undefined;
}

/** Somebody wiped the endpoint form. */
export interface FormReset {
  readonly kind: 'reset';
  readonly at: Date;
  readonly by: string | undefined;
}

export type FormSavedOrReset = FormSaved | FormReset;

/** Google looked availability up in Exchange. */
export interface InteropLookUp {
  readonly at: Date;
  readonly successful: boolean;
  /** Whose calendar was looked up. */
  readonly calendar: string | undefined;
  /** The server that was asked; UNCONFIRMED for the Graph type. */
  readonly url: string | undefined;
  /** A short code or text of Google's where it failed. */
  readonly errorCode: string | undefined;
}

const SAVED = 'EWS_OUT_ENDPOINT_CONFIGURATION_CHANGED';
const RESET = 'EWS_OUT_ENDPOINT_CONFIGURATION_RESET';
const SUCCESSFUL = 'interop_freebusy_lookup_outbound_successful';
const UNSUCCESSFUL = 'interop_freebusy_lookup_outbound_unsuccessful';

/**
 * When the endpoint form was saved or wiped, oldest first.
 *
 * @throws InteropError when the log cannot be read; an empty answer only means that nothing is logged yet.
 */
export async function savedForms(google: GoogleApis, period: Period): Promise<readonly FormSavedOrReset[]> {
  const found: FormSavedOrReset[] = [];
  for (const eventName of [SAVED, RESET]) {
    for await (const { at, by, values } of events(google, 'admin', eventName, period)) {
      if (eventName === RESET) found.push({ kind: 'reset', at, by });
      else
        found.push({
          kind: 'saved',
          at,
          by,
          url: values.get('EXCHANGE_WEB_SERVICES_URL'),
          roleAccount: values.get('EXCHANGE_ROLE_ACCOUNT'),
          additionalEndpoints: countOf(values.get('NUMBER_OF_ADDITIONAL_EXCHANGE_ENDPOINTS')),
        });
    }
  }
  return found.sort((one, other) => one.at.getTime() - other.at.getTime());
}

/**
 * Look-ups from Google to Exchange, oldest first.
 *
 * @throws InteropError when the log cannot be read.
 */
export async function lookUps(
  google: GoogleApis,
  period: Period & { readonly successful?: boolean },
): Promise<readonly InteropLookUp[]> {
  const wanted = [SUCCESSFUL, UNSUCCESSFUL].filter(
    (name) => period.successful === undefined || (name === SUCCESSFUL) === period.successful,
  );
  const found: InteropLookUp[] = [];
  for (const eventName of wanted) {
    for await (const { at, values } of events(google, 'calendar', eventName, period)) {
      found.push({
        at,
        successful: eventName === SUCCESSFUL,
        calendar: values.get('calendar_id')?.toLowerCase(),
        url: values.get('remote_ews_url'),
        errorCode: values.get('interop_error_code'),
      });
    }
  }
  return found.sort((one, other) => one.at.getTime() - other.at.getTime());
}

interface LoggedEvent {
  readonly at: Date;
  readonly by: string | undefined;
  readonly values: ReadonlyMap<string, string>;
}

async function* events(
  google: GoogleApis,
  applicationName: 'admin' | 'calendar',
  eventName: string,
  { since, until }: Period,
): AsyncGenerator<LoggedEvent> {
  const pages = google.pages(
    {
      doing: "reading Google's audit log",
      scope: SCOPE,
      needs: 'an administrator with the privilege Reports',
      pageLimit: PAGE_LIMIT,
    },
    activitiesSchema,
    async ({ reports, options }, pageToken) =>
      await reports.activities.list(
        {
          userKey: 'all',
          applicationName,
          eventName,
          customerId: google.customer,
          startTime: since.toISOString(),
          ...(until === undefined ? {} : { endTime: until.toISOString() }),
          maxResults: PAGE_SIZE,
          ...(pageToken === undefined ? {} : { pageToken }),
        },
        options,
      ),
  );
  for await (const page of pages) {
    for (const activity of page.items ?? []) {
      const at = new Date(activity.id.time);
      // The name is a filter that Google applies; an activity may hold other events besides.
      const logged = (activity.events ?? []).find(({ name }) => name === eventName);
      if (logged === undefined || Number.isNaN(at.getTime())) continue;
      const values = (logged.parameters ?? []).flatMap(({ name, value, intValue, boolValue }) => {
        const known = value ?? intValue ?? boolValue;
        return known === undefined || known === null ? [] : [[name, String(known)] as const];
      });
      yield { at, by: activity.actor?.email ?? undefined, values: new Map(values) };
    }
  }
}

function countOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : undefined;
}
