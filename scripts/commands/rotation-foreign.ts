/** What `rotation adopt` and `rotation remove` look at. */
import type { ForeignView } from '../rotation/foreign-secrets.js';
import type { Rotation } from '../rotation/rotation.js';

/**
 * The secrets of somebody else on the registration; the state is asked which ones are the stack's own.
 *
 * @throws InteropError why nobody could look
 */
export async function foreignOf(rotation: Rotation): Promise<ForeignView> {
  const held = await (await rotation.engine()).secrets();
  const view = await rotation.foreignSecrets(held.map(({ keyId }) => keyId));
  if (view.notChecked !== undefined) throw view.notChecked;
  return view;
}
