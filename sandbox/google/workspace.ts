/** The emulated Google Workspace as a whole, and its own control: what people and Google itself do there. */
import type { SandboxClock } from '../clock.js';
import type { Directory } from '../entra/directory.js';
import { makeSigningKey } from '../entra/jwt.js';
import type { Place } from '../entra/place.js';
import { isJsonObject, type Json, type JsonObject, objectsOf, textOf, textsOf } from '../json.js';
import { SandboxOptionError } from '../options.js';
import type { HttpReply, HttpRequest } from '../server/http.js';
import { CUSTOMER_ID, type Policy, SUPER_ADMINISTRATOR, WorkspaceCustomer } from './customer.js';
import { GoogleService } from './service.js';
import { GoogleSignIn } from './sign-in.js';

interface Parts {
  readonly customer: WorkspaceCustomer;
  readonly signIn: GoogleSignIn;
  readonly service: GoogleService;
}

/** Made when it is first asked for: a key takes its time, and most runs have no business with Google. */
export class GoogleWorkspace {
  #parts: Promise<Parts> | undefined;

  constructor(
    private readonly surroundings: {
      readonly directory: Directory;
      readonly clock: SandboxClock;
      readonly place: Place;
    },
  ) {}

  async answer(request: HttpRequest): Promise<HttpReply> {
    return (await this.#made()).service.answer(request);
  }

  /** `GET /sandbox/google`: who may sign in, and what differs from the seed. */
  async describe(): Promise<JsonObject> {
    const { customer, signIn } = await this.#made();
    return {
      url: this.surroundings.place.base(),
      customerId: CUSTOMER_ID,
      superAdministrator: SUPER_ADMINISTRATOR,
      serviceAccount: signIn.serviceAccountFile(),
      user: signIn.userFile(),
      state: customer.describe(),
    };
  }

  /**
   * `POST /sandbox/google`: `saveForm`, `resetForm` and `lookUp` are what an administrator and Google itself do; the rest is
   * state. Nothing is changed unless all of it is understood.
   *
   * @throws SandboxOptionError
   */
  async control(body: JsonObject): Promise<JsonObject> {
    const { customer, signIn, service } = await this.#made();
    const steps = Object.entries(body).map(([name, value]): (() => void) => {
      switch (name) {
        case 'saveForm': {
          const form = objectOf(name, value, ['url', 'roleAccount', 'additionalEndpoints', 'by']);
          return () =>
            customer.saveForm({
              url: textOf(form.url) ?? '',
              roleAccount: textOf(form.roleAccount) ?? '',
              additionalEndpoints: Number(form.additionalEndpoints ?? 0),
              by: textOf(form.by) ?? SUPER_ADMINISTRATOR,
            });
        }
        case 'resetForm': {
          const form = objectOf(name, value, ['by']);
          return () => customer.resetForm(textOf(form.by) ?? SUPER_ADMINISTRATOR);
        }
        case 'lookUp': {
          const look = objectOf(name, value, ['calendar', 'url', 'errorCode', 'by']);
          return () =>
            customer.lookUp({
              calendar: textOf(look.calendar) ?? '',
              url: textOf(look.url) ?? '',
              errorCode: textOf(look.errorCode),
              by: textOf(look.by) ?? SUPER_ADMINISTRATOR,
            });
        }
        case 'users': {
          const users = objectsOf(value).map((user) => ({
            primaryEmail: (textOf(user.primaryEmail) ?? '').toLowerCase(),
            orgUnitPath: textOf(user.orgUnitPath) ?? '/',
            suspended: user.suspended === true,
            aliases: textsOf(user.aliases).map((alias) => alias.toLowerCase()),
          }));
          return () => {
            for (const user of users) customer.putUser(user);
          };
        }
        case 'unmanaged': {
          const addresses = textsOf(value).map((address) => address.toLowerCase());
          return () => {
            customer.unmanaged.clear();
            for (const address of addresses) customer.unmanaged.add(address);
          };
        }
        case 'policies': {
          const policies = objectsOf(value) as unknown as readonly Policy[];
          return () => {
            customer.policies = policies;
          };
        }
        case 'delegatedScopes': {
          const scopes = textsOf(value);
          return () => {
            signIn.delegated = scopes;
          };
        }
        case 'auditLagMs': {
          const lag = countOf(name, value);
          return () => {
            customer.auditLagMs = lag;
          };
        }
        case 'quotaRefusals': {
          const count = countOf(name, value);
          return () => {
            service.quotaRefusals = count;
          };
        }
        default:
          throw new SandboxOptionError(
            name,
            'is unknown',
            name,
            'saveForm, resetForm, lookUp, users, unmanaged, policies, delegatedScopes, auditLagMs, quotaRefusals',
          );
      }
    });
    for (const step of steps) step();
    return { state: customer.describe() };
  }

  #made(): Promise<Parts> {
    this.#parts ??= this.#make();
    return this.#parts;
  }

  async #make(): Promise<Parts> {
    const { directory, clock, place } = this.surroundings;
    const customer = new WorkspaceCustomer(directory, clock);
    const signIn = new GoogleSignIn({ customer, clock, place, key: await makeSigningKey() });
    return { customer, signIn, service: new GoogleService(customer, signIn) };
  }
}

function objectOf(name: string, value: Json | undefined, keys: readonly string[]): JsonObject {
  const allowed = `a map with ${keys.join(', ')}`;
  if (value === undefined || !isJsonObject(value)) {
    throw new SandboxOptionError(name, 'is malformed', JSON.stringify(value), allowed);
  }
  const unknown = Object.keys(value).find((key) => !keys.includes(key));
  if (unknown !== undefined) throw new SandboxOptionError(name, 'has an unknown key', unknown, allowed);
  return value;
}

function countOf(name: string, value: Json | undefined): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
  throw new SandboxOptionError(name, 'is no count', JSON.stringify(value), 'a whole number from 0');
}
