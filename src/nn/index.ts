// The list of modules: one line each.
export { Adapter } from './adapter';
export { MultiHeadAttention, type MultiHeadAttentionOptions } from './attention';
export { buffer, updateBuffer } from './buffer';
export { Conv2d, type Conv2dModuleOptions } from './conv2d';
export { Dropout } from './dropout';
export { Embedding, type EmbeddingOptions } from './embedding';
export type { ForwardOptions } from './forward-options';
export { GPT, type GPTOptions } from './gpt';
export { init, type KaimingOptions } from './init';
export { LayerNorm } from './layer-norm';
export { Linear, type LinearOptions } from './linear';
export { MLP, type MLPOptions } from './mlp';
export { type Match, Module } from './module';
export { RMSNorm } from './rms-norm';
export { type Layer, Sequential } from './sequential';
export { type Trainer, type TrainerOptions, trainer } from './trainer';
export { FeedForward, TransformerBlock, type TransformerBlockOptions } from './transformer';
export { type YieldOptions, yieldToEventLoop } from './yield-to-event-loop';
