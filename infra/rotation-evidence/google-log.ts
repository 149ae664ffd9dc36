/** Google's side of a hand-over, from its audit log (infra/google/audit.ts). */
import type { GoogleSurroundings } from '../google/index.js';
import { GOOGLE_NOT_CHECKED, type GoogleLogReader } from './observations.js';

/** Reads Google's log where the configuration says how; else a reader that says that it was not checked. */
export async function googleLogReader(surroundings: GoogleSurroundings): Promise<GoogleLogReader> {
  if (surroundings.google === undefined) return GOOGLE_NOT_CHECKED;
  const { lookUps, openGoogle, savedForms } = await import('../google/index.js');
  return async (since) => {
    const google = await openGoogle(surroundings);
    if (google === undefined) return await GOOGLE_NOT_CHECKED(since);
    const [forms, seen] = await Promise.all([
      savedForms(google, { since }),
      lookUps(google, { since, successful: true }),
    ]);
    return { checked: true, value: { forms, lookUps: seen } };
  };
}
