/** Evidence that Google has moved to a new secret: read, then judged. Evidence is advisory: a person's word is enough, too. */
export { collectEvidence, type EvidenceSources, observedSince } from './collect.js';
export { googleLogReader } from './google-log.js';
export { type EvidenceCase, type Judgement, judgeEvidence } from './judge.js';
export {
  type Checked,
  type FormEvent,
  GOOGLE_NOT_CHECKED,
  type GoogleLog,
  type GoogleLogReader,
  type KeyUse,
  type LookUp,
  type Observations,
} from './observations.js';
