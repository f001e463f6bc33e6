import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AddressError, readAddress, writeAddress } from '../../site/playground/src/address';
import { backends, limits, refreshes, tasks } from '../../site/playground/src/lib/limits';
import { presets } from '../../site/playground/src/presets';
import type { Setting, TrackSetting } from '../../site/playground/src/training/contract';
import { methodNames } from '../../site/playground/src/training/methods';
import { projectorNames } from '../../site/playground/src/training/projector-named';

const known = { methods: methodNames, projectors: projectorNames, presets };

const whole = ({ least, most }: { least: number; most: number }) => fc.integer({ min: least, max: most });
const track: fc.Arbitrary<TrackSetting> = fc.record({
  method: fc.constantFrom(...methodNames),
  learningRate: fc.double({ min: 0, minExcluded: true, noNaN: true, noDefaultInfinity: true }),
  rank: whole(limits.rank),
  refreshEvery: fc.oneof(whole(limits.refreshEvery), fc.constant(Number.POSITIVE_INFINITY)),
  onRefresh: fc.constantFrom(...refreshes),
  projector: fc.constantFrom(...projectorNames),
});
const scalars = { seed: whole(limits.seed), steps: whole(limits.steps), backend: fc.constantFrom(...backends) };
const own: fc.Arbitrary<Setting> = fc.record({
  task: fc.constantFrom(...tasks),
  tracks: fc.array(track, { minLength: limits.tracks.least, maxLength: limits.tracks.most }),
  ...scalars,
});
const preset = fc.tuple(fc.constantFrom(...presets), fc.record(scalars));
const ofPreset: fc.Arbitrary<Setting> = preset.map(([{ setting }, scalars]) => ({ ...setting, ...scalars }));

test('an address holds exactly its setting, as a query and as a fragment', () => {
  fc.assert(
    fc.property(fc.oneof(own, ofPreset), fc.constantFrom('?', '#', ''), (setting, mark) => {
      expect(readAddress(mark + writeAddress(setting, presets), known)).toEqual({ setting, run: false });
    }),
  );
});

test('a preset is its name and what differs from it', () => {
  const [first] = presets as [(typeof presets)[0]];
  expect(writeAddress(first.setting, presets)).toBe(`preset=${first.id}`);
  expect(writeAddress({ ...first.setting, seed: 77 }, presets)).toBe(`preset=${first.id}&seed=77`);
});

test('run asks to start, with a setting or without', () => {
  expect(readAddress(`?preset=${presets[0]?.id}&run`, known)).toEqual({ setting: presets[0]?.setting, run: true });
  expect(readAddress('?run', known)).toEqual({ setting: null, run: true });
  expect(readAddress('', known)).toEqual({ setting: null, run: false });
});

const good = 'task=linear&seed=0&steps=9&backend=wasm';
const flora = 't=flora,0.1,2,20,reset,gaussian';

test.each([
  ['preset=no-such', /no preset “no-such”: choose among .*unbiased/],
  [`preset=${presets[0]?.id}&${flora}`, /brings its task and tracks/],
  ['colour=green', /“colour” says nothing here/],
  ['seed=1&seed=2', /“seed” stands there twice/],
  ['seed=1', /no task: one of linear, spiral, names, moby-dick/],
  [good, /0 tracks .* one to 4/],
  [`${good}&${Array(5).fill(flora).join('&')}`, /5 tracks/],
  [`task=linear&seed=-1&steps=9&backend=wasm&${flora}`, /seed is “-1”: a whole number from 0/],
  [`task=linear&seed=0&steps=1e3&backend=wasm&${flora}`, /steps is “1e3”/],
  [`task=linear&seed=0&steps=999999&backend=wasm&${flora}`, /steps is “999999”.*20000/],
  [`task=linear&seed=0&steps=9&backend=cuda&${flora}`, /backend is “cuda”: one of wasm, webgpu, webgl2/],
  [`${good}&t=flora,0.1,2`, /3 fields: method, learning rate/],
  [`${good}&t=sgd,0.1,2,20,reset,gaussian`, /method is “sgd”/],
  [`${good}&t=flora,0,2,20,reset,gaussian`, /learning rate is “0”: a positive number/],
  [`${good}&t=flora,Infinity,2,20,reset,gaussian`, /learning rate is “Infinity”/],
  [`${good}&t=flora,0.1,0,20,reset,gaussian`, /rank is “0”: a whole number from 1/],
  [`${good}&t=flora,0.1,2,sometimes,reset,gaussian`, /refresh interval \(or never\) is “sometimes”/],
  [`${good}&t=flora,0.1,2,20,forget,gaussian`, /onRefresh is “forget”: one of transfer, reset, keep/],
  [`${good}&t=flora,0.1,2,20,reset,cauchy`, /projector is “cauchy”/],
])('%s is refused, with what was expected', (address, message) => {
  expect(() => readAddress(`?${address}`, known)).toThrow(AddressError);
  expect(() => readAddress(`#${address}`, known)).toThrow(message);
});
