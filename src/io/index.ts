export {
  decodeAdapters,
  encodeAdapters,
  type SavedAdapters,
  type SavedMethod,
  type SavedSetting,
} from './adapter-file';
export {
  type Checkpoint,
  type CheckpointFiles,
  decodeCheckpoint,
  encodeCheckpoint,
  type LoadCheckpointOptions,
} from './checkpoint';
export { decodeGPT, type EncodeGPTOptions, encodeGPT, type SavedGPT } from './gpt';
export { decodeNpy, encodeNpy } from './npy';
export { type DecodeNpzOptions, decodeNpz, encodeNpz } from './npz';
export { decodePeft, encodePeft, type PeftAdapter, type PeftFiles } from './peft';
export { fromHuggingFaceGPT2, gpt2Names, type NameMap, recurrentNames, renameParams } from './rename';
export {
  decodeSafetensors,
  type EncodeSafetensorsOptions,
  encodeSafetensors,
  safetensorsMetadata,
} from './safetensors';
export type { StoredType } from './stored-type';
