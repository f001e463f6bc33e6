import type { TextDataset } from '../data/text-dataset';
import { crossEntropy, noGrad } from '../index';
import type { GPT } from '../nn';
import { breathe } from './breathe';

/** Mean loss over the fixed validation batches. */
export async function validate(model: GPT, dataset: TextDataset): Promise<number> {
  let sum = 0;
  let batches = 0;
  for (const { ids, targets } of dataset.validationBatches()) {
    sum += await noGrad(() => crossEntropy(model.forward(ids), targets)).item();
    batches++;
    await breathe();
  }
  return sum / batches;
}
