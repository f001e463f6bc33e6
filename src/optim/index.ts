// The list of transforms: one line each.

export { applyUpdates } from './apply-updates';
export { type AccumulateState, accumulate } from './combinators/accumulate';
export { type ApplyIfFiniteOptions, type ApplyIfFiniteState, applyIfFinite } from './combinators/apply-if-finite';
export { chain, type Parts as ChainParts } from './combinators/chain';
export { type ErrorFeedbackState, errorFeedback } from './combinators/error-feedback';
export { identity } from './combinators/identity';
export { masked } from './combinators/masked';
export { type Parts as PartitionParts, partition } from './combinators/partition';
export { type Explanation, explain } from './explain';
export { type FactorPair, factorPairs } from './factor-pairs';
export type { Filter } from './filter';
export type { MatricesState } from './for-matrices';
export type { LeafCounts } from './leaf-counts';
export { type AdafactorOptions, adafactor } from './optimizers/adafactor';
export { type AdamOptions, adam } from './optimizers/adam';
export { type AdamWOptions, adamw } from './optimizers/adamw';
export { type LionOptions, lion } from './optimizers/lion';
export { type MuonOptions, muon } from './optimizers/muon';
export { type RmspropOptions, rmsprop } from './optimizers/rmsprop';
export { type SgdOptions, sgd } from './optimizers/sgd';
export { type SinkGDOptions, sinkGD } from './optimizers/sink-gd';
export { type SoraGateOptions, soraGate } from './optimizers/sora-gate';
export { type SubsetNormOptions, subsetNorm } from './optimizers/subset-norm';
export { type SwanOptions, swan } from './optimizers/swan';
export {
  type AltLoraOptions,
  type AltLoraPlusOptions,
  type AltLoraState,
  altLora,
  altLoraPlus,
  type TwiceEvaluated,
} from './pairs/alt-lora';
export { type AlternateFactorsOptions, type AlternateState, alternateFactors } from './pairs/alternate-factors';
export type { BesideState } from './pairs/beside';
export { type ImbalanceLoraOptions, imbalanceLora, type PiLoraOptions, piLora } from './pairs/imbalance-lora';
export { type ImbalancePenaltyOptions, imbalancePenalty } from './pairs/imbalance-penalty';
export { type LoraPlusOptions, loraPlus } from './pairs/lora-plus';
export { type LoraRiteOptions, loraRite, type RiteState } from './pairs/lora-rite';
export { type OrthogonalPenaltyOptions, orthogonalPenalty } from './pairs/orthogonal-penalty';
export { type PreconditionPairsOptions, preconditionPairs } from './pairs/precondition-pairs';
export { type PreconditionUpOptions, preconditionUp } from './pairs/precondition-up';
export type { TripletPlan, TripletState } from './pairs/prune-triplets';
export { type RmLoraOptions, rmLora } from './pairs/rm-lora';
export { addDecayedWeights } from './parts/add-decayed-weights';
export { clipByBlockRms } from './parts/clip-by-block-rms';
export { clipByGlobalNorm } from './parts/clip-by-global-norm';
export { clipByValue } from './parts/clip-by-value';
export { type CorrectBiasOptions, correctBias } from './parts/correct-bias';
export { decayAfterStep } from './parts/decay-after-step';
export { type EmaOptions, type EmaState, ema } from './parts/ema';
export {
  growthLimited,
  limitNormGrowth,
  type NormGrowthState,
  type NormLimit,
  noLimit,
} from './parts/limit-norm-growth';
export { type MaskGradientsOptions, type MaskGradientsState, maskGradients } from './parts/mask-gradients';
export { type MomentumOptions, type MomentumState, momentum } from './parts/momentum';
export { type PowerSgdOptions, type PowerSgdState, powerSgd } from './parts/power-sgd';
export { scale } from './parts/scale';
export { type AdamState, type ScaleByAdamOptions, scaleByAdam } from './parts/scale-by-adam';
export {
  type FactoredRmsState,
  type ScaleByFactoredRmsOptions,
  scaleByFactoredRms,
} from './parts/scale-by-factored-rms';
export { scaleByLearningRate } from './parts/scale-by-learning-rate';
export { type LionState, type ScaleByLionOptions, scaleByLion } from './parts/scale-by-lion';
export { scaleByParameterRms } from './parts/scale-by-parameter-rms';
export { type RmsState, type ScaleByRmsOptions, scaleByRms } from './parts/scale-by-rms';
export { type ScheduleState, scaleBySchedule } from './parts/scale-by-schedule';
export {
  type ScaleBySubsetNormOptions,
  type SubsetDivision,
  type SubsetNormState,
  scaleBySubsetNorm,
} from './parts/scale-by-subset-norm';
export { type SoftThresholdOptions, softThreshold } from './parts/soft-threshold';
export { type ProjectConflictsOptions, projectConflicts } from './project-conflicts';
export {
  type CosineWithRestartsOptions,
  type ExponentialDecayOptions,
  type RampOptions,
  type Schedule,
  schedules,
  type WarmupCosineOptions,
} from './schedules';
export { stateBytes } from './state-bytes';
export { type CompressedGradient, type GradientTransform, mapParams, type Treatment, transform } from './transform';
