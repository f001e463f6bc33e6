// The list of modules: one line each.
export { type Adaptable, Adapter, activeAdapter } from './adapter';
export { buffer, updateBuffer } from './buffer';
export type { ForwardOptions } from './forward-options';
export { type GenerateOptions, generate, type LanguageModel } from './generate';
export { initializers, type KaimingOptions } from './initializers';
export { KeyValueCache } from './key-value-cache';
export { MultiHeadAttention, type MultiHeadAttentionOptions } from './layers/attention';
export { AvgPool } from './layers/avg-pool';
export { BatchNorm, type BatchNormOptions } from './layers/batch-norm';
export { ConvTranspose2d, type ConvTranspose2dModuleOptions } from './layers/conv-transpose2d';
export { Conv1d, type Conv1dModuleOptions } from './layers/conv1d';
export { Conv2d, type Conv2dModuleOptions } from './layers/conv2d';
export { CrossAttention, type CrossAttentionOptions } from './layers/cross-attention';
export { Dropout } from './layers/dropout';
export { Embedding, type EmbeddingOptions } from './layers/embedding';
export { GroupNorm, type GroupNormOptions } from './layers/group-norm';
export { GRU, type GRUForwardOptions } from './layers/gru';
export { LayerNorm } from './layers/layer-norm';
export { Linear, type LinearOptions } from './layers/linear';
export { LSTM, type LSTMForwardOptions, type LSTMState } from './layers/lstm';
export { MaxPool } from './layers/max-pool';
export type { RecurrentOptions } from './layers/recurrent';
export { RMSNorm } from './layers/rms-norm';
export { type Layer, Sequential } from './layers/sequential';
export { SwiGLU, type SwiGLUOptions } from './layers/swiglu';
export {
  FeedForward,
  type FeedForwardOptions,
  TransformerBlock,
  type TransformerBlockOptions,
} from './layers/transformer';
export { GPT, type GPTOptions } from './models/gpt';
export { MLP, type MLPOptions } from './models/mlp';
export { type LoadOptions, type LoadReport, type Match, Module } from './module';
export { type Summary, type SummaryRow, summary } from './summary';
