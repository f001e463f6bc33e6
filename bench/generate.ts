// What the cache of keys and values is worth: the time of 255 tokens with it and without, the same tokens either way, and
// the part of the time that joining old and new keys takes.
//   npx esbuild bench/generate.ts --bundle --platform=node --format=esm | node --input-type=module
import { GPT, generate, type LanguageModel, profile, random, tensor } from '../src/index';

interface Timed {
  readonly ids: number[];
  readonly seconds: number;
}

async function timed(model: LanguageModel): Promise<Timed> {
  const [ids, start] = [[] as number[], performance.now()];
  for await (const id of generate(model, { prompt: [1], length: 255, key: random.key(1) })) ids.push(id);
  return { ids, seconds: (performance.now() - start) / 1000 };
}

for (const { width, layers } of [
  { width: 64, layers: 2 },
  { width: 256, layers: 4 },
]) {
  const model = new GPT({ vocabularySize: 80, context: 256, width, heads: 4, layers, key: random.key(0) });
  const bare: LanguageModel = { context: model.context, forward: (ids) => model.forward(ids) };
  const rounds: [without: Timed, cached: Timed][] = [];
  for (let round = 0; round < 3; round++) rounds.push([await timed(bare), await timed(model)]);
  const least = (which: 0 | 1): number => Math.min(...rounds.map((round) => round[which].seconds));
  const same = rounds.every(([a, b]) => a.ids.join() === b.ids.join());
  const { seconds, rows } = profile(() => {
    const cache = model.cache();
    for (let t = 0; t < 255; t++) model.forward(tensor([[t % 80]], { dtype: 'int32' }), { cache });
    cache.reset();
  }).profile;
  const joining = rows.filter(({ op }) => op === 'concat').reduce((sum, row) => sum + row.seconds, 0);
  console.log(
    `width ${width}, ${layers} layers: ${least(0).toFixed(2)} s without, ${least(1).toFixed(2)} s with a cache,`,
    `${(least(0) / least(1)).toFixed(1)} times faster; ${same ? 'the same tokens' : 'OTHER TOKENS'};`,
    `concat is ${((100 * joining) / seconds).toFixed(0)} % of a pass`,
  );
}
