/** Everything that can be known before the first change. */
export {
  CHECK_GROUPS,
  type Check,
  type CheckGroup,
  type CheckState,
  GIVE_GOOGLE,
  groupOf,
} from './checks.js';
export { listPeople } from './directory-users.js';
export { type PreflightPlaces, preflight } from './preflight.js';
