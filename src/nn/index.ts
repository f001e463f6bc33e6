// The list of modules: one line each.
export { type Adaptable, Adapter, activeAdapter } from './adapter';
export { buffer, updateBuffer } from './buffer';
export type { ForwardOptions } from './forward-options';
export { initializers, type KaimingOptions } from './initializers';
export { MultiHeadAttention, type MultiHeadAttentionOptions } from './layers/attention';
export { AvgPool } from './layers/avg-pool';
export { BatchNorm, type BatchNormOptions } from './layers/batch-norm';
export { ConvTranspose2d, type ConvTranspose2dModuleOptions } from './layers/conv-transpose2d';
export { Conv1d, type Conv1dModuleOptions } from './layers/conv1d';
export { Conv2d, type Conv2dModuleOptions } from './layers/conv2d';
export { Dropout } from './layers/dropout';
export { Embedding, type EmbeddingOptions } from './layers/embedding';
export { GroupNorm, type GroupNormOptions } from './layers/group-norm';
export { LayerNorm } from './layers/layer-norm';
export { Linear, type LinearOptions } from './layers/linear';
export { MaxPool } from './layers/max-pool';
export { RMSNorm } from './layers/rms-norm';
export { type Layer, Sequential } from './layers/sequential';
export {
  FeedForward,
  type FeedForwardOptions,
  TransformerBlock,
  type TransformerBlockOptions,
} from './layers/transformer';
export { GPT, type GPTOptions } from './models/gpt';
export { MLP, type MLPOptions } from './models/mlp';
export { type Match, Module } from './module';
export { type Summary, type SummaryRow, summary } from './summary';
