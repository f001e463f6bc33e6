import { join, resolve } from 'node:path';
import type { CharVocabulary } from '../../data/char-vocabulary';
import { backend, OptionError, random } from '../../index';
import { generate as tokensOf } from '../../nn';
import { adapterFiles, addAdapter } from '../adapter-file';
import { command } from '../command';
import { wrapped } from '../help';
import { loadModel } from '../model-file';
import { generateOptions } from './options';
import { TextWriter } from './text-writer';

/** What `generate --json` writes. */
export interface GenerateOutput {
  readonly model: string;
  readonly adapter: string | null;
  readonly prompt: string;
  /** What the model wrote after the prompt, without the text of `--stop`. */
  readonly text: string;
  /** It ended because the text of `--stop` came, and not for its length. */
  readonly stopped: boolean;
  readonly settings: {
    readonly temperature: number;
    readonly topK: number | null;
    readonly topP: number | null;
    readonly seed: number;
  };
  readonly command: string;
  readonly backend: Readonly<Record<string, string | number | boolean>>;
}

export const generate = command({
  name: 'generate',
  summary: 'let a saved model write text',
  purpose: 'let a saved model write text, one character at a time',
  about: wrapped(
    'MODEL is what train --save, finetune --save or saveGPT wrote. The prompt and what follows it go to standard output, on a terminal as they are written, and nothing else does.',
    94,
  ).join('\n'),
  notes: `Example
  floragrad train --data moby-dick --optimizer adamw --save model.safetensors
  floragrad generate model.safetensors --prompt 'Call me' --temperature 0.8 --top-p 0.95`,
  options: generateOptions,

  check({ model, adapter }, { cwd }) {
    const adapters = adapter === undefined ? [] : adapterFiles.map((name) => join(resolve(cwd, adapter), name));
    return {
      read: [
        { words: `the model ${model}`, path: resolve(cwd, model) },
        ...adapters.map((path) => ({ words: `--adapter ${adapter}`, path })),
      ],
    };
  },

  async run(settings, { out, cwd, command }) {
    const { length, temperature, topK, topP, stop, seed } = settings;
    const { model, vocabulary } = await loadModel(settings.model, cwd);
    checkKnown('prompt', settings.prompt, vocabulary);
    checkKnown('stop', stop, vocabulary);
    if (settings.adapter !== undefined) await addAdapter(model, settings.adapter, cwd);

    const prompt = vocabulary.encode(settings.prompt ?? start(vocabulary));
    const key = random.fold(random.key(seed), 'generate');
    const writer = new TextWriter(out, stop);
    writer.show(settings.prompt ?? '');
    for await (const id of tokensOf(model, { prompt, length, temperature, topK, topP, key })) {
      if (writer.add(vocabulary.decode([id]))) break;
    }
    writer.end();
    const output: GenerateOutput = {
      model: settings.model,
      adapter: settings.adapter ?? null,
      prompt: settings.prompt ?? '',
      text: writer.text,
      stopped: writer.stopped,
      settings: { temperature, topK: topK ?? null, topP: topP ?? null, seed },
      command,
      backend: backend().describe(),
    };
    return { numbers: output };
  },
});

/** What stands before a text that begins with nothing: a line break, or the first character that the model knows. */
const start = ({ characters }: CharVocabulary): string =>
  characters.includes('\n') ? '\n' : (characters[0] as string);

/** @throws OptionError `cli/characters` */
function checkKnown(option: string, text: string | undefined, { characters, size }: CharVocabulary): void {
  const known = new Set(characters);
  const unknown = [...new Set(text)].filter((character) => !known.has(character));
  if (unknown.length === 0) return;
  const shown = unknown.slice(0, 10).map((character) => JSON.stringify(character));
  throw new OptionError({
    code: 'cli/characters',
    got: `--${option} got ${shown.join(', ')}${unknown.length > 10 ? ` and ${unknown.length - 10} more` : ''}, which the model does not know`,
    expected: `the ${size} characters of the text that it was trained on`,
    fix: `write --${option} without them`,
  });
}
