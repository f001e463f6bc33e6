import { BytePairTokenizer, batches, CharVocabulary, mean, random, TextDataset } from '../../../../src/index';
import { method, type Row, row } from '../harness';
import { type KindName, left, nothing } from '../kinds';
import { ones } from '../library';

// Texts as numbers, and the mean of a loss over batches of them.

const strings: readonly KindName[] = ["''", "'x'"];
/** Anything with an element: what a batch is, the loss has to know. */
const iterable: readonly KindName[] = [
  '[1]',
  '[1.5]',
  '[hole]',
  "['a']",
  'map',
  'Float32Array',
  'Float64Array',
  '[tensor]',
];
const tokens = () => Int32Array.from({ length: 100 }, (_, i) => i % 7);
const dataset = () => new TextDataset(tokens(), { batch: 2, context: 3 });

export const dataRows: readonly Row[] = [
  row('batches', () => [{ x: [1, 2] }, { size: 1 }], [['{ tensor }'], nothing], {
    options: {
      size: nothing,
      shuffle: left,
      epochs: ['undefined', 'Infinity'],
      dropLast: ['undefined', 'true', 'false'],
      from: left,
    },
    called: ['batches', 'tensor'],
  }),
  method('batches().load', () => [batches({ x: [[1, 2]] }, { size: 1 }), { epoch: 0, index: 1 }], [nothing]),
  row('imageBatch', () => [Uint8Array.of(1, 2), { shape: [1, 1, 2, 1] }], [nothing, nothing], {
    options: {
      shape: nothing,
      mean: ['undefined', '0', '-1', '1.5', '2**53', '[1]', '[1.5]'],
      std: ['undefined', '1.5', '2**53', '[1]', '[1.5]'],
    },
  }),
  row('new BytePairTokenizer', () => [{ merges: ['a b'] }], [nothing], { options: { merges: ['[]'] } }),
  method('BytePairTokenizer.encode', () => [new BytePairTokenizer({ merges: [] }), 'x'], [strings]),
  method('BytePairTokenizer.decode', () => [new BytePairTokenizer({ merges: [] }), [0, 1]], [
    ['[]', '[1]', 'Float32Array', 'Float64Array'],
  ]),
  row('new CharVocabulary', () => ['ab'], [strings]),
  method('CharVocabulary.encode', () => [new CharVocabulary('xy'), 'x'], [strings]),
  method('CharVocabulary.decode', () => [new CharVocabulary('xy'), [0, 1]], [['[]', '[1]']]),
  row('new TextDataset', () => [tokens(), { batch: 2, context: 3 }], [nothing, nothing], {
    options: { batch: nothing, context: nothing, validationFraction: left, validationBatches: left },
  }),
  method('TextDataset.trainBatch', () => [dataset(), random.key(0)], [nothing]),
  method('TextDataset.validationBatches', () => [dataset()], []),
  row('validate', () => [() => mean(ones([2])), [1, 2]], [nothing, iterable], { asynchronous: true }),
];
