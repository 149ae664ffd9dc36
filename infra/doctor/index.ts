/** The doors to this folder: everything that can be said of a stack, in one report with one verdict. */
export { type DriftedResource, driftSection } from './from-drift.js';
export { EWS_NOTICE_DAYS, ewsSection } from './from-ews.js';
export { preflightSection } from './from-preflight.js';
export { rotationSection } from './from-rotation.js';
export { type LookUpResults, type UnprovenEndpoint, verifySection } from './from-verify.js';
export { doctorPage } from './page.js';
export { sectionLines, verdictLines } from './report-lines.js';
export { blockedSection, type Item, SECTION_IDS, type Section, type SectionId, STATES } from './section.js';
export { type DoctorReport, doctorReport, type Verdict, verdictOf } from './verdict.js';
