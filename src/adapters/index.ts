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
export { LowRankAdapter, type LowRankFactors, type OfLowRank } from './low-rank-adapter';
export { mergeAdapters, removeAdapters, unmergeAdapters } from './merge';
export { type AuroRaOptions, auroRa } from './methods/auro-ra';
export { type DoraOptions, dora } from './methods/dora';
export { type FlatLora, type FlatLoraOptions, type FlatLoraState, flatLora } from './methods/flat-lora';
export { type GeoLora, type GeoLoraOptions, type GeoLoraState, geoLora } from './methods/geo-lora';
export { type LilyLayer, type LilyOptions, lily } from './methods/lily';
export { type LoraOptions, lora } from './methods/lora';
export { type LoraMiniOptions, loraMini } from './methods/lora-mini';
export { type LorsOptions, lors } from './methods/lors';
export { type MoraLayer, type MoraOptions, mora } from './methods/mora';
export type { MoraType } from './methods/mora-maps';
export { type NoraOptions, nora } from './methods/nora';
export { type PeriodicLora, type PeriodicLoraOptions, type PeriodicState, periodicLora } from './methods/periodic-lora';
export { type ReLoraOptions, reLora } from './methods/re-lora';
export { type SoraOptions, sora } from './methods/sora';
export { type VectorFitLayer, type VectorFitOptions, vectorFit } from './methods/vector-fit';
export { type VeraLayer, type VeraOptions, type VeraPair, vera } from './methods/vera';
export { type XgbLoraOptions, xgbLora } from './methods/xgb-lora';
export { attachPeft, peftOf } from './peft';
export { type PruneOptions, prune } from './prune';
export { type AdaLora, type AdaLoraOptions, adaLora } from './ranks/ada-lora';
export { type BlockStates, type BlockStatesOptions, blockStates } from './ranks/block-states';
export { type BlockDimensions, type GeLoraRanks, type GeLoraRanksOptions, geLoraRanks } from './ranks/ge-lora-ranks';
export { type GoraRanks, type GoraRanksOptions, goraRanks } from './ranks/gora-ranks';
export { type PlacementScore, type PlacementScoresOptions, placementScores } from './ranks/placement-scores';
export type { RankedAdapterSettings, RankPolicy, RankSite, SiteRank } from './ranks/rank-policy';
export { type ReallocateOptions, type Reallocation, reallocateRanks } from './ranks/reallocate-ranks';
export { type TwoNNOptions, twoNN } from './ranks/two-nn';
export { type WeLoreCounts, type WeLoreOptions, weLoreCounts, weLoreRanks } from './ranks/we-lore-ranks';
export { attachSaved, savedAdapters } from './saved';
export { type Site, sitesOf } from './sites';
export { type SparsityOptions, type SparsityRow, sparsity } from './sparsity';
export type { AdapterSite, DrawSite, FactorInit, Factors } from './starts/first-factors';
export { type GoraStartOptions, goraStart } from './starts/gora-start';
export { type GradientSvdOptions, gradientSvd } from './starts/gradient-svd';
export { type LoraGaOptions, loraGa } from './starts/lora-ga';
export type { GradientSource } from './starts/mean-gradient';
export { type OrthonormalOptions, orthonormal } from './starts/orthonormal';
export { type PissaOptions, pissa } from './starts/pissa';
