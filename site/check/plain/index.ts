import { loraIsFlora } from './lora-is-flora';
import { loraRank } from './lora-rank';
import { mobyDick } from './moby-dick';
import { momentum } from './momentum';
import { rankGrows } from './rank-grows';
import { refreshing } from './refreshing';
import { unbiased } from './unbiased';

/** For each preset, by its id, the losses of its tracks, of the first steps or of all; `text` is the page's Moby-Dick. */
export const plain: Readonly<Record<string, (text: string, steps?: number) => Promise<number[][]>>> = {
  unbiased: (_, steps) => unbiased(steps),
  refreshing: (_, steps) => refreshing(steps),
  'rank-grows': (_, steps) => rankGrows(steps),
  'lora-rank': (_, steps) => loraRank(steps),
  'lora-is-flora': (_, steps) => loraIsFlora(steps),
  momentum: (_, steps) => momentum(steps),
  'moby-dick': mobyDick,
};
