import { expect, test } from 'vitest';
import { backendWords } from '../../site/playground/src/lib/hardware';
import { commandOf, type Focused } from '../../site/playground/src/lib/keyboard';
import { trackNames } from '../../site/playground/src/lib/names';
import { Redraw } from '../../site/playground/src/lib/redraw';
import { statusOf } from '../../site/playground/src/lib/status';
import { methods } from '../../site/playground/src/training/methods';

const press = (key: string, more: Partial<KeyboardEvent> = {}) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  repeat: false,
  ...more,
});

test('keys: run or pause, step, reset, and nothing else', () => {
  const at = (key: string, focused: Focused | null = null) => commandOf(press(key), focused);
  expect([' ', 's', 'S', 'r', 'x'].map((key) => at(key))).toEqual(['run or pause', 'step', 'step', 'reset', null]);
  expect(commandOf(press('r', { ctrlKey: true }), null)).toBeNull(); // reloads the page
  expect(commandOf(press('s', { metaKey: true }), null)).toBeNull();
  expect(commandOf(press(' ', { repeat: true }), null)).toBeNull(); // or a held key would flicker
  expect(commandOf(press('s', { repeat: true }), null)).toBe('step');
});

test('keys belong to the field that has the focus, and a space to a button', () => {
  const keys = (focused: Focused) => [' ', 's', 'r'].map((key) => commandOf(press(key), focused));
  expect(keys({ tagName: 'INPUT', type: 'number' })).toEqual([null, null, null]);
  expect(keys({ tagName: 'SELECT' })).toEqual([null, null, null]);
  expect(keys({ tagName: 'BUTTON' })).toEqual([null, 'step', 'reset']);
  expect(keys({ tagName: 'INPUT', type: 'radio' })).toEqual([null, 'step', 'reset']);
  expect(keys({ tagName: 'BODY' })).toEqual(['run or pause', 'step', 'reset']);
});

test('views are drawn one in a frame, each not before its pause is over, and only where something is new', () => {
  let frames: ((now: number) => void)[] = [];
  const redraw = new Redraw(200, (then) => frames.push(then));
  const drawn: string[] = [];
  let now = 0;
  const passFrames = (count: number) => {
    for (let i = 0; i < count; i++) {
      const due = frames;
      frames = [];
      for (const then of due) then(now);
      now += 16;
    }
  };
  redraw.add(() => drawn.push('a'));
  const stop = redraw.add(() => drawn.push('b'));
  passFrames(1);
  expect(drawn).toEqual(['a']);
  passFrames(1);
  expect(drawn).toEqual(['a', 'b']);
  expect(frames).toHaveLength(0); // nothing is new: nothing is asked for
  for (let i = 0; i < 5; i++) redraw.mark();
  passFrames(9); // until 176 ms
  expect(drawn).toHaveLength(2);
  passFrames(10);
  expect(drawn).toEqual(['a', 'b', 'a', 'b']);
  stop();
  redraw.mark();
  passFrames(40);
  expect(drawn).toEqual(['a', 'b', 'a', 'b', 'a']);
});

test('a track is named by its method, and by what tells it from others of the same', () => {
  const track = {
    learningRate: 0.1,
    rank: 2,
    refreshEvery: Infinity,
    onRefresh: 'reset',
    projector: 'gaussian',
  } as const;
  const tracks = [
    { ...track, method: 'flora' },
    { ...track, method: 'flora', refreshEvery: 20 },
    { ...track, method: 'adam' },
    { ...track, method: 'adam', rank: 9, learningRate: 0.001 },
  ];
  expect(trackNames(tracks, methods)).toEqual(['Flora, κ = ∞', 'Flora, κ = 20', 'Adam, η = 0.1', 'Adam, η = 0.001']);
});

test('the status is a sentence, with what failed and why', () => {
  const going = { failure: null, outcome: { readings: [{ loss: 2 }, { loss: 0.5 }] } };
  const failed = { failure: { message: 'The loss is NaN.' }, outcome: { readings: [{ loss: 9 }] } };
  expect(statusOf('paused', 1000, 2000, [going, failed], ['A', 'B'])).toBe(
    'Paused at step 1,000 of 2,000. Loss: A: 0.5. B failed: The loss is NaN.',
  );
  expect(statusOf('ready', 0, 9, [going], ['A'])).toBe('Ready.');
});

test('what a backend says of itself, whole and in short', () => {
  const { short, all } = backendWords(
    'backend: wasm, build: baseline, shared: no: it is missing, or not allowed, threads: 1',
  );
  expect(short).toBe('wasm, baseline build, 1 thread');
  expect(all).toContainEqual(['shared', 'no: it is missing, or not allowed']);
  expect(backendWords('').all).toEqual([]);
});
