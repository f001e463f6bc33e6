import { OptionError } from '../../index';
import { type Question, questions } from '../../study';
import { closest } from '../closest';
import type { RunnableCommand } from '../command';
import { ask } from './ask';

const names = Object.keys(questions) as (keyof typeof questions)[];

/** What is asked where no question is named. */
const usual = 'error';

const others = `Questions: floragrad study NAME
${names.map((name) => `  ${name.padEnd(13)}${questions[name].spec.asks}`).join('\n')}`;

/** `floragrad study [QUESTION]` */
export const study: RunnableCommand = {
  name: 'study',
  summary: 'ask what compressing gradients does, and get figures',
  run([first, ...rest], io) {
    if (first === undefined || first.startsWith('-'))
      return command(usual).run(first === undefined ? [] : [first, ...rest], io);
    return command(questionNamed(first)).run(rest, io);
  },
};

/** The usual question's help lists the others. */
const command = (name: keyof typeof questions): RunnableCommand =>
  ask(questions[name] as Question, name === usual ? others : '');

/** @throws OptionError `cli/choice` */
function questionNamed(word: string): keyof typeof questions {
  const name = names.find((one) => one === word);
  if (name !== undefined) return name;
  const near = closest(word, names);
  throw new OptionError({
    code: 'cli/choice',
    got: `floragrad study got "${word}"`,
    expected: `a question: ${names.join(', ')}`,
    fix: near ? `floragrad study ${near}` : 'floragrad study --help',
  });
}
