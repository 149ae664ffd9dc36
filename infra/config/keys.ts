/**
 * The top-level keys of the stack's configuration by name alone, so that shell completion loads no schema.
 * A test keeps them equal to the schema's.
 */

/** Keys of namespace `calendar-interop`, in the order in which the reference and the errors list them. */
export const STACK_CONFIG_KEYS = [
  'tenant',
  'protocol',
  'access',
  'registration',
  'secret',
  'endpoints',
  'eventDetails',
  'roomBooking',
  'exchange',
  'visibility',
  'roleMailboxes',
  'ewsAccess',
  'google',
  'rotation',
] as const;

export type StackConfigKey = (typeof STACK_CONFIG_KEYS)[number];

/** Pulumi's project name, which is the namespace of our keys. */
export const CONFIG_NAMESPACE = 'calendar-interop';
