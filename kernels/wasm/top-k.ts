// The k first of each row, in a binary heap whose root comes last of those found: n·log k comparisons at worst, and
// hardly more than n where the order is random.

/** x [rows, n] → indices and positions int32 [rows, k], largest first: the index in the row, and that in all of x. */
export function topK(x: usize, indices: usize, positions: usize, rows: i32, n: i32, k: i32): void {
  for (let r = 0; r < rows; r++) {
    select(x, indices, n, k);
    for (let j = 0; j < k; j++) {
      const at = <usize>j << 2;
      store<i32>(positions + at, load<i32>(indices + at) + r * n);
    }
    x += <usize>n << 2;
    indices += <usize>k << 2;
    positions += <usize>k << 2;
  }
}

function select(x: usize, heap: usize, n: i32, k: i32): void {
  if (k == 0) return;
  for (let i = 0; i < k; i++) set(heap, i, i);
  for (let at = (k >> 1) - 1; at >= 0; at--) sink(x, heap, at, k);
  for (let i = k; i < n; i++) {
    if (!comesBefore(x, i, get(heap, 0))) continue;
    set(heap, 0, i);
    sink(x, heap, 0, k);
  }
  for (let end = k - 1; end > 0; end--) {
    const last = get(heap, 0);
    set(heap, 0, get(heap, end));
    set(heap, end, last);
    sink(x, heap, 0, end);
  }
}

/** Exchange the entry `at` with the child that comes last until both of its children come before it. */
function sink(x: usize, heap: usize, at: i32, size: i32): void {
  const entry = get(heap, at);
  let child = 2 * at + 1;
  while (child < size) {
    if (child + 1 < size && comesBefore(x, get(heap, child), get(heap, child + 1))) child += 1;
    const candidate = get(heap, child);
    if (!comesBefore(x, entry, candidate)) break;
    set(heap, at, candidate);
    at = child;
    child = 2 * at + 1;
  }
  set(heap, at, entry);
}

/** Larger, a NaN where the other is none, or of two equals the one with the lower index. */
// @ts-ignore: decorator
@inline
function comesBefore(x: usize, i: i32, j: i32): bool {
  const a = load<f32>(x + (<usize>i << 2));
  const b = load<f32>(x + (<usize>j << 2));
  if (a > b) return true;
  if (a < b) return false;
  const aIsNumber = a == a;
  const bIsNumber = b == b;
  return aIsNumber == bIsNumber ? i < j : bIsNumber;
}

// @ts-ignore: decorator
@inline
function get(heap: usize, at: i32): i32 {
  return load<i32>(heap + (<usize>at << 2));
}
// @ts-ignore: decorator
@inline
function set(heap: usize, at: i32, entry: i32): void {
  store<i32>(heap + (<usize>at << 2), entry);
}
