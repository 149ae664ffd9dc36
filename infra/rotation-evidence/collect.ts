/** Reads what there is to see of a hand-over. What cannot be read is told, and ends nothing: evidence is advisory. */
import { InteropError } from '../errors.js';
import type { CredentialSignIn, GraphClient } from '../graph/client.js';
import type { Ledger } from '../rotation/ledger.js';
import type { Checked, GoogleLog, GoogleLogReader, KeyUse, Observations } from './observations.js';

/** Who is asked. */
export interface EvidenceSources {
  graph(): Promise<Pick<GraphClient, 'listCredentialSignIns'>>;
  readonly google: GoogleLogReader;
}

/**
 * @param clientId of the registration
 * @throws InteropError of kind `cancelled` only
 */
export async function collectEvidence(
  { graph, google }: EvidenceSources,
  clientId: string,
  ledger: Ledger,
): Promise<Observations> {
  const [signIns, log] = await Promise.all([
    checked(async () => secretUses(await (await graph()).listCredentialSignIns(clientId))),
    checked(async () => await google(observedSince(ledger))).then(flat),
  ]);
  return { signIns, google: log };
}

/** Google's log counts from the moment on that the newest secret was begun. */
export function observedSince(ledger: Ledger): Date {
  const newest = Math.max(...Object.values(ledger.slots).map((slot) => slot?.generation ?? 0));
  const begun = ledger.log.find(({ generation }) => generation === newest) ?? ledger.log.at(0);
  return new Date(begun?.at ?? 0);
}

async function checked<T>(read: () => Promise<T>): Promise<Checked<T>> {
  try {
    return { checked: true, value: await read() };
  } catch (error) {
    if (!(error instanceof InteropError) || error.kind === 'cancelled') throw error;
    return { checked: false, why: [error.summary, ...error.problems.map(({ what }) => what)].join(': ') };
  }
}

function flat(outcome: Checked<Checked<GoogleLog>>): Checked<GoogleLog> {
  return outcome.checked ? outcome.value : outcome;
}

/** Google signs in with a secret: certificates are others'. */
function secretUses(rows: readonly CredentialSignIn[]): readonly KeyUse[] {
  return rows.filter(({ keyType }) => keyType !== 'certificate').map(keyUse);
}

function keyUse({ appId, keyId, createdDateTime, signInActivity }: CredentialSignIn): KeyUse {
  return {
    keyId,
    appId: appId ?? undefined,
    madeAt: timeOf(createdDateTime),
    lastUse: timeOf(signInActivity?.lastSignInDateTime),
  };
}

/** Undefined for what is no time, as for what is not told. */
function timeOf(text: string | null | undefined): Date | undefined {
  const time = new Date(text ?? '');
  return Number.isNaN(time.getTime()) ? undefined : time;
}
