// The list of what trains: one line each.
export { type Trainer, type TrainerOptions, trainer } from './trainer';
export { type YieldOptions, yieldToEventLoop } from './yield-to-event-loop';
