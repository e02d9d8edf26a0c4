// The rooms merge/ and admission/ for their tests: every function as an export, and memory to put objects into.
export { abort } from "../../engine-as/abort";
export {
  canMerge,
  canonicalFlowspec,
  compareFlowspecs,
  flowspecMaximumSize,
  flowspecService,
  greatestLowerBoundFlowspecs,
  isStrictlyGreater,
  leastUpperBoundFlowspecs,
  mergeFlowspecs,
} from "../../engine-as/merge/flowspec";
export {
  addToTspecSum,
  compareTspecs,
  effectiveFlowspec,
  finishTspecSum,
  flowspecFromTspec,
  minimumTspec,
  startTspecSum,
  sumTspecs,
  writeSenderTspec,
} from "../../engine-as/merge/tspec";
export { validateAdspec, validateAnyAdspec, validateFlowspec, validateTspec } from "../../engine-as/merge/validate";
export { composeAdspec, composeAnyAdspec, createAdspec } from "../../engine-as/merge/adspec";
export * from "../../engine-as/merge/delay";
export { arithmetic } from "../../engine-as/merge/arithmetic";
export { admit, admitRate, countedRate, effectiveRate } from "../../engine-as/admission/admission";

/** Four regions of 64 KB and an inbox and outbox of 70,000 bytes, far apart, so that a stray write is seen. */
const REGION: usize = memory.data(6 * 131072, 8);

export function region(index: u32): usize {
  return REGION + index * 131072;
}
