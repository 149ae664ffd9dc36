/** The doors to this folder: an availability look-up as Google makes it, with a diagnosis. */
export type { AttendeeAnswer, BusyTime, Detail } from './attendee.js';
export { type EndpointCheck, type EndpointReport, type Step, verifyEndpoint, type Way } from './endpoint.js';
export { type Finding, stageName } from './finding.js';
export { LEAVES, type LeafCode, STAGES, type Stage } from './leaves.js';
export type { AttendeeReport } from './people.js';
export { GOOGLE_NOT_CHECKED, type GoogleSight, type GoogleState, type TenantSight } from './sight.js';
export { internet, type Surroundings } from './surroundings.js';
export { MOST_DAYS, type TimeWindow, windowFrom } from './window.js';
