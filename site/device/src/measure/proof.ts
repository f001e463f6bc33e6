import { type FullBackend, matmul, random, referenceBackend, setBackend, type Tensor } from 'floragrad';

/** Sizes that fit no block of any kernel. */
const [m, k, n] = [65, 131, 67];

/** Compares a product on this backend with the reference in every number: null, or what is wrong. Leaves this backend current. */
export async function agreesWithReference(backend: FullBackend): Promise<string | null> {
  const expected = await productOn(referenceBackend());
  const found = await productOn(backend);
  // Numbers of A and B are below 1, so a sum of k products is rounded by k·2⁻²⁴·k at most, and by far less as a rule.
  const allowed = k * k * 2 ** -24;
  const wrong = found.findIndex((x, i) => !(Math.abs(x - (expected[i] as number)) <= allowed));
  if (wrong < 0) return null;
  const at = `[${Math.floor(wrong / n)}, ${wrong % n}]`;
  return `wrong result: a product has ${found[wrong]} at ${at}, where the reference has ${expected[wrong]}`;
}

async function productOn(backend: FullBackend): Promise<number[]> {
  setBackend(backend);
  const draw = (name: string, shape: readonly number[]): Tensor =>
    random
      .uniform(random.fold(random.key(0), name), shape)
      .mul(2)
      .sub(1);
  return [...(await matmul(draw('a', [m, k]), draw('b', [k, n])).data())];
}
