/** /reports: which credential signed in last (learn.microsoft.com/graph/api/resources/appcredentialsigninactivity, beta). */
import { isoSeconds } from '../clock.js';
import type { Directory } from '../entra/directory.js';
import type { Application } from '../entra/model.js';
import type { SignIn } from '../entra/sign-in-log.js';
import { all } from '../entra/table.js';
import type { JsonObject } from '../json.js';
import type { GraphAnswer, GraphContext } from './context.js';
import { notEmulated } from './errors.js';
import { answerList, listCandidates } from './lists.js';

/** Something about a credential that has signed in. */
interface Activity {
  readonly application: Application;
  readonly credential: {
    readonly keyId: string;
    readonly startDateTime: string;
    readonly endDateTime: string;
    readonly keyType: 'clientSecret' | 'certificate';
  };
  readonly last: SignIn;
}

/** One row for each secret and certificate that has signed in; one that never did has none. */
export function listCredentialSignIns(context: GraphContext): GraphAnswer {
  if (context.version !== 'beta') throw notEmulated('reports/appCredentialSignInActivities in v1.0');
  const { directory } = context;
  const fault = directory.takeReportFault();
  const activities = fault === 'reportEmpty' ? [] : [...activitiesOf(directory)];
  return answerList<Activity>(context, {
    set: 'reports/appCredentialSignInActivities',
    type: 'appCredentialSignInActivity',
    fields: { scalars: ['appId', 'keyId'], lists: [] },
    candidates: listCandidates(activities),
    view: (activity) => viewActivity(directory, activity, fault === 'reportContradiction'),
  });
}

function* activitiesOf(directory: Directory): Iterable<Activity> {
  for (const application of all(directory.applications)) {
    const credentials = [
      ...application.passwords.map((password) => ({ ...password, keyType: 'clientSecret' as const })),
      ...application.keys.map((key) => ({ ...key, keyType: 'certificate' as const })),
    ];
    for (const credential of credentials) {
      const last = directory.signIns.lastShown(credential.keyId);
      if (last !== undefined) yield { application, credential, last };
    }
  }
}

const HOUR_MS = 3_600_000;

/** Contradictory: a use an hour before the credential was made. */
function viewActivity(
  directory: Directory,
  { application, credential, last }: Activity,
  contradictory: boolean,
): JsonObject {
  const at = contradictory ? Date.parse(credential.startDateTime) - HOUR_MS : last.at;
  return {
    id: Buffer.from(`${credential.keyId}|application`).toString('base64'),
    appId: application.appId,
    appObjectId: application.id,
    createdDateTime: credential.startDateTime,
    credentialOrigin: 'application',
    expirationDateTime: credential.endDateTime,
    keyId: credential.keyId,
    keyType: credential.keyType,
    keyUsage: 'verify',
    resourceId: last.resourceId,
    servicePrincipalObjectId: directory.principalByAppId(application.appId)?.id ?? null,
    signInActivity: { lastSignInDateTime: isoSeconds(at), lastSignInRequestId: last.requestId },
  };
}
