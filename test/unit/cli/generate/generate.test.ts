import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { GenerateOutput } from '../../../../src/cli/generate/generate';
import { CharVocabulary, GPT, generate, random } from '../../../../src/index';
import { loadGPT, saveGPT } from '../../../../src/node';
import { captured, workFolder } from '../captured';

const cwd = workFolder();
const vocabulary = new CharVocabulary('\n abcdefgh\u001b\u202e');
const write = (argv: readonly string[], terminal = {}) =>
  captured(cwd, ['generate', 'model.safetensors', '--threads', '1', ...argv], terminal);
const said = async (...argv: string[]): Promise<GenerateOutput> => {
  const { stdout, stderr } = await write([...argv, '--json', '-']);
  expect(stderr).not.toMatch(/floragrad: /);
  return JSON.parse(stdout) as GenerateOutput;
};

beforeAll(async () => {
  const sizes = { vocabularySize: vocabulary.size, context: 8, width: 8, heads: 2, layers: 1 };
  await saveGPT(join(cwd, 'model.safetensors'), new GPT({ ...sizes, key: random.key(3) }), { vocabulary });
});

/** The text of a program with the library. */
async function byHand(prompt: string, seed: number, options: object): Promise<string> {
  const { model, vocabulary } = await loadGPT(join(cwd, 'model.safetensors'));
  const key = random.fold(random.key(seed), 'generate');
  let text = '';
  for await (const id of generate(model, { prompt: vocabulary.encode(prompt), key, ...options }))
    text += vocabulary.decode([id]);
  return text;
}

describe('floragrad generate', () => {
  it.each<[string[], string, number, object]>([
    [[], '\n', 0, { length: 40 }],
    [['--prompt', 'abc'], 'abc', 0, { length: 40 }],
    [['--prompt', 'abc', '--seed', '5'], 'abc', 5, { length: 40 }],
    [['--temperature', '0'], '\n', 0, { length: 40, temperature: 0 }],
    [['--temperature', '0.05'], '\n', 0, { length: 40, temperature: 0.05 }],
    [['--top-k', '3'], '\n', 0, { length: 40, topK: 3 }],
    [['--top-p', '0.3'], '\n', 0, { length: 40, topP: 0.3 }],
  ])('with %j writes what a program with the library writes', async (argv, prompt, seed, options) => {
    const { text, settings, stopped, ...rest } = await said(...argv, '--length', '40');
    expect(text).toBe(await byHand(prompt, seed, options));
    expect([...text].length).toBe(40);
    expect(stopped).toBe(false);
    const { temperature = 1, topK = null, topP = null } = options as Partial<GenerateOutput['settings']>;
    expect(settings).toEqual({ temperature, topK, topP, seed });
    expect(rest).toMatchObject({ model: 'model.safetensors', adapter: null, prompt: prompt === '\n' ? '' : prompt });
  });

  it('writes another text for another seed, length and temperature', async () => {
    const texts = await Promise.all([
      byHand('a', 0, { length: 40 }),
      byHand('a', 1, { length: 40 }),
      byHand('a', 0, { length: 40, temperature: 0 }),
      byHand('a', 0, { length: 40, topK: 2 }),
    ]);
    expect(new Set(texts).size).toBe(4);
    const { text } = await said('--prompt', 'a', '--length', '10');
    expect((texts[0] as string).startsWith(text)).toBe(true);
    expect((await said('--length', '0')).text).toBe('');
  });

  it('prints the prompt and the text alone, of whose control characters a terminal gets line breaks only', async () => {
    const argv = ['--prompt', 'abc\nde', '--length', '120'];
    const { text } = await said(...argv);
    expect(text).toContain('\n');
    expect(text).toContain('\u001b');
    const shown = `abc\nde${text}`.replaceAll('\u001b', '\\x1b').replaceAll('\u202e', '\\u202e');
    const [file, terminal] = [await write(argv), await write(argv, { isTTY: true })];
    for (const { stdout, stderr, status } of [file, terminal]) {
      expect([stdout, stderr, status]).toEqual([`${shown}\n`, '', 0]);
    }
    expect(terminal.pieces.length).toBe(1 + 120 + 1); // the prompt, each character when it comes, and the last line break
    expect(file.pieces.every((piece) => piece.endsWith('\n'))).toBe(true);
  });

  it('with --json - writes the text to stderr', async () => {
    const { stdout, stderr } = await write(['--prompt', 'ab', '--length', '5', '--temperature', '0', '--json', '-']);
    expect(stderr).toContain('ab');
    expect(() => JSON.parse(stdout) as unknown).not.toThrow();
    await write(['--prompt', 'ab', '--length', '5', '--temperature', '0', '--json', 'out.json']);
    expect(JSON.parse(readFileSync(join(cwd, 'out.json'), 'utf8'))).toMatchObject({
      text: (JSON.parse(stdout) as GenerateOutput).text,
    });
  });

  it.each([1, 2, 3])('ends before a text of %i characters, and shows nothing of it', async (length) => {
    const whole = (await said('--prompt', 'a', '--length', '60')).text;
    const stop = whole.slice(20, 20 + length);
    const expected = whole.slice(0, whole.indexOf(stop));
    const argv = ['--prompt', 'a', '--length', '60', '--stop', stop];
    const { text, stopped } = await said(...argv);
    expect([text, stopped]).toEqual([expected, true]);
    for (const isTTY of [true, false]) {
      const shown = expected.replaceAll('\u001b', '\\x1b').replaceAll('\u202e', '\\u202e');
      expect((await write(argv, { isTTY })).stdout).toBe(`a${shown}\n`);
    }
  });

  it('shows all of a text that ends like the beginning of what it waits for', async () => {
    const { text } = await said('--prompt', 'a', '--length', '12');
    const last = text.slice(-2);
    const stop = `${last}${last.startsWith('h') ? 'g' : 'h'.repeat(6)}`;
    const waiting = await write(['--prompt', 'a', '--length', '12', '--stop', stop], { isTTY: true });
    expect(waiting.stdout).toBe((await write(['--prompt', 'a', '--length', '12'], { isTTY: true })).stdout);
  });

  it.each<[number, RegExp, string[]]>([
    [2, /cli\/base.*floragrad generate got nothing/, ['generate']],
    [2, /cli\/base.*--prompt/, ['generate', '--prompt', 'a']],
    [2, /cli\/characters.*--prompt got "x", "é", which/, ['generate', 'model.safetensors', '--prompt', 'xaéx']],
    [2, /cli\/characters.*--stop got "!"/, ['generate', 'model.safetensors', '--stop', 'a!']],
    [2, /cli\/characters.* and 4 more/, ['generate', 'model.safetensors', '--prompt', 'ijklmnopqrstuv']],
    [2, /cli\/number/, ['generate', 'model.safetensors', '--temperature', '-1']],
    [2, /cli\/number/, ['generate', 'model.safetensors', '--temperature', 'hot']],
    [2, /cli\/number/, ['generate', 'model.safetensors', '--top-k', '0']],
    [2, /cli\/number/, ['generate', 'model.safetensors', '--top-p', '1.5']],
    [2, /cli\/number/, ['generate', 'model.safetensors', '--length', '-1']],
    [2, /cli\/same-file/, ['generate', 'model.safetensors', '--json', 'model.safetensors']],
    [2, /cli\/same-file/, ['generate', 'model.safetensors', '--adapter', 'x', '--json', 'x/adapter_config.json']],
    [1, /file\/read/, ['generate', 'none.safetensors']],
    [1, /file\/read/, ['generate', 'model.safetensors', '--adapter', 'none']],
    [1, /safetensors\//, ['generate', 'text.txt']],
  ])('ends with %s and %s for %j', async (status, message, argv) => {
    writeFileSync(join(cwd, 'text.txt'), 'no model');
    const result = await captured(cwd, argv);
    expect([result.status, result.stdout]).toEqual([status, '']);
    expect(result.stderr).toMatch(message);
  });

  it('has a help', async () => {
    const { stdout } = await captured(cwd, ['generate', '--help']);
    expect(stdout).toMatch(/^floragrad generate MODEL\.safetensors: let a saved model write text/);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
    expect((await captured(cwd, ['--help'])).stdout).toMatch(/^ {2}generate let a saved model write text$/m);
  });
});
