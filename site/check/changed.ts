/**
 * Settings in which a claim must not hold, as tracks of the preset that stand in the places of others: each track depends on
 * its own setting alone.
 */
export const changed: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>> = {
  unbiased: { 'svd in place of gaussian': [2, 1, 2], 'gaussian in place of svd': [0, 1, 1] },
  refreshing: { 'transfer in place of reset': [1, 1, 2], 'one projection in place of transfer': [0, 2, 2] },
  'rank-grows': { 'one projection in place of many': [1, 1, 2] },
  'lora-rank': { 'LoRA in place of PeriodicLoRA': [0, 0, 2], 'a larger rank in place of LoRA': [2, 1, 2] },
  'lora-is-flora': { 'A trained in place of frozen': [0, 2, 2], 'A frozen in place of trained': [0, 1, 1] },
  momentum: { 'momentum in place of none': [1, 1, 2], 'dense in place of Flora': [0, 1, 1] },
  'moby-dick': { 'Flora in place of none': [2, 1, 0] },
};
