/** What a visitor may ask for: enough to see every claim, too little to fill a phone's memory. */
export const limits = {
  seed: { least: 0, most: 4294967295 },
  steps: { least: 1, most: 20_000 },
  rank: { least: 1, most: 256 },
  refreshEvery: { least: 1, most: 1_000_000 },
  tracks: { least: 1, most: 4 },
} as const;

export const tasks = ['linear', 'spiral', 'names', 'moby-dick'] as const;
export const backends = ['wasm', 'webgpu', 'webgl2'] as const;
export const refreshes = ['transfer', 'reset', 'keep'] as const;
