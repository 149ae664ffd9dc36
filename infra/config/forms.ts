/**
 * The forms of single values, from which the schemas of the keys are made.
 */
import { z } from 'zod';
import { keyDocs } from './docs.js';
import { domainName, emailAddress, guid, Refusal } from './values.js';

/** Text in one of the languages of values.ts, in its normal form. */
export function text(normalise: (raw: string) => string | Refusal) {
  return z.string().transform((raw, context) => {
    const result = normalise(raw);
    if (!(result instanceof Refusal)) return result;
    context.addIssue({ code: 'custom', message: result.what, input: raw });
    return z.NEVER;
  });
}

/** Pulumi hands scalars over as text (`"true"`, `"180"`) and writes them into the stack's file that way. */
export function flag() {
  return z.preprocess((raw) => (raw === 'true' ? true : raw === 'false' ? false : raw), z.boolean());
}

export function wholeNumber(least: number, most: number) {
  return z.preprocess(
    (raw) => (typeof raw === 'string' && /^-?\d{1,15}$/.test(raw) ? Number(raw) : raw),
    z.int().min(least).max(most),
  );
}

export const domainSchema = text(domainName).register(keyDocs, {
  allowed: 'a domain name such as contoso.com, without wildcard',
});
export const addressSchema = text(emailAddress).register(keyDocs, {
  allowed: 'a primary SMTP address such as interop@contoso.com',
});
export const clientIdSchema = text(guid).register(keyDocs, {
  allowed: 'an id (GUID) such as 11111111-2222-3333-4444-555555555555',
});
