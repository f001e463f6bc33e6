import { expect, test } from 'vitest';
import { type PresetName, presets } from '../../../../src/cli/train/presets';
import { train } from '../../../../src/cli/train/train';

test.each(Object.keys(presets) as PresetName[])('--preset %s is all of its values', (name) => {
  expect(train.read(['--preset', name])).toMatchObject(presets[name]);
});

test('an option comes before the preset, each in its own place', () => {
  const given = '--data a.txt --optimizer adam,sgd --rank 3,5 --refresh-every 7 --seeds 11 --steps 13 --batch 17';
  const momentum = '--ordering paper --momentum 0.75';
  const sizes = '--context 19 --width 46 --heads 23 --layers 29';
  expect(
    train.read(['--preset', 'full', ...given.split(' '), ...momentum.split(' '), ...sizes.split(' ')]),
  ).toMatchObject({
    data: 'a.txt',
    optimizer: ['adam', 'sgd'],
    rank: [3, 5],
    refreshEvery: 7,
    seeds: 11,
    ordering: 'paper',
    momentum: 0.75,
    steps: 13,
    batch: 17,
    context: 19,
    width: 46,
    heads: 23,
    layers: 29,
  });
});

test('a list has everything once, in the order in which it was first said', () => {
  expect(train.read(['--rank', '4, 2,4', '--optimizer', 'sgd,adam,sgd'])).toMatchObject({
    rank: [4, 2],
    optimizer: ['sgd', 'adam'],
  });
});

test('of an option that is there twice, the last counts; a switch is off where it is not there', () => {
  expect(train.read(['--steps', '3', '--steps=5', '--profile'])).toMatchObject({
    steps: 5,
    profile: true,
    anyKernels: false,
    threads: undefined,
  });
});

test.each([['--help'], ['--steps', '3', '-h']])('%j asks for help', (...argv) => {
  expect(train.read(argv)).toBeNull();
});
