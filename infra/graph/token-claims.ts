/** What a token says about its holder. Read, never trusted: whether it is genuine is for the API to decide. */
import { z } from 'zod';

/** The claims that are used here (learn.microsoft.com/entra/identity-platform/access-token-claims-reference). */
const claimsSchema = z.object({
  aud: z.string().optional(),
  tid: z.string().optional(),
  roles: z.array(z.string()).default([]),
  exp: z.number().optional(),
  /** Delegated permissions: there in a person's token only. */
  scp: z.string().optional(),
  /** Template ids of the holder's directory roles. */
  wids: z.array(z.string()).optional(),
});

export type TokenClaims = z.output<typeof claimsSchema>;

/** The claims of a JWT; undefined when it is none. */
export function readClaims(token: string): TokenClaims | undefined {
  const payload = token.split('.')[1];
  if (payload === undefined) return undefined;
  try {
    return claimsSchema.parse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')));
  } catch {
    return undefined;
  }
}
