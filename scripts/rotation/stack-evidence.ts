/** What Microsoft's and Google's logs say about the hand-over of one stack. */
import type { Ledger } from '../../infra/rotation/ledger.js';
import {
  collectEvidence,
  googleLogReader,
  type Judgement,
  judgeEvidence,
} from '../../infra/rotation-evidence/index.js';
import { type RegistrationRequest, viewRegistration } from './registration.js';

/**
 * Reads both logs and judges them.
 *
 * @throws InteropError when nobody can sign in; logs that may not be read are told of in `why`
 */
export async function stackEvidence(
  request: RegistrationRequest & { readonly ledger: Ledger; readonly now: Date },
): Promise<Judgement> {
  const { context, config, ledger, now } = request;
  const { signedIn, graph, registration } = await viewRegistration(request);
  if (registration === undefined) {
    return { confirmed: [], silent: [], contradictions: [], why: ['There is no registration yet.'] };
  }
  const { env, signal } = context;
  const google = await googleLogReader({ google: config.google, env, trust: signedIn.trust, signal });
  const sources = { graph: async () => graph, google };
  const observations = await collectEvidence(sources, registration.appId, ledger);
  return judgeEvidence({
    ledger,
    clientId: registration.appId,
    endpoints: config.endpoints,
    observations,
    now,
  });
}
