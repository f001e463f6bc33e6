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
export { LowRankAdapter, type LowRankFactors } from './low-rank-adapter';
export { mergeAdapters, removeAdapters, unmergeAdapters } from './merge';
export { type LoraOptions, lora } from './methods/lora';
export { type LorsOptions, lors } from './methods/lors';
export { type PeriodicLora, type PeriodicLoraOptions, type PeriodicState, periodicLora } from './methods/periodic-lora';
export { type XgbLoraOptions, xgbLora } from './methods/xgb-lora';
export { attachPeft, peftOf } from './peft';
export { type PruneOptions, prune } from './prune';
export { attachSaved, savedAdapters } from './saved';
export { type Site, sitesOf } from './sites';
export { type SparsityOptions, type SparsityRow, sparsity } from './sparsity';
export type { AdapterSite, DrawSite, FactorInit, Factors } from './starts/first-factors';
export { type GradientSvdOptions, gradientSvd } from './starts/gradient-svd';
export { type LoraGaOptions, loraGa } from './starts/lora-ga';
export type { GradientSource } from './starts/mean-gradient';
