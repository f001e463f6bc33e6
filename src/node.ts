/**
 * Files of Node: models, adapters, arrays, and checkpoints that a crash never breaks. The same as bytes, for pages and
 * other places, is in the core.
 * @module floragrad/node
 */
import './tensor/methods'; // gives tensors their methods

export { loadCheckpoint, saveCheckpoint } from './node/checkpoint';
export {
  loadNpy,
  loadNpz,
  loadPeft,
  loadSafetensors,
  saveNpy,
  saveNpz,
  savePeft,
  saveSafetensors,
} from './node/files';
