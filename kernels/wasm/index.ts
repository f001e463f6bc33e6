// Rows of a table by number, and the transpose of that. Ids are int32.

/** Position of the first id outside [0, rows), or −1 when all are inside. */
export function firstOutside(ids: usize, count: i32, rows: i32): i32 {
  for (let i = 0; i < count; i++) {
    if (load<u32>(ids + (<usize>i << 2)) >= <u32>rows) return i;
  }
  return -1;
}

/** table [rows, width], ids [count] → out [count, width]. Ids are known to be inside. */
export function gather(table: usize, ids: usize, out: usize, count: i32, width: i32): void {
  const bytes = <usize>width << 2;
  for (let i = 0; i < count; i++) {
    memory.copy(out, table + <usize>load<u32>(ids + (<usize>i << 2)) * bytes, bytes);
    out += bytes;
  }
}

/** g [count, width] summed into the rows of out [rows, width] that ids name; float32, in the order of ids. */
export function scatterAdd(g: usize, ids: usize, out: usize, count: i32, width: i32, rows: i32): void {
  const bytes = <usize>width << 2;
  memory.fill(out, 0, <usize>rows * bytes);
  for (let i = 0; i < count; i++) {
    const row = out + <usize>load<u32>(ids + (<usize>i << 2)) * bytes;
    let j: usize = 0;
    for (; j + 16 <= bytes; j += 16) v128.store(row + j, f32x4.add(v128.load(row + j), v128.load(g + j)));
    for (; j < bytes; j += 4) store<f32>(row + j, load<f32>(row + j) + load<f32>(g + j));
    g += bytes;
  }
}
