import { OptionError } from '../base/errors';
import { callable, checkArgument, kindOf, refuseExtra } from '../base/options';
import { yieldToEventLoop } from '../base/yield-to-event-loop';
import { checkTensor } from '../tensor/check';
import { runInScope } from '../tensor/scope';
import { recordOn } from '../tensor/tape';
import type { Tensor } from '../tensor/tensor';

const lossKind = { ...callable('of a batch that returns a scalar tensor'), like: '(batch) => …' };

const batchesKind = kindOf<Iterable<unknown>>(
  'batches to go through, such as dataset.validationBatches() or an array',
  (value) => typeof value === 'object' && value !== null && Symbol.iterator in value,
);

/**
 * The mean of a loss over fixed batches, each of which counts alike. Nothing is recorded, and what a batch makes is freed
 * before the next one, the tensors of an iterator that makes its batches anew as well. The event loop has its turns.
 * @throws OptionError `validate/no-batches`, `options/type`
 * @throws ShapeError `item/size` for a loss that is no scalar
 * @example
 * const text = 'what follows what is what a model has to learn. '.repeat(20);
 * const vocabulary = new CharVocabulary(text);
 * const dataset = new TextDataset(vocabulary.encode(text), { batch: 4, context: 8 });
 * const sizes = { vocabularySize: vocabulary.size, context: 8, width: 16, layers: 1, heads: 2 };
 * const model = new GPT({ ...sizes, key: random.key(0) });
 * const loss = ({ ids, targets }: TextBatch) => crossEntropy(model.forward(ids), targets);
 * console.log((await validate(loss, dataset.validationBatches())) > 2); // prints true
 */
export async function validate<Batch>(loss: (batch: Batch) => Tensor, batches: Iterable<Batch>): Promise<number> {
  if (arguments.length > 2) refuseExtra('validate', arguments, 2);
  checkArgument('validate', 'loss', lossKind, loss);
  checkArgument('validate', 'batches', batchesKind, batches);
  const losses = await lossesOver(loss, batches);
  if (losses.length === 0) throw noBatches();
  return losses.reduce((sum, x) => sum + x, 0) / losses.length;
}

/** The losses of which `validate` gives the mean. */
export async function lossesOver<Batch>(loss: (batch: Batch) => Tensor, batches: Iterable<Batch>): Promise<number[]> {
  const iterator = batches[Symbol.iterator]();
  const losses: number[] = [];
  for (let next = lossOfNext(iterator, loss); next; next = lossOfNext(iterator, loss)) {
    losses.push(await next.item());
    await yieldToEventLoop();
  }
  return losses;
}

/** The loss of the next batch, null where there is none. */
function lossOfNext<Batch>(iterator: Iterator<Batch>, loss: (batch: Batch) => Tensor): Tensor | null {
  return runInScope('validate', () => {
    const { done, value } = iterator.next();
    if (done) return null;
    const found = recordOn(null, () => loss(value));
    checkTensor('validate', found);
    return found;
  });
}

function noBatches(): OptionError {
  return new OptionError({
    code: 'validate/no-batches',
    got: 'validate got no batch',
    expected: 'at least one: the mean of nothing is no number',
    fix: 'pass batches that were not gone through before, such as a new dataset.validationBatches()',
  });
}
