/** Calendar visibility: what everybody in the organisation sees of calendars, planned, raised, undone and reported. */
export { applyVisibility, type Baseline, type VisibilityResult } from './apply.js';
export { unknownExclusionText } from './exclusions.js';
export { type VisibilityFiles, visibilityFiles } from './files.js';
export { lastAccount, readAccount, type SweepAccount } from './journal.js';
export type { WantedLevel } from './levels.js';
export { applyText, type Counts, noCounts, type Outcome, planText, totalOf, undoText } from './outcome.js';
export { Pending } from './pending.js';
export { planVisibility, type VisibilityPlan, type VisibilityTarget } from './plan.js';
export { ProgressText } from './progress.js';
export { makeReport, type ReportRow, readLastSweep, reportLines, type VisibilityReport } from './report.js';
export { reportPage } from './report-page.js';
export type { SweepProgress } from './sweep.js';
export type { SweepTools } from './tools.js';
export { type UndoResult, undoVisibility } from './undo.js';
export { UndoRecord } from './undo-record.js';
