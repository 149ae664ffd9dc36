/**
 * Google's credentials files: read, checked, made into a client of google-auth-library.
 *
 * Forms: cloud.google.com/iam/docs/keys-create-delete (service account key), and what `gcloud auth application-default login`
 * writes (authorized_user). Other forms start programs or ask other servers for tokens, and are refused.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AuthClient } from 'google-auth-library';
import { z } from 'zod';
import { InteropError } from '../errors.js';

/** Google's token endpoint; also the audience of an assertion that goes there. */
export const GOOGLE_TOKEN_ENDPOINT = 'https://oauth2.googleapis.com/token';

const tokenEndpoint = z.url({ protocol: /^https$/ }).default(GOOGLE_TOKEN_ENDPOINT);

const serviceAccountSchema = z.object({
  type: z.literal('service_account'),
  client_email: z.string().min(1),
  client_id: z.string().optional(),
  private_key: z.string().includes('PRIVATE KEY'),
  private_key_id: z.string().optional(),
  token_uri: tokenEndpoint,
});

const userSchema = z.object({
  type: z.literal('authorized_user'),
  client_id: z.string().min(1),
  client_secret: z.string().min(1),
  refresh_token: z.string().min(1),
  token_uri: tokenEndpoint,
});

const credentialsSchema = z.discriminatedUnion('type', [serviceAccountSchema, userSchema]);

/** Who asks Google. Holds secrets: never printed. */
export type GoogleCredentials = z.output<typeof credentialsSchema>;

/**
 * Reads the file whose path stands in a variable.
 *
 * @returns undefined when the variable is not set: nobody asked for Google to be looked at.
 * @throws InteropError of kind `authentication` when the file cannot be read or is of another form.
 */
export async function readCredentials(
  variable: string,
  env: NodeJS.ProcessEnv,
): Promise<GoogleCredentials | undefined> {
  const path = env[variable] ?? '';
  if (path === '') return undefined;
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw badFile(variable, path, `cannot be read (${error.code})`);
  });
  const result = credentialsSchema.safeParse(parsed(text));
  if (result.success) return result.data;
  // Names of keys only: what stands there may be a secret.
  const keys = new Set(result.error.issues.map((issue) => issue.path.join('.')));
  throw badFile(
    variable,
    path,
    `lacks or misstates ${[...keys].map((key) => key || 'everything').join(', ')}`,
  );
}

/** The client of google-auth-library for one scope; `subject` is whom a service account acts as. */
export function authClientOf(
  credentials: GoogleCredentials,
  options: {
    readonly scope: string;
    readonly subject: string | undefined;
    readonly fetch: typeof fetch;
  },
): AuthClient {
  const { JWT, UserRefreshClient } = loadLibrary();
  const transporterOptions = { fetchImplementation: toTokenEndpoint(options.fetch, credentials.token_uri) };
  if (credentials.type === 'service_account') {
    return new JWT({
      email: credentials.client_email,
      key: credentials.private_key,
      ...(credentials.private_key_id === undefined ? {} : { keyId: credentials.private_key_id }),
      scopes: [options.scope],
      ...(options.subject === undefined ? {} : { subject: options.subject }),
      // An assertion is good for the one endpoint that it is sent to.
      additionalClaims: { aud: credentials.token_uri },
      transporterOptions,
    });
  }
  return new UserRefreshClient({
    clientId: credentials.client_id,
    clientSecret: credentials.client_secret,
    refreshToken: credentials.refresh_token,
    transporterOptions,
  });
}

/** The file's own token endpoint, as Google's libraries for Python and Go honour it: the one for Node has a fixed one. */
function toTokenEndpoint(send: typeof fetch, endpoint: string): typeof fetch {
  return async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    return await send(url === GOOGLE_TOKEN_ENDPOINT ? endpoint : url, init);
  };
}

function loadLibrary(): typeof import('google-auth-library') {
  return createRequire(import.meta.url)('google-auth-library');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function badFile(variable: string, path: string, what: string): InteropError {
  return new InteropError({
    kind: 'authentication',
    summary: "Google's credentials cannot be used",
    problems: [
      {
        where: variable,
        what,
        found: path,
        allowed:
          'a service account key, or the file that gcloud auth application-default login writes, both JSON',
      },
    ],
    next: [`export ${variable}=<path of the key file>`, `unset ${variable}   # to leave Google out`],
  });
}
