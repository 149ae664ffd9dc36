/**
 * The part of the configuration that is about Google Workspace: whose it is, and how its read-only interfaces are reached.
 */
import { z } from 'zod';
import { keyDocs } from './docs.js';
import { addressSchema, domainSchema, text } from './forms.js';
import { environmentVariable, googleCustomer, plainText, serviceUrl } from './values.js';

/** Longest path of a file (PATH_MAX of Linux). */
const PATH_LENGTH = 4_096;

export const googleSchema = z
  .strictObject({
    customer: text(googleCustomer)
      .register(keyDocs, {
        about:
          "Google's customer id (Admin console > Account settings). `my_customer`: the one that the credentials belong to.",
        allowed: 'C and letters and digits, such as C01abc2de, or my_customer',
      })
      .default('my_customer'),
    domains: z.array(domainSchema).min(1).optional().register(keyDocs, {
      about:
        'Mail domains whose accounts at Google are compared with the mailboxes. Google shows accounts of domains that it has verified only.',
      allowed: 'one or more domain names',
      fallback: 'the domains of all endpoints',
    }),
    credentials: text(environmentVariable)
      .register(keyDocs, {
        about:
          'Name of the environment variable that holds the path of a credentials file: a service account key with domain-wide delegation, or the file that `gcloud auth application-default login` writes. What is in the file never stands in the configuration.',
        allowed: 'the name of an environment variable',
      })
      .default('GOOGLE_APPLICATION_CREDENTIALS'),
    subject: addressSchema.optional().register(keyDocs, {
      about:
        'The administrator as whom a service account acts. Policies are shown to super administrators only. Without effect for credentials of a person.',
      allowed: 'a primary address at Google such as admin@contoso.com',
      fallback: 'nobody: a service account then has to be an administrator itself',
    }),
    usersCsv: text((raw) => plainText(raw, PATH_LENGTH))
      .optional()
      .register(keyDocs, {
        about:
          "A list of Google users as the Admin console exports it (Directory > Users > Download users), for checks without credentials. Read from the project's folder where the path is relative.",
        allowed: 'the path of a CSV file',
        fallback: 'not used',
      }),
    url: text(serviceUrl).optional().register(keyDocs, {
      about: "Address of Google's interfaces, where they are reached under another one than Google's own.",
      allowed: 'https://<host>',
      fallback: "Google's own",
    }),
  })
  .optional()
  .register(keyDocs, {
    about:
      "Reading Google's side: for `preflight` and as evidence that a form was saved. Nothing is ever written there.",
    allowed: 'a map with customer, domains, credentials, subject, usersCsv, url',
    fallback: "Google's side is not looked at",
  });
