/** Whether the licences are there that the role mailboxes will need. Reads only. */
import type { StackConfig } from '../config.js';
import { InteropError } from '../errors.js';
import { type DirectoryPort, numberedAddresses } from '../exchange/role-mailboxes/index.js';
import { findSku, freeUnits, isLicensed, requireFree } from '../exchange/role-mailboxes/licences.js';
import { type Check, fault, fine } from './checks.js';

export async function licenceChecks(
  directory: DirectoryPort,
  config: StackConfig,
): Promise<readonly Check[]> {
  if (config.roleMailboxes.length === 0)
    return [fine('licences.role-mailboxes', 'this stack makes no role mailboxes')];
  const skus = await directory.subscribedSkus();
  const needed = new Map<string, number>();
  for (const { address, count, sku } of config.roleMailboxes) {
    for (const one of numberedAddresses(address, count)) {
      const user = await directory.getUser(one);
      const isCovered = user !== undefined && isLicensed(user, skus);
      needed.set(sku, (needed.get(sku) ?? 0) + (isCovered ? 0 : 1));
    }
  }
  return [...needed].map(([wanted, count]) => skuCheck(wanted, count, skus));
}

function skuCheck(wanted: string, count: number, skus: Parameters<typeof findSku>[0]): Check {
  const id: Check['id'] = `licences.${wanted}`;
  try {
    const sku = findSku(skus, wanted);
    requireFree(sku, count, skus);
    return fine(
      id,
      count === 0
        ? 'all role mailboxes have their licence'
        : `${count} of ${sku.partNumber} are needed and free`,
      `${freeUnits(sku)} free of ${sku.enabled}`,
    );
  } catch (error) {
    if (!(error instanceof InteropError)) throw error;
    const [problem] = error.problems;
    return fault(id, error.summary, {
      found: [problem?.what, problem?.found].filter((part) => part !== undefined).join(': '),
      ...(problem?.allowed === undefined ? {} : { allowed: problem.allowed }),
      next: error.next[0] ?? `get a licence of ${wanted}, then run calendar-interop preflight`,
    });
  }
}
