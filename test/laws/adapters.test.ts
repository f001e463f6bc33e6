import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  Adapter,
  adaptersOf,
  add,
  attachAdapters,
  backend,
  eye,
  Linear,
  linear,
  mul,
  ones,
  random,
  referenceBackend,
  setBackend,
  stopGradient,
  type Tensor,
  tanh,
  zeros,
} from '../../src/index';
import { type AdapterRow, adapterLaws } from '../../src/laws';
import { adapterRows } from './adapters';

describe.each([
  ['wasm', () => backend()],
  ['reference', () => referenceBackend()],
])('adapters on %s', (_, create) => {
  const before = backend();
  beforeAll(() => setBackend(create()));
  afterAll(() => setBackend(before));

  for (const [name, row] of Object.entries(adapterRows))
    for (const { name: title, holds } of adapterLaws({ name, ...row })) it(title, holds);
});

it('the rows cover every adapter of the library', () => {
  const kinds = Object.values(adapterRows).map((row) => {
    const layer = row.layer();
    row.attach(layer);
    return adaptersOf(layer)[0]?.adapter.constructor.name;
  });
  expect(new Set(kinds)).toEqual(
    new Set([
      'LoraLinear',
      'LoraEmbedding',
      'SparseAdapter',
      'Mora',
      'GatedLora',
      'Vera',
      'NestedLora',
      'Lily',
      'MonoLily',
      'AuroRa',
      'DoraLinear',
      'GeoLinear',
      'FlatLinear',
      'SingularValues',
      'SingularValuesAndBias',
    ]),
  );
});

/** W + diag(d) with d [4]. */
class Diagonal extends Adapter {
  d: Tensor;
  readonly additive: boolean = true;
  constructor(first = zeros([4])) {
    super();
    this.d = first;
  }
  forward(x: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
    return add(linear(x, weight, bias ?? undefined), mul(x, this.d));
  }
  override mergedInto(weight: Tensor, fraction: number): Tensor {
    return add(weight, mul(eye(4), mul(this.d, fraction)));
  }
}

/** Its output has twice the change that a merge makes. */
class Doubled extends Diagonal {
  override forward(x: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
    return add(super.forward(x, weight, bias), mul(x, this.d));
  }
}

class AllOrNothing extends Diagonal {
  override mergedInto(weight: Tensor): Tensor {
    return super.mergedInto(weight, 1);
  }
}

/** W ⊙ (1 + f·d), which is not undone by W ⊙ (1 − f·d). */
class Multiplying extends Diagonal {
  override forward(x: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
    return linear(x, this.mergedInto(weight, 1), bias ?? undefined);
  }
  override mergedInto(weight: Tensor, fraction: number): Tensor {
    return mul(weight, add(mul(this.d, fraction), 1));
  }
}

class WithoutGradient extends Diagonal {
  override forward(x: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
    return add(linear(x, weight, bias ?? undefined), mul(x, stopGradient(this.d)));
  }
}

/** A part of it is in no parameter, and each has another one. */
class Forgetful extends Diagonal {
  static made = 0;
  readonly #own = random.normal(random.key(Forgetful.made++), [4]);
  override forward(x: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
    return add(super.forward(x, weight, bias), mul(x, mul(this.d, this.#own)));
  }
}

/** Counts its passes, and starts to count anew where a training goes on. */
class Counting extends Diagonal {
  #passes = 0;
  override forward(x: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
    this.#passes++;
    return add(linear(x, weight, bias ?? undefined), mul(x, mul(this.d, this.#passes > 2 ? 2 : 1)));
  }
}

/** Does not look whether its adapter is merged. */
class Unaware extends Linear {
  override forward(x: Tensor): Tensor {
    return this.lora?.forward(x, this.weight, this.bias) ?? linear(x, this.weight, this.bias ?? undefined);
  }
}

describe('the laws of adapters', () => {
  const made =
    (make: () => Adapter): AdapterRow['attach'] =>
    (layer) =>
      attachAdapters(layer, { make });
  const right: AdapterRow = {
    name: 'diagonal',
    layer: () => new Linear(4, 4, { key: random.key(1) }),
    attach: made(() => new Diagonal()),
    input: () => random.normal(random.key(2), [3, 4]),
  };
  const broken = async (row: AdapterRow): Promise<string[]> => {
    const found: string[] = [];
    for (const { name, holds } of adapterLaws(row))
      await holds().catch((error: Error) => found.push(`${name}: ${error.message}`));
    return found;
  };

  it('hold of a right one, and of one that cannot be merged', async () => {
    class Gated extends Adapter {
      gate: Tensor = zeros([4]);
      readonly additive = false;
      forward(x: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
        return linear(mul(x, add(tanh(mul(x, this.gate)), 1)), weight, bias ?? undefined);
      }
    }
    expect(await broken(right)).toEqual([]);
    expect(await broken({ ...right, attach: made(() => new Gated()) })).toEqual([]);
  });

  it.each<[string, Partial<AdapterRow>, RegExp]>([
    [
      'has no effect at the start, and says that it has',
      { effectAtStart: true },
      /before training is that of the plain/,
    ],
    ['has an effect at the start', { attach: made(() => new Diagonal(ones([4]))) }, /starts without effect.*before/],
    [
      'trains the weight too',
      { attach: (layer) => [made(() => new Diagonal())(layer), layer.unfreeze('weight')] },
      /all that is trained: "weight" is trained/,
    ],
    ['computes another change than it merges', { attach: made(() => new Doubled()) }, /with the merged weight/],
    ['merges all or nothing', { attach: made(() => new AllOrNothing()) }, /the fraction that it is asked for/],
    ['says that it adds, and multiplies', { attach: made(() => new Multiplying()) }, /merged and taken out/],
    ['hides a gradient', { attach: made(() => new WithoutGradient()) }, /gradients of its output.*∂loss\/∂lora.d is 0/],
    ['keeps a part of itself in no parameter', { attach: made(() => new Forgetful()) }, /is saved and loaded/],
    [
      'depends on what no state has',
      { attach: made(() => new Counting()) },
      /gone on with to the same bits: .*step 1 of 4 ends in other/,
    ],
    [
      'is computed although it is merged',
      { layer: () => new Unaware(4, 4, { key: random.key(1) }) },
      /merged and taken out.*after mergeAdapters/,
    ],
  ])('convict one that %s', async (_, wrong, message) => {
    expect((await broken({ ...right, ...wrong })).join('\n')).toMatch(message);
  });
});
