// How long a step takes on N nodes: what a node computes, and the sums over nodes, whose cost is a latency for each message and
// a time for each byte (the α–β model).

/** What a message costs. */
export interface Network {
  /** α: seconds until a message is there, however short it is. */
  readonly latency: number;
  /** β: seconds a byte. */
  readonly perByte: number;
}

/** What one method does in a step. */
export interface Load {
  /** Seconds that a node computes, projections and optimizer included. */
  readonly compute: number;
  /** Bytes of the vectors that are summed over nodes. */
  readonly bytes: number;
  /** Number of these vectors. */
  readonly sums: number;
}

/** How a library sends: messages one after the other that a sum takes, before it the eight bytes that compare the leaves. */
const messagesOf = {
  /** Alltoall, sum, Allgather: each rank sends a block to every other one, twice. */
  order: (nodes: number): number => 3 * (nodes - 1),
  /** Recursive halving and doubling, as MPI_Allreduce does for long vectors. */
  library: (nodes: number): number => 3 * Math.ceil(Math.log2(nodes)),
};
export type Way = keyof typeof messagesOf;

/** What one rank sends for a sum of vectors of this size; each way sends as much as a ring. */
export function bytesSent(nodes: number, bytes: number): number {
  return (2 * (nodes - 1) * bytes) / nodes;
}

/** t = compute + sums·messages(N)·α + 2(N − 1)/N·S·β */
export function stepSeconds(
  { compute, bytes, sums }: Load,
  { latency, perByte }: Network,
  nodes: number,
  way: Way,
): number {
  if (nodes === 1) return compute;
  return compute + sums * messagesOf[way](nodes) * latency + bytesSent(nodes, bytes) * perByte;
}

/**
 * α and β from times of sums alone, on N nodes: the least squares of relative errors of
 * t = 2(N − 1)·α + 2(N − 1)/N·S·β, so that short sums have as much to say as long ones.
 */
export function fitNetwork(
  nodes: number,
  sums: readonly { readonly bytes: number; readonly seconds: number }[],
): Network {
  const rows = sums.map(
    ({ bytes, seconds }) => [(2 * (nodes - 1)) / seconds, bytesSent(nodes, bytes) / seconds] as const,
  );
  const dot = (i: 0 | 1, j: 0 | 1): number => rows.reduce((sum, row) => sum + row[i] * row[j], 0);
  const to = (i: 0 | 1): number => rows.reduce((sum, row) => sum + row[i], 0);
  const determinant = dot(0, 0) * dot(1, 1) - dot(0, 1) ** 2;
  return {
    latency: (dot(1, 1) * to(0) - dot(0, 1) * to(1)) / determinant,
    perByte: (dot(0, 0) * to(1) - dot(0, 1) * to(0)) / determinant,
  };
}

/** β at which both loads take as long, or null where one is better at any: from there on, slower networks favour `small`. */
export function crossover(large: Load, small: Load, latency: number, nodes: number, way: Way): number | null {
  const without = { latency, perByte: 0 };
  const ahead = stepSeconds(small, without, nodes, way) - stepSeconds(large, without, nodes, way);
  const saved = bytesSent(nodes, large.bytes) - bytesSent(nodes, small.bytes);
  return ahead > 0 && saved > 0 ? ahead / saved : null;
}

/** Where measured gains change their sign, by a straight line in seconds a bit between neighbours; null: nowhere. */
export function measuredCrossover(
  points: readonly { readonly megabits: number; readonly gain: number }[],
): number | null {
  const sorted = [...points].sort((a, b) => a.megabits - b.megabits);
  for (const [i, slow] of sorted.entries()) {
    const fast = sorted[i + 1];
    if (fast === undefined || slow.gain <= 0 || fast.gain > 0) continue;
    const share = slow.gain / (slow.gain - fast.gain);
    return 1 / (1 / slow.megabits + share * (1 / fast.megabits - 1 / slow.megabits));
  }
  return null;
}
