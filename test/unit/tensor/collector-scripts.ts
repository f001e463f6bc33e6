/** Run by `assign.test.ts` and `scope.test.ts` with `--expose-gc`; prints what the collector left. */
import { Linear, memory, random, sgd, sum, tensor, trainer, valueAndGrad } from '../../../src/index';

const collect = globalThis.gc as () => void;
/** A finalizer runs only in a new macrotask. */
const settle = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

const scripts: Record<string, () => Promise<unknown>> = {
  /** Resident tensors while a model is trained, and after it was dropped. */
  async droppedModel() {
    const train = (): number => {
      const model = new Linear(4, 3, { key: random.key(0) });
      const transform = sgd({ learningRate: 0.1, momentum: 0.9 });
      const run = trainer({ model, transform, loss: () => sum(model.forward(tensor([[1, 2, 3, 4]]))), seed: 0 });
      run.step(null);
      return memory().tensors;
    };
    const alive = train();
    await settle();
    return [alive, memory().tensors];
  },

  /** Are a gradient and a freed intermediate collected while the tensor they come from lives on? */
  async gradientOfLongLived() {
    const x = tensor([1, 2, 3]);
    const take = (): WeakRef<object>[] => {
      let inside!: object;
      const { value, grads } = valueAndGrad((y) => {
        const squared = y.mul(y);
        inside = squared.value;
        return sum(squared);
      })(x);
      return [value.value, grads.value, inside].map((made) => new WeakRef(made));
    };
    const made = take();
    await settle();
    return [made.map((ref) => ref.deref() === undefined), x.size];
  },
};

console.log(JSON.stringify(await scripts[process.argv[2] as string]?.()));
