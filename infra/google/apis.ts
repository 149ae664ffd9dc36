/**
 * The way to Google's interfaces, on Google's own client libraries: one token per scope, our trust, bounded retries, and every
 * answer checked before it is used. The libraries are loaded when the first call is made.
 */
import { createRequire } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import type { admin_directory_v1, admin_reports_v1 } from '@googleapis/admin';
import type { cloudidentity_v1 } from '@googleapis/cloudidentity';
import type { AuthClient } from 'google-auth-library';
import type { z } from 'zod';
import type { GoogleConfig } from '../config.js';
import { InteropError } from '../errors.js';
import type { Trust } from '../graph/trust.js';
import { once } from '../once.js';
import { authClientOf, type GoogleCredentials, readCredentials } from './credentials.js';
import { type GoogleCall, googleFailure, statusOf, unknownForm } from './google-error.js';
import { retryingFetch } from './retrying-fetch.js';

/** What calls need from their surroundings. */
export interface GoogleSurroundings {
  readonly google: GoogleConfig | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly trust: Trust;
  readonly signal: AbortSignal;
  /** Waits between attempts; injected by tests. */
  readonly sleep?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** Options of one call of Google's libraries. */
interface CallOptions {
  readonly auth: AuthClient;
  readonly rootUrl?: string;
  readonly retry: false;
  readonly signal: AbortSignal;
}

/** Google's libraries, ready for one call. */
export interface Clients {
  readonly directory: admin_directory_v1.Admin;
  readonly reports: admin_reports_v1.Admin;
  readonly identity: cloudidentity_v1.Cloudidentity;
  /** Goes with every call. */
  readonly options: { readonly retry: false; readonly signal: AbortSignal };
}

type Send = (clients: Clients, pageToken: string | undefined) => Promise<{ readonly data: unknown }>;

/** Calls to Google. */
export interface GoogleApis {
  /** The customer id, or `my_customer`. */
  readonly customer: string;
  /**
   * One call.
   *
   * @throws InteropError: `authentication` with the scope or the role that is missing, `failure`, `cancelled`.
   */
  ask<T>(
    call: GoogleCall,
    schema: z.ZodType<T>,
    send: (clients: Clients) => Promise<{ data: unknown }>,
  ): Promise<T>;
  /** All pages of a list; an empty page is not the last one as long as a token follows. @throws as {@link GoogleApis.ask}. */
  pages<T extends { readonly nextPageToken?: string | null | undefined }>(
    call: GoogleCall & { readonly pageLimit: number },
    schema: z.ZodType<T>,
    send: Send,
  ): AsyncGenerator<T>;
}

/**
 * Opens Google's interfaces with the credentials that the configuration names.
 *
 * @returns undefined when Google is not configured or the variable with the credentials is not set.
 * @throws InteropError of kind `authentication` when the credentials cannot be read.
 */
export async function openGoogle(surroundings: GoogleSurroundings): Promise<GoogleApis | undefined> {
  const { google, env } = surroundings;
  if (google === undefined) return undefined;
  const credentials = await readCredentials(google.credentials, env);
  return credentials === undefined ? undefined : apisOf(google, credentials, surroundings);
}

function apisOf(
  google: GoogleConfig,
  credentials: GoogleCredentials,
  { trust, signal, sleep = pause }: GoogleSurroundings,
): GoogleApis {
  const send = retryingFetch({ fetch: trust.fetch, signal, sleep });
  const byScope = new Map<string, Clients>();
  const clientsFor = (scope: string): Clients => {
    const known = byScope.get(scope);
    if (known !== undefined) return known;
    const auth = authClientOf(credentials, { scope, subject: google.subject, fetch: send });
    const made = clientsOf({
      auth,
      ...(google.url === undefined ? {} : { rootUrl: google.url }),
      // Retries are ours: one place for all of Google.
      retry: false,
      signal,
    });
    byScope.set(scope, made);
    return made;
  };
  const ask = async <T>(
    call: GoogleCall,
    schema: z.ZodType<T>,
    work: (clients: Clients) => Promise<{ data: unknown }>,
  ): Promise<T> => {
    const attempt = { credentials, trust, signal };
    const { data } = await work(clientsFor(call.scope))
      .catch((error: unknown) => {
        if (statusOf(error) !== 401) throw error;
        // A token that was withdrawn, or is too old by the server's clock: the library would use it to its end.
        byScope.delete(call.scope);
        return work(clientsFor(call.scope));
      })
      .catch((error: unknown) => {
        throw googleFailure(error, call, attempt);
      });
    const result = schema.safeParse(data);
    if (result.success) return result.data;
    throw unknownForm(call, result.error.issues);
  };
  return {
    customer: google.customer,
    ask,
    async *pages(call, schema, work) {
      let token: string | undefined;
      for (let page = 0; page < call.pageLimit; page += 1) {
        const found = await ask(call, schema, async (clients) => await work(clients, token));
        yield found;
        const next = found.nextPageToken ?? '';
        if (next === '') return;
        if (next === token) throw endless(call, 'the same page again');
        token = next;
      }
      throw endless(call, `${call.pageLimit} pages`);
    },
  };
}

function clientsOf({ auth, rootUrl, retry, signal }: CallOptions): Clients {
  const {
    admin_directory_v1: directory,
    admin_reports_v1: reports,
    cloudidentity_v1: identity,
  } = libraries();
  // The libraries bring a copy of google-auth-library of their own, whose classes are other types with the same surface.
  const common = { auth: auth as never, ...(rootUrl === undefined ? {} : { rootUrl }) };
  return {
    directory: new directory.Admin(common),
    reports: new reports.Admin(common),
    identity: new identity.Cloudidentity(common),
    options: { retry, signal },
  };
}

/** CommonJS: the libraries have no other form. */
const libraries = once(() => {
  const require = createRequire(import.meta.url);
  return {
    ...(require('@googleapis/admin') as typeof import('@googleapis/admin')),
    ...(require('@googleapis/cloudidentity') as typeof import('@googleapis/cloudidentity')),
  };
});

function endless(call: GoogleCall, found: string): InteropError {
  return new InteropError({
    kind: 'failure',
    summary: `Google does not come to an end when ${call.doing}`,
    problems: [{ where: call.doing, what: 'the list goes round in circles or is too long', found }],
    next: ['run the same command again'],
  });
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal });
}
