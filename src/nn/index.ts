// The list of modules: one line each.
export { MultiHeadAttention, type MultiHeadAttentionOptions } from './attention';
export { Dropout } from './dropout';
export { Embedding, type EmbeddingOptions } from './embedding';
export type { ForwardOptions } from './forward-options';
export { GPT, type GPTOptions } from './gpt';
export { LayerNorm } from './layer-norm';
export { Linear, type LinearOptions } from './linear';
export { MLP, type MLPOptions } from './mlp';
export { type Match, Module } from './module';
export { type Layer, Sequential } from './sequential';
export { type Trainer, type TrainerOptions, trainer } from './trainer';
export { FeedForward, TransformerBlock, type TransformerBlockOptions } from './transformer';
