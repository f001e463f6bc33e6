// APOLLO as a user would write it who has the paper and the package: nothing here but public names. Run in a project
// that has the packed package alone, it prints "same" if its weights are those of the method that comes along, bit for bit.
import {
  apollo,
  applyUpdates,
  chain,
  compress,
  correctBias,
  decayAfterStep,
  growthLimited,
  mul,
  noLimit,
  projectors,
  random,
  rankAxis,
  scaleByAdam,
  scaleByChannels,
  scaleByLearningRate,
} from 'floragrad';

function mine({ learningRate, rank, refreshEvery, weightDecay, alpha, seed }) {
  const combine = (G, leaf, { refresh, down, inner }) => {
    leaf = refresh(leaf); //                                          every T steps a new Gaussian P
    const C = down(leaf, G); //                                       C = P·G
    const [N, next] = inner(leaf, C); //                              N = M/(√V + ε)
    const U = scaleByChannels(G, N, C, rankAxis(leaf.projection)); // U = φ ⊙ G
    const [limited, own] = growthLimited(U, leaf.own, 1.01);
    return [mul(limited, Math.sqrt(alpha)), { ...next, own }];
  };
  combine.init = () => noLimit();
  const inner = scaleByAdam({ epsilon: 1e-6, biasCorrection: 'none' });
  return chain(
    compress({ projector: projectors.gaussian, rank, inner, refreshEvery, onRefresh: 'keep', combine, seed }),
    correctBias(),
    scaleByLearningRate(learningRate),
    decayAfterStep(weightDecay, learningRate),
  );
}

const shapes = { wide: [6, 10], tall: [9, 5], square: [7, 7], bias: [10] };
function drawn(what, step) {
  const key = (path) => random.fold(random.key(1), what, path, step);
  return Object.fromEntries(Object.entries(shapes).map(([path, shape]) => [path, random.normal(key(path), shape)]));
}

function trained(transform) {
  const params = drawn('weight', 0);
  let state = transform.init(params);
  for (let step = 0; step < 12; step++) {
    const [updates, next] = transform.update(drawn('gradient', step), state, params);
    state = next;
    applyUpdates(params, updates);
  }
  return JSON.stringify(Object.values(params).map((x) => Array.from(x.dataSync())));
}

const common = { learningRate: 0.1, rank: 3, refreshEvery: 5, weightDecay: 0.1, seed: 4 };
const theirs = trained(apollo({ ...common, scale: 4 }));
console.log(trained(mine({ ...common, alpha: 4 })) === theirs ? 'same' : 'different');
console.log(trained(mine({ ...common, alpha: 4.001 })) === theirs ? 'blind' : 'seeing');
