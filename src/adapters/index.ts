// The list of adapters and the tools around them.
export { adaptersOf } from './adapters-of';
export {
  type AdaptedLayer,
  type AdapterPlace,
  type AdapterReport,
  type AttachedLayer,
  type AttachOptions,
  attachAdapters,
} from './attach';
export { type CompactedLayer, compact } from './compact';
export type { AdapterSite, DrawSite, FactorInit, Factors } from './first-factors';
export { type GradientSource, type GradientSvdOptions, gradientSvd, type LoraGaOptions, loraGa } from './gradient-init';
export { type LoraOptions, lora } from './lora';
export { type LorsOptions, lors } from './lors';
export { LowRankAdapter, type LowRankFactors } from './low-rank-adapter';
export { mergeAdapters, removeAdapters, unmergeAdapters } from './merge';
export { attachPeft, peftOf } from './peft';
export { type PeriodicLora, type PeriodicLoraOptions, type PeriodicState, periodicLora } from './periodic-lora';
export { type PruneOptions, prune } from './prune';
export { type Site, sitesOf } from './sites';
export { type SparsityOptions, type SparsityRow, sparsity } from './sparsity';
export { type XgbLoraOptions, xgbLora } from './xgb-lora';
