/**
 * Average surprise of a token when only its frequency is known: −Σ p(a)·log p(a), in nats. A model that has learned
 * nothing but frequencies has this loss.
 */
export function unigramEntropy(tokens: ArrayLike<number>): number {
  return entropyOf(count(tokens.length, (i) => tokens[i] as number).values(), tokens.length);
}

/**
 * Average surprise of a token when the one before it is known: H(previous, next) − H(previous), in nats, over the
 * n − 1 neighbouring pairs. A table of pair frequencies has this loss; a language model should do better.
 */
export function bigramEntropy(tokens: ArrayLike<number>): number {
  const pairs = Math.max(0, tokens.length - 1);
  const joint = count(pairs, (i) => (tokens[i] as number) * pairBase + (tokens[i + 1] as number));
  const previous = count(pairs, (i) => tokens[i] as number);
  return entropyOf(joint.values(), pairs) - entropyOf(previous.values(), pairs);
}

const pairBase = 2 ** 21; // more than there are Unicode code points, so a pair is one exact number

function count(length: number, symbol: (i: number) => number): Map<number, number> {
  const counts = new Map<number, number>();
  for (let i = 0; i < length; i++) counts.set(symbol(i), (counts.get(symbol(i)) ?? 0) + 1);
  return counts;
}

function entropyOf(counts: Iterable<number>, total: number): number {
  let nats = 0;
  for (const n of counts) nats -= (n / total) * Math.log(n / total);
  return nats;
}
