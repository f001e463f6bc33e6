/** What the site's page does alone: the address, pictures, keys, drawing in turns. */
const address = ['test/site/playground-address.test.ts'];
const pictures = ['test/site/playground-pictures.test.ts'];
const page = ['test/site/playground-page.test.ts'];
const source = 'site/playground/src';

const mutants = (file, tests, changes) =>
  changes.map(([name, find, replace]) => ({
    name: `playground: ${name}`,
    file: `${source}/${file}`,
    find,
    replace,
    tests,
  }));

export const playgroundView = [
  ...mutants('address.ts', address, [
    ['the address forgets that an interval is never', "refreshEvery === 'never'", "refreshEvery === 'ever'"],
    ['a preset in the address keeps its own seed', "...(given.has('seed') &&", "...(given.has('sead') &&"],
    ['a learning rate of zero', 'if (!(value > 0 &&', 'if (!(value >= 0 &&'],
    ['an own setting is taken for a preset of its task', 'return a.task === b.task &&', 'return a.task === b.task ||'],
  ]),
  ...mutants('lib/thin.ts', pictures, [
    ['a thinned curve loses its greatest', 'value > (line[greatest]', 'value < (line[greatest]'],
    [
      'extremes in the wrong order',
      'finite(line[Math.min(least, greatest)]), finite(line[Math.max(',
      'finite(line[Math.max(least, greatest)]), finite(line[Math.min(',
    ],
    ['the last bucket loses one of two', 'end - start > 1', 'end - start > 2'],
  ]),
  ...mutants('lib/pictures.ts', pictures, [
    ['differences relative to the other track', '/ Math.abs(reference)', '/ Math.abs(loss)'],
    ['a running mean that forgets nothing', 'values[i - of] as number', '0 as number'],
    ['a rank goes on after its last look', 'step <= last ? value', 'step >= 0 ? value'],
  ]),
  ...mutants('lib/kept.ts', pictures, [['energy without squares', 'sum + value ** 2', 'sum + value']]),
  ...mutants('lib/views.ts', pictures, [
    ['a hole among the pictures', 'paired.length % 2 === 1', 'paired.length % 2 === 2'],
  ]),
  ...mutants('lib/keyboard.ts', page, [
    ['keys work inside fields', "['INPUT', 'SELECT', 'TEXTAREA']", "['TEXTAREA']"],
    ['a space runs the training although it presses a button', "['BUTTON', 'SUMMARY', 'A']", "['SUMMARY', 'A']"],
    ['Ctrl+R resets', 'ctrlKey || metaKey', 'metaKey'],
  ]),
  ...mutants('lib/redraw.ts', page, [
    ['views are drawn without a pause', 'now - first.drawn >= this.pause', 'now - first.drawn >= 0'],
    ['frames are asked for with nothing to draw', 'waiting.some((view) => view.dirty)', 'waiting.length > 0'],
  ]),
];
