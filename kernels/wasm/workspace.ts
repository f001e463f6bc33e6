// Room that kernels use while they run. Globals belong to an instance: each thread has an instance of its own over the
// same memory, and its own workspace.

/** Tile rows: 6 need the fused multiply-add of the relaxed build; without it the accumulators spill. */
export const MR: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 4;
export const NR: i32 = 8;
/**
 * Block sizes: a panel pair in L1 ((6 + 8)·256 numbers, 14 KiB), A's block in L2 (96·256 numbers, 96 KiB), B's block in L3
 * (256·1024 numbers, 1 MiB). The speed is flat around them, so one choice serves all machines.
 */
export const KC: i32 = 256;
export const MC: i32 = 96;
export const NC: i32 = 1024;
/** A generated operand is made in slabs of SLAB lanes: a multiple of MR, NR and 16. */
export const SLAB: i32 = 96;
/** Bytes of a row of a tile. */
export const TILE_ROW: usize = NR * 4;
/** Columns of random numbers that are made at a time. */
export const RANDOM_COLUMNS: i32 = 32;

const A_BYTES: usize = MC * KC * 4;
const B_BYTES: usize = KC * NC * 4;
const SLAB_BYTES: usize = SLAB * KC * 4;
const TILE_BYTES: usize = 6 * TILE_ROW;
/** Words, numbers past the end of a row, and the keys of all rounds. */
const RANDOM_BYTES: usize = 2 * (RANDOM_COLUMNS << 2) + 128;

/** Bytes of a workspace. */
export function workspaceBytes(): usize {
  return A_BYTES + B_BYTES + SLAB_BYTES + TILE_BYTES + TILE_ROW + RANDOM_BYTES;
}

/** Packed panels of A and of B. */
export let aPanels: usize = 0;
export let bPanels: usize = 0;
/** A part of a generated operand. */
export let slab: usize = 0;
/** A tile at an edge. */
export let tile: usize = 0;
/** A row of a tile, always zero: where a product starts from that starts from nothing. */
export let zeros: usize = 0;
/** What `randomFill` needs for itself. */
export let randomScratch: usize = 0;

/** Where this instance's workspace lies. */
export function setWorkspace(at: usize): void {
  aPanels = at;
  bPanels = aPanels + A_BYTES;
  slab = bPanels + B_BYTES;
  tile = slab + SLAB_BYTES;
  zeros = tile + TILE_BYTES;
  randomScratch = zeros + TILE_ROW;
  memory.fill(zeros, 0, TILE_ROW);
}
