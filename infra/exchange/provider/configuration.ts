/** The configuration of provider `exchange`: nothing in it is secret, since the engine keeps it with the stack. */
import { z } from 'zod';
import { PLAIN_SETTINGS, SECRET_SETTINGS } from './azuread-settings.js';

const setting = z.union([z.string(), z.boolean()]).optional();
const noSecret = (variable: string) =>
  z.undefined(
    `is a secret, which would be kept with the stack: it is read from ${variable} of the environment`,
  );

const azureadSchema = z.strictObject({
  ...Object.fromEntries(PLAIN_SETTINGS.map((name) => [name, setting])),
  ...Object.fromEntries(
    Object.entries(SECRET_SETTINGS).map(([name, variable]) => [name, noSecret(variable).optional()]),
  ),
});

const HTTPS_ORIGIN = /^https:\/\/[A-Za-z0-9.-]+(:\d{1,5})?$/;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

export const configurationSchema = z.object({
  organization: z.string().min(1, 'names no tenant'),
  transport: z.enum(['rest', 'powershell']).default('rest'),
  baseUrl: z
    .string()
    .regex(HTTPS_ORIGIN, 'must be https, a host, perhaps a port, and nothing behind it')
    .optional(),
  azuread: azureadSchema,
  variables: z
    .record(z.string().regex(VARIABLE), z.string().regex(VARIABLE, 'must be the name of a variable'))
    .default({}),
});
export type Configuration = z.output<typeof configurationSchema>;

/** The environment in which the usual variables hold what the configuration says. */
export function ownEnvironment(
  env: NodeJS.ProcessEnv,
  variables: Readonly<Record<string, string>>,
): NodeJS.ProcessEnv {
  const renamed = Object.entries(variables).map(([usual, theirs]) => [usual, env[theirs]] as const);
  return { ...env, ...Object.fromEntries(renamed) };
}
