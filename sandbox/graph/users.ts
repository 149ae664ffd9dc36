/** /users. */
import type { User } from '../entra/model.js';
import { emptyUser } from '../entra/user-properties.js';
import { isJsonObject, type JsonObject, textOf } from '../json.js';
import { entity, type GraphAnswer, type GraphContext, jsonBody, NO_CONTENT } from './context.js';
import { badRequest, GraphError, notFound } from './errors.js';
import { answerEntity, answerList, tableCandidates } from './lists.js';
import { readSelectQuery, selectProperties } from './odata/query.js';
import { namedUser, referencedObject } from './references.js';
import { type EntitySchema, flag, list, mergeProperties, object, readEntity, text, time } from './schema.js';
import { defaultProperties, viewMixed, viewUser } from './views.js';

const SHORT = text({ max: 128 });
const PASSWORD_POLICY =
  /^(?:(?:None|DisableStrongPassword|DisablePasswordExpiration)(?:, ?(?:DisableStrongPassword|DisablePasswordExpiration))?)?$/;

export const USER_SCHEMA: EntitySchema = {
  type: 'user',
  requiredAtCreate: ['accountEnabled', 'displayName', 'mailNickname', 'passwordProfile', 'userPrincipalName'],
  onlyAtCreate: [],
  readOnly: [
    'id',
    'assignedLicenses',
    'createdDateTime',
    'deletedDateTime',
    'onPremisesSyncEnabled',
    'proxyAddresses',
    'externalUserState',
  ],
  bindings: [],
  properties: {
    accountEnabled: flag({ nullable: false }),
    ageGroup: text({ oneOf: ['Adult', 'Minor', 'NotAdult'] }),
    businessPhones: list(text({ nullable: false, max: 64 }), { max: 1 }),
    city: SHORT,
    companyName: text({ max: 64 }),
    consentProvidedForMinor: text({ oneOf: ['Granted', 'Denied', 'NotRequired'] }),
    country: SHORT,
    department: text({ max: 64 }),
    displayName: text({ nullable: false, min: 1, max: 256 }),
    employeeHireDate: time(),
    employeeId: text({ max: 16 }),
    employeeOrgData: object({ costCenter: text(), division: text() }),
    employeeType: text(),
    faxNumber: text(),
    givenName: text({ max: 64 }),
    jobTitle: SHORT,
    mail: text({ max: 256, pattern: /^[^@\s]+@[^@\s]+$/ }),
    mailNickname: text({ nullable: false, min: 1, max: 64 }),
    mobilePhone: text({ max: 64 }),
    officeLocation: SHORT,
    onPremisesImmutableId: text(),
    otherMails: list(text({ nullable: false, max: 250 })),
    passwordPolicies: text({ pattern: PASSWORD_POLICY }),
    passwordProfile: object({
      forceChangePasswordNextSignIn: flag(),
      forceChangePasswordNextSignInWithMfa: flag(),
      password: text({ min: 8, max: 256 }),
    }),
    postalCode: text({ max: 40 }),
    preferredLanguage: text(),
    showInAddressList: flag(),
    state: SHORT,
    streetAddress: text({ max: 1024 }),
    surname: text({ max: 64 }),
    usageLocation: text({ pattern: /^[A-Z]{2}$/ }),
    userPrincipalName: text({ nullable: false, pattern: /^[^@\s]{1,64}@[^@\s]+$/ }),
    userType: text({ oneOf: ['Member', 'Guest'] }),
  },
};

export function listUsers(context: GraphContext): GraphAnswer {
  const { directory, version } = context;
  return answerList(context, {
    set: 'users',
    type: 'user',
    fields: {
      scalars: [
        'accountEnabled',
        'city',
        'country',
        'department',
        'displayName',
        'employeeId',
        'givenName',
        'id',
        'jobTitle',
        'mail',
        'mailNickname',
        'surname',
        'usageLocation',
        'userPrincipalName',
        'userType',
      ],
      lists: ['otherMails', 'proxyAddresses'],
    },
    candidates: tableCandidates(directory.users, (user) => directory.sees(user)),
    view: viewUser,
    unselected: (view) => defaultProperties(view, version),
  });
}

export function getUser(context: GraphContext): GraphAnswer {
  const view = viewUser(namedUser(context));
  const isSelected = context.request.query.has('$select');
  return answerEntity(context, 'users', 'user', isSelected ? view : defaultProperties(view, context.version));
}

export function createUser(context: GraphContext): GraphAnswer {
  const { directory } = context;
  const { values } = readEntity(USER_SCHEMA, jsonBody(context), 'create');
  const { passwordProfile, ...rest } = values;
  checkPassword(passwordProfile, 'create');
  const properties = withAddresses(mergeProperties(emptyUser(), rest));
  checkName(context, properties, undefined);
  const user: User = {
    ...directory.stamp(),
    kind: 'user',
    id: directory.random.nextUuid('user'),
    manager: null,
    properties,
  };
  directory.put(user);
  return {
    status: 201,
    body: entity(context, 'users/$entity', defaultProperties(viewUser(user), context.version)),
    location: `/users/${user.id}`,
  };
}

export function updateUser(context: GraphContext): GraphAnswer {
  const user = namedUser(context);
  const { values } = readEntity(USER_SCHEMA, jsonBody(context), 'update');
  const { passwordProfile, ...rest } = values;
  if (passwordProfile !== undefined) checkPassword(passwordProfile, 'update');
  const properties = withAddresses(mergeProperties(user.properties, rest));
  checkName(context, properties, user.id);
  context.directory.put({ ...user, properties });
  return NO_CONTENT;
}

export function deleteUser(context: GraphContext): GraphAnswer {
  context.directory.softDelete(namedUser(context));
  return NO_CONTENT;
}

export function getManager(context: GraphContext): GraphAnswer {
  const user = namedUser(context);
  const manager = user.manager === null ? undefined : context.directory.find(user.manager);
  if (manager === undefined) throw notFound('manager');
  const view = viewMixed(context.directory, manager);
  const selected = selectProperties(view, readSelectQuery(context.request), 'directoryObject');
  return { status: 200, body: entity(context, 'directoryObjects/$entity', selected) };
}

export function setManager(context: GraphContext): GraphAnswer {
  const user = namedUser(context);
  const manager = referencedObject(context, jsonBody(context)['@odata.id']);
  if (manager.kind !== 'user')
    throw badRequest("The reference target is invalid for the 'manager' reference.");
  context.directory.put({ ...user, manager: manager.id });
  return NO_CONTENT;
}

export function removeManager(context: GraphContext): GraphAnswer {
  const user = namedUser(context);
  if (user.manager === null) throw notFound('manager');
  context.directory.put({ ...user, manager: null });
  return NO_CONTENT;
}

/** Tokens of applications are nobody's: there is no `me`. */
export function refuseMe(): never {
  throw badRequest('/me request is only valid with delegated authentication flow.', 'BadRequest');
}

/** The password itself is not kept: nobody signs in as a user here. */
function checkPassword(profile: unknown, mode: 'create' | 'update'): void {
  const password = isJsonObject(profile) ? textOf(profile.password) : undefined;
  if (password === undefined) {
    if (mode === 'update') return;
    throw badRequest('A password must be specified to create a new user.');
  }
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((kind) => kind.test(password)).length;
  if (kinds < 3) {
    throw badRequest('The specified password does not comply with password complexity requirements.');
  }
}

function withAddresses(properties: JsonObject): JsonObject {
  const mail = textOf(properties.mail);
  return { ...properties, proxyAddresses: mail === undefined ? [] : [`SMTP:${mail}`] };
}

/** The user principal name is unique, and of a verified domain. */
function checkName({ directory }: GraphContext, properties: JsonObject, ownId: string | undefined): void {
  const name = textOf(properties.userPrincipalName) ?? '';
  const domain = name.slice(name.indexOf('@') + 1).toLowerCase();
  if (!directory.tenant.domains.some((known) => known.isVerified && known.id === domain)) {
    throw badRequest(
      'The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain names in your ' +
        'organization.',
    );
  }
  const twins = directory.users.lookUp('userPrincipalName', name) ?? [];
  if (twins.some((twin) => twin.id !== ownId)) {
    throw new GraphError(
      400,
      'Request_BadRequest',
      'Another object with the same value for property userPrincipalName already exists.',
    );
  }
}
