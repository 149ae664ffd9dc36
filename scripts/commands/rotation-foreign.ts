/** What `rotation adopt` and `rotation remove` look at. */
import { type ForeignView, findForeignSecrets } from '../rotation/foreign-secrets.js';
import { viewRegistration } from '../rotation/registration.js';
import type { Rotation } from '../rotation/rotation.js';

/** The secrets of somebody else on the registration; the state is asked which ones are the stack's own. */
export async function foreignOf(rotation: Rotation): Promise<ForeignView> {
  const engine = await rotation.engine();
  const [{ graph, registration }, held] = await Promise.all([viewRegistration(rotation), engine.secrets()]);
  const inState = held.map(({ keyId }) => keyId);
  return await findForeignSecrets({ graph, registration, ledger: rotation.ledger, inState });
}
