/**
 * The kernel of Pulumi providers: a provider is data, see {@link defineProvider}; everything that the engine's protocol
 * wants is done here.
 */
export { type CheckFailure, didYouMean } from './checking.js';
export {
  type Configuring,
  type DiffRequest,
  defineFunction,
  defineProvider,
  defineResource,
  type Existing,
  type FunctionDefinition,
  type MaybeUnknown,
  type Operation,
  type OperationLog,
  type PreviewRequest,
  type Provider,
  type ProviderDefinition,
  type ProviderFunction,
  type Resource,
  type ResourceDefinition,
} from './definition.js';
export { type Change, type CompareOptions, compareProperties } from './diff.js';
export { Cancelled, PartialFailure, RefusedRequest } from './failures.js';
export { runProvider } from './run-provider.js';
export { type ServedProvider, serveProvider } from './server.js';
export {
  formatPath,
  hasUnknown,
  type Properties,
  type PropertyPath,
  type PropertyValue,
  Secret,
  UNKNOWN,
  Unknown,
} from './values.js';
