// The list of what trains: one line each.
export type { FactorMomentumState } from './factor-momentum';
export { type LozoOptions, type LozoState, lozo } from './lozo';
export type { Observation, Observer } from './observe';
export { type StepLoss, type Trainer, trainer } from './trainer';
export type { Evaluate, EvaluateOptions, Gradients, StepContext } from './trainer-gradients';
export type { TrainerOptions } from './trainer-options';
export { validate } from './validate';
export { type YieldOptions, yieldToEventLoop } from './yield-to-event-loop';
