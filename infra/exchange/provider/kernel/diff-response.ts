/** The engine's form of a diff: which properties change, and whether that takes a new resource. */
import providerPb from '@pulumi/pulumi/proto/provider_pb.js';
import { type Change, isIgnored, rootOf } from './diff.js';

/** What a resource says about its changes. */
export interface ReplacementRules {
  readonly replaceOn: readonly string[];
  readonly deleteBeforeReplace: boolean;
  readonly stables: readonly string[];
}

const { Kind } = providerPb.PropertyDiff;
const KINDS = {
  add: [Kind.ADD, Kind.ADD_REPLACE],
  update: [Kind.UPDATE, Kind.UPDATE_REPLACE],
  delete: [Kind.DELETE, Kind.DELETE_REPLACE],
} as const;

/** @param ignored paths that `ignoreChanges` names */
export function diffResponse(
  changes: readonly Change[],
  rules: ReplacementRules,
  ignored: readonly string[] = [],
): providerPb.DiffResponse {
  const counted = changes.filter((change) => !isIgnored(change.path, ignored));
  const replaces = namesOf(counted).filter((name) => rules.replaceOn.includes(name));
  const response = new providerPb.DiffResponse();
  response.setChanges(
    counted.length === 0
      ? providerPb.DiffResponse.DiffChanges.DIFF_NONE
      : providerPb.DiffResponse.DiffChanges.DIFF_SOME,
  );
  response.setDiffsList(namesOf(counted));
  response.setReplacesList(replaces);
  response.setDeletebeforereplace(replaces.length > 0 && rules.deleteBeforeReplace);
  response.setStablesList(replaces.length > 0 ? [] : [...rules.stables]);
  response.setHasdetaileddiff(true);
  for (const change of counted) {
    const detail = new providerPb.PropertyDiff();
    detail.setKind(KINDS[change.kind][replaces.includes(rootOf(change.path)) ? 1 : 0]);
    detail.setInputdiff(change.inputDiff);
    response.getDetaileddiffMap().set(change.path, detail);
  }
  return response;
}

function namesOf(changes: readonly Change[]): string[] {
  return [...new Set(changes.map((change) => rootOf(change.path)))];
}
