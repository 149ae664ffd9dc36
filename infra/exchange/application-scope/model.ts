/** The application's scope as data: what is wished, what is found, what is to do, what was done. */
import { z } from 'zod';

/** A consent in Entra to one of our application's permissions: a grant for all mailboxes. */
export interface ConsentFound {
  readonly api: 'exchangeOnline' | 'microsoftGraph';
  /** Value of the permission, such as `full_access_as_app`. */
  readonly permission: string;
  /** Id of the app role assignment. */
  readonly assignmentId: string;
  /** Where Graph has it: a DELETE there takes the consent back. Undefined where an older state is read. */
  readonly url?: string | undefined;
  /** Whether it is in this stack's state: then the stack removes it, after this. */
  readonly owned: boolean;
}

export interface ApplicationScopeWish {
  readonly clientId: string;
  /** Object id of the enterprise application (service principal), not of the registration. */
  readonly servicePrincipalId: string;
  readonly displayName: string;
  readonly protocol: 'ews' | 'graph' | 'both';
  /** Graph permissions of the configuration. */
  readonly graphPermissions: readonly string[];
  /** Primary addresses of the mailboxes that the application may act on: role mailboxes only. */
  readonly mailboxes: readonly string[];
  /** A mailbox to prove with that others are out of reach; undefined: one is chosen. */
  readonly outside?: string | undefined;
  /** Consents to our application's permissions that Entra holds. */
  readonly consents: readonly ConsentFound[];
  /** The stack (registrationTag): names of what is made hold it. */
  readonly owner: string;
}

export interface FoundMailbox {
  readonly address: string;
  readonly guid: string;
  readonly userPrincipalName: string;
}

export interface FoundPointer {
  readonly appId: string;
  readonly objectId: string;
  readonly displayName: string;
}

export interface FoundAssignment {
  readonly name: string;
  readonly role: string;
  /** Name of the scope; null for none. */
  readonly scope: string | null;
}

export interface FoundApplicationScope {
  readonly mailboxes: readonly FoundMailbox[];
  readonly pointer: FoundPointer | undefined;
  /** The scope of our name, with its filter. */
  readonly scope: { readonly name: string; readonly filter: string } | undefined;
  /** All of our application, ours and others'. */
  readonly assignments: readonly FoundAssignment[];
}

/**
 * `limited`: only the scope counts. `consentBeingRemoved`: this stack's own consent for all mailboxes is still there and is
 * removed after this; until then the application reaches everybody.
 */
export type ScopePhase = 'limited' | 'consentBeingRemoved';

export interface ApplicationScopePlan {
  readonly phase: ScopePhase;
  readonly makePointer: boolean;
  readonly scope: 'make' | 'change' | 'keep';
  /** OPATH. */
  readonly filter: string;
  readonly makeAssignments: readonly { readonly name: string; readonly role: string }[];
  /** Names of ours that are no longer wished. */
  readonly removeAssignments: readonly string[];
  readonly changes: readonly string[];
  readonly warnings: readonly string[];
}

/** What Exchange says to whether the application may act on a mailbox. */
export interface ScopeProof {
  readonly inside: string;
  /** Null: the tenant has no other mailbox. */
  readonly outside: string | null;
}

export const applicationScopeOutcomeSchema = z.object({
  clientId: z.string(),
  servicePrincipalId: z.string(),
  scopeName: z.string(),
  /** Whether this stack made the pointer; others may use it. */
  pointerMade: z.boolean(),
  scopeMade: z.boolean(),
  /** Names of role assignments that this stack made. */
  assignments: z.array(z.string()),
  phase: z.enum(['limited', 'consentBeingRemoved']),
  proof: z.object({ inside: z.string(), outside: z.string().nullable() }).nullable(),
});
export type ApplicationScopeOutcome = z.output<typeof applicationScopeOutcomeSchema>;
