import type { Preset } from '../training/contract';
import { loraIsFlora } from './lora-is-flora';
import { loraRank } from './lora-rank';
import { mobyDick } from './moby-dick';
import { momentum } from './momentum';
import { rankGrows } from './rank-grows';
import { refreshing } from './refreshing';
import { unbiased } from './unbiased';

/** All presets, in the order in which they are shown. A new one is a file and a row here. */
export const presets: readonly Preset[] = [unbiased, refreshing, rankGrows, loraRank, loraIsFlora, momentum, mobyDick];
