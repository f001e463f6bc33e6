import { expect, test } from 'vitest';
import { readTrainOptions } from '../../../../src/cli/train/options';
import { type PresetName, presets } from '../../../../src/cli/train/presets';

test.each(Object.keys(presets) as PresetName[])('--preset %s is all of its values', (name) => {
  expect(readTrainOptions(['--preset', name])).toMatchObject(presets[name]);
});

test('an option comes before the preset, each in its own place', () => {
  const given = '--data a.txt --optimizer adam,sgd --rank 3,5 --refresh-every 7 --seeds 11 --steps 13 --batch 17';
  const sizes = '--context 19 --width 46 --heads 23 --layers 29';
  expect(readTrainOptions(['--preset', 'full', ...given.split(' '), ...sizes.split(' ')])).toMatchObject({
    data: 'a.txt',
    optimizers: ['adam', 'sgd'],
    ranks: [3, 5],
    refreshEvery: 7,
    seeds: 11,
    steps: 13,
    batch: 17,
    context: 19,
    width: 46,
    heads: 23,
    layers: 29,
  });
});
