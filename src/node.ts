/**
 * Files of Node: models, adapters, arrays, checkpoints that a crash never breaks, and texts to learn from; and logs of trainings
 * on a page. The same as bytes, for pages and other places, is in the core.
 * @module floragrad/node
 */
import './tensor/methods'; // gives tensors their methods

export { loadCheckpoint, saveCheckpoint } from './node/checkpoint';
export { type CorpusName, corpus } from './node/corpus';
export {
  loadAdapters,
  loadGPT,
  loadNpy,
  loadNpz,
  loadPeft,
  loadSafetensors,
  saveAdapters,
  saveGPT,
  saveNpy,
  saveNpz,
  savePeft,
  saveSafetensors,
} from './node/files';
export { type CompareRunsOptions, compareRuns } from './report/compare-runs';
export { type LogEntry, parseLog, type RunLog } from './report/parse-log';
