/**
 * Failures of cmdlets: class, text and the shape in which REST wraps them (docs: the message is `<id>|<.NET class>|<text>`).
 *
 * Classes and texts follow what callers of Exchange Online have recorded; those that nobody has are marked UNCONFIRMED.
 */
import { createHash } from 'node:crypto';

/**
 * How REST shows a failure: `transformation` (a value that is no member of its enum: no details), `parameters` (names that fit no
 * parameter set) or `cmdlet` (the cmdlet ran and failed).
 */
export type FailureShape = 'transformation' | 'parameters' | 'cmdlet';

/** PowerShell's ErrorCategory, of those in use here. */
export type FailureCategory =
  | 'InvalidArgument'
  | 'InvalidData'
  | 'ObjectNotFound'
  | 'ResourceExists'
  | 'NotSpecified'
  | 'OperationTimeout';

export interface CmdletFailure {
  readonly shape: FailureShape;
  /** Exchange's short hash of the place that failed, such as `Ex6F9304`; often empty. */
  readonly stringId: string;
  /** With namespace. */
  readonly className: string;
  readonly text: string;
  readonly category: FailureCategory;
  readonly transient: boolean;
}

export class CmdletError extends Error {
  override readonly name = 'CmdletError';
  constructor(readonly failure: CmdletFailure) {
    super(failure.text);
  }
}

/** The domain controller that texts name. */
export const DOMAIN_CONTROLLER = 'DB7PR08A01DC002.EURPR08A01.PROD.OUTLOOK.COM';

const TASKS = 'Microsoft.Exchange.Configuration.Tasks';
const STORE_TASKS = 'Microsoft.Exchange.Management.StoreTasks';
const INVOCATION = 'Microsoft.Exchange.AdminApi.CommandInvocation';

function failure(
  className: string,
  text: string,
  category: FailureCategory,
  stringId = '',
  shape: FailureShape = 'cmdlet',
): CmdletError {
  return new CmdletError({ shape, stringId, className, text, category, transient: false });
}

/** An object that does not exist, or is not seen yet. */
export function notFound(identity: string): CmdletError {
  return failure(
    `${TASKS}.ManagementObjectNotFoundException`,
    `The operation couldn't be performed because object '${identity}' couldn't be found on '${DOMAIN_CONTROLLER}'.`,
    'ObjectNotFound',
    'Ex6F9304',
  );
}

/** UNCONFIRMED: the text in front of "matches multiple entries.". */
export function ambiguous(identity: string): CmdletError {
  return failure(
    `${TASKS}.ManagementObjectNotFoundException`,
    `The operation couldn't be performed because '${identity}' matches multiple entries.`,
    'ObjectNotFound',
    'Ex9E65A2',
  );
}

/** A folder that the mailbox does not have; this text names no domain controller. */
export function folderNotFound(identity: string): CmdletError {
  return failure(
    `${TASKS}.ManagementObjectNotFoundException`,
    `The operation couldn't be performed because '${identity}' couldn't be found.`,
    'ObjectNotFound',
  );
}

export function userNotInPermissions(displayName: string): CmdletError {
  return failure(
    `${STORE_TASKS}.UserNotFoundInPermissionEntryException`,
    `There is no existing permission entry found for user: ${displayName}.`,
    'ObjectNotFound',
  );
}

export function userAlreadyInPermissions(displayName: string): CmdletError {
  return failure(
    `${STORE_TASKS}.UserAlreadyExistsInPermissionEntryException`,
    `An existing permission entry was found for user: ${displayName}.`,
    'ResourceExists',
  );
}

export function invalidExternalUser(user: string): CmdletError {
  return failure(
    `${STORE_TASKS}.InvalidExternalUserIdException`,
    `The user "${user}" is either not valid SMTP address, or there is no matching information.`,
    'InvalidArgument',
  );
}

/** UNCONFIRMED: the text. */
export function specialUser(displayName: string): CmdletError {
  return failure(
    `${STORE_TASKS}.CannotRemoveSpecialUserException`,
    `The permission entry of "${displayName}" can't be removed because it is a special user.`,
    'InvalidArgument',
  );
}

/** UNCONFIRMED: the text. */
export function protectedFolder(identity: string): CmdletError {
  return failure(
    `${STORE_TASKS}.CannotChangePermissionsOnFolderException`,
    `Permissions on the folder '${identity}' can't be changed.`,
    'InvalidArgument',
  );
}

/** A value that is of the right type and makes no sense. */
export function badArgument(text: string): CmdletError {
  return failure('System.ArgumentException', text, 'InvalidArgument');
}

/** UNCONFIRMED: class and text. */
export function alreadyExists(what: string): CmdletError {
  return failure(
    'Microsoft.Exchange.Data.Directory.ADObjectAlreadyExistsException',
    `Active Directory operation failed on ${DOMAIN_CONTROLLER}. The object '${what}' already exists.`,
    'ResourceExists',
  );
}

/** An operation that the state of things forbids. UNCONFIRMED: class and text. */
export function refused(text: string): CmdletError {
  return failure(
    'Microsoft.Exchange.Configuration.Tasks.TaskInvalidOperationException',
    text,
    'NotSpecified',
  );
}

/** A value that is no member of its enum, or a filter that is no filter. */
export function badTransformation(text: string): CmdletError {
  return failure(`${INVOCATION}.ParameterTransformationException`, text, 'InvalidData', '', 'transformation');
}

/** Names that fit no parameter set: an unknown one, or one that is missing. */
export function badParameters(text: string): CmdletError {
  return failure(`${INVOCATION}.AmbiguousParameterSetException`, text, 'InvalidArgument', '', 'parameters');
}

/** What passes by itself. UNCONFIRMED: class and text. */
export function transientFailure(): CmdletError {
  return new CmdletError({
    shape: 'cmdlet',
    stringId: 'ExD3A2F0',
    className: 'Microsoft.Exchange.Data.Storage.StorageTransientException',
    text: 'A transient storage failure occurred. Please try again later.',
    category: 'OperationTimeout',
    transient: true,
  });
}

/** The message as it travels. */
export function taggedMessage({ stringId, className, text }: CmdletFailure): string {
  return `${stringId}|${className}|${text}`;
}

/**
 * Status and code of the answer. They do not classify: "not found" has been seen as 400, 404 and 500. Which one comes depends
 * on the text alone, so that tests meet them all and always the same.
 */
export function statusOf({ shape, text, transient }: CmdletFailure): {
  readonly status: number;
  readonly code: string;
} {
  if (shape !== 'cmdlet') return { status: 400, code: 'BadRequest' };
  if (transient) return { status: 500, code: 'InternalServerError' };
  const pick = (createHash('sha256').update(text).digest()[0] ?? 0) % 3;
  const choices = [
    { status: 404, code: 'NotFound' },
    { status: 400, code: 'BadRequest' },
    { status: 500, code: 'InternalServerError' },
  ] as const;
  return choices[pick] ?? choices[0];
}

export function shortClass({ className }: CmdletFailure): string {
  return className.slice(className.lastIndexOf('.') + 1);
}
