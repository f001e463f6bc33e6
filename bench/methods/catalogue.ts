import * as floragrad from '../../src/index';
import { type MethodBias, type MethodName, methods } from '../../src/study';
import { markdownTable } from '../harness/markdown';
import { fixed } from '../reproduce/format';
import type { Contender } from './entrants';
import { type Ask, biasCase, biasFalseAlarm } from './jobs';
import type { Setting } from './setting';

/** A row of the catalogue, and what was measured of it; null for what trains no whole model. */
interface Row {
  readonly name: MethodName;
  readonly bytes: number | null;
  readonly bias: MethodBias;
}

/** What each method keeps, what is proven of its mean, and how it is called. */
export async function catalogueSection(
  names: readonly MethodName[],
  setting: Setting,
  ask: Ask,
  contenderOf: (name: MethodName) => Contender | null,
): Promise<string[]> {
  const contenders = names.map(contenderOf);
  const measured = [
    ...(await ask(
      'bytes',
      contenders.flatMap((one) => (one ? [{ ...setting, ...one }] : [])),
    )),
  ];
  const biases = await ask(
    'bias',
    names.map((name) => ({ name })),
  );
  const rows = names.map(
    (name, i): Row => ({
      name,
      bytes: contenders[i] ? (measured.shift() as number) : null,
      bias: biases[i] as MethodBias,
    }),
  );
  return [
    `Floats of state are those of one weight [n, m] with M = max(n, m) and μ = min(n, m), at rank r; bytes are those of a fresh state`,
    `(\`stateBytes\`) on the GPT of the comparison below, at rank ${setting.rank} where a method has one, with those of what is not compressed.`,
    'The mean is that of the part that is linear in the gradient, over fresh draws, tested sequentially on a gradient',
    `[${biasCase.shape.join(', ')}] at rank ${biasCase.rank} (\`methodBias\`): a method that is as it says is called something else with chance at most ${biasFalseAlarm}`,
    '(~ where the variance is measured first, so that this is approximate). "at best" is the factor of G that the mean is nearest to; "–": nothing',
    'in it is linear, or it trains the factors of adapters, whose state is that of a pair of factors.',
    '',
    ...table(rows),
    '',
    ...names.flatMap(usage),
  ];
}

function table(rows: readonly Row[]): string[] {
  return markdownTable<Row>(
    [
      { heading: 'method', cell: ({ name }) => methods[name].label },
      { heading: 'paper', cell: ({ name }) => methods[name].paper },
      { heading: 'what it keeps', cell: ({ name }) => methods[name].keeps },
      { heading: 'floats of state', cell: ({ name }) => methods[name].floats },
      { heading: 'bytes on the GPT', align: 'right', cell: ({ bytes }) => bytes?.toLocaleString('en-US') ?? '–' },
      { heading: 'mean', cell: ({ bias }) => meanText(bias) },
    ],
    rows,
  );
}

function meanText({ verdict, gain, draws, approximate, asDeclared }: MethodBias): string {
  if (verdict === 'not linear' || gain === null) return '–';
  const factor = verdict === 'biased' ? 'at best' : 'gain';
  const said = `${verdict}, ${factor} ${fixed(3)(gain)}·G, ${draws.toLocaleString('en-US')} draws${approximate ? ' ~' : ''}`;
  return asDeclared ? said : `${said}; NOT as declared`;
}

/** File and lines of use, which the tests of the documentation run. */
function usage(name: MethodName): string[] {
  const { label, file, use, trains } = methods[name];
  const words = [...use.matchAll(/(?<![.\w])[a-z]\w*/gi)].map(([word]) => word);
  const called = words.filter((word) => word in floragrad);
  const imports = (...more: string[]): string =>
    `import { ${[...new Set([...called, ...more])].sort().join(', ')} } from 'floragrad';`;
  const lines =
    trains === 'adapters'
      ? [imports(), `export const forFactors = ${use};`]
      : [
          imports('applyUpdates', 'ones'),
          'const params = { w: ones([32, 48]) };',
          `const transform = ${use};`,
          'applyUpdates(params, transform.update({ w: ones([32, 48]) }, transform.init(params), params)[0]);',
        ];
  return [`### ${label}`, '', `[\`${file}\`](../${file})`, '', '```ts', ...lines, '```', ''];
}
