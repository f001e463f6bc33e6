/** How the next token is drawn from its logits. */
export interface Sampling {
  readonly temperature: number;
  readonly topK: number | undefined;
  readonly topP: number | undefined;
}

/**
 * The first token at which the running sum of the probabilities softmax(logits/temperature) passes `draw`, which is in
 * [0, 1); at temperature 0 the most likely one. `topK` leaves out all but the k most likely tokens, and `topP` all but the
 * fewest of these that together have that part of their probability. Of equals the lower id counts as more likely. In
 * float64, and in the order of ids, so that a rounding error of a logit moves no more than one border between tokens.
 * @see Holtzman et al., "The curious case of neural text degeneration", arXiv 1904.09751, for topP.
 */
export function sampleToken(logits: ArrayLike<number>, draw: number, { temperature, topK, topP }: Sampling): number {
  const ids = Array.from({ length: logits.length }, (_, id) => id);
  const logit = (id: number): number => logits[id] as number;
  const best = ids.reduce((a, id) => (logit(id) > logit(a) ? id : a), 0);
  if (temperature === 0) return best;
  const weights = ids.map((id) => Math.exp((logit(id) - logit(best)) / temperature));
  const weight = (id: number): number => weights[id] as number;
  const sumOf = (of: readonly number[]): number => of.reduce((sum, id) => sum + weight(id), 0);
  let kept = ids;
  if (topK !== undefined || topP !== undefined) {
    kept = ids.toSorted((a, b) => logit(b) - logit(a)).slice(0, topK); // stable: of equals the lower id comes first
    if (topP !== undefined) kept = kept.slice(0, fewest(kept.map(weight), topP * sumOf(kept)));
    kept.sort((a, b) => a - b);
  }
  const target = draw * sumOf(kept);
  let sum = 0;
  for (const id of kept) {
    sum += weight(id);
    if (target < sum) return id;
  }
  return best; // where rounding keeps the sum below the target
}

/** How many weights, from the front, reach `target`; at least one. */
function fewest(weights: readonly number[], target: number): number {
  let [count, sum] = [0, 0];
  while (count === 0 || (count < weights.length && sum < target)) sum += weights[count++] as number;
  return count;
}
