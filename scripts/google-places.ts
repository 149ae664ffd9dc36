/** Where Google's side is looked at, as the stack's configuration and the environment say. */
import { resolve } from 'node:path';
import type { StackConfig } from '../infra/config.js';
import type { GoogleApis } from '../infra/google/index.js';
import type { Trust } from '../infra/graph/trust.js';
import { once } from '../infra/once.js';
import type { CommandContext } from './command-context.js';
import type { ProjectStack } from './project.js';

export interface GooglePlaces {
  /** Google's interfaces, opened when first asked for; undefined without credentials. @throws InteropError when they cannot be used. */
  readonly google: () => Promise<GoogleApis | undefined>;
  /** Path of a list of Google's users. */
  readonly usersCsv: string | undefined;
}

export function googlePlaces(
  { env, signal }: Pick<CommandContext, 'env' | 'signal'>,
  of: { readonly stack: ProjectStack; readonly config: StackConfig; readonly trust: Trust },
): GooglePlaces {
  const { google } = of.config;
  return {
    google: once(async () => {
      const { openGoogle } = await import('../infra/google/index.js');
      return await openGoogle({ google, env, trust: of.trust, signal });
    }),
    usersCsv: google?.usersCsv === undefined ? undefined : resolve(of.stack.file, '..', google.usersCsv),
  };
}
