// The list of what trains: one line each.
export {
  type AverageParameters,
  type AverageParametersOptions,
  averageParameters,
} from './average-parameters';
export { type EarlyStopOptions, earlyStop } from './early-stop';
export type { FactorMomentumState } from './factor-momentum';
export { type FitResult, fit } from './fit';
export type { FitCallback, FitCallbackLike, FitCheckpoint, FitEvent, FitRun } from './fit-callback';
export type { FitData, FitOptions, Validated } from './fit-options';
export { gradientNorm } from './gradient-norm';
export { type KeepBest, type KeepBestOptions, keepBest } from './keep-best';
export { type LogLinesOptions, logLines } from './log-lines';
export { type LozoOptions, type LozoState, lozo } from './lozo';
export type { Observation, Observer } from './observe';
export { type ProgressLineOptions, progressLine } from './progress-line';
export { type StepLoss, type Trainer, trainer } from './trainer';
export type { Evaluate, EvaluateOptions, Gradients, StepContext } from './trainer-gradients';
export type { TrainerOptions } from './trainer-options';
export { validate } from './validate';
