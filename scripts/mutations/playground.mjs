/** What trains on the site's page: seeds, options, looks, the worker's conversation, judges. */
const track = ['test/site/playground-track.test.ts'];
const presets = ['test/site/playground-presets.test.ts'];
const conversation = ['test/site/playground-conversation.test.ts'];
const training = 'site/playground/src/training';
const judges = 'site/playground/src/presets';

const mutants = (file, tests, changes) =>
  changes.map(([name, find, replace]) => ({ name: `playground: ${name}`, file, find, replace, tests }));

export const playground = [
  ...mutants(`${training}/methods.ts`, track, [
    [
      'Flora forgets the seed',
      '      combine: combine(momentum),\n      filter: compressible(task, rank),\n      seed,',
      '      combine: combine(momentum),\n      filter: compressible(task, rank),',
    ],
    [
      'Flora forgets the interval',
      '      refreshEvery,\n      onRefresh,',
      '      refreshEvery: Infinity,\n      onRefresh,',
    ],
    [
      'Flora forgets what becomes of the momentum',
      '      onRefresh,\n      combine',
      "      onRefresh: 'reset',\n      combine",
    ],
    [
      'Flora forgets the projector',
      'const projector = projectorNamed(setting.projector);\n    const { momentum }',
      "const projector = projectorNamed('gaussian');\n    const { momentum }",
    ],
    [
      'GaLore forgets the interval',
      '        rank,\n        refreshEvery,\n        scale: 1,',
      '        rank,\n        refreshEvery: Infinity,\n        scale: 1,',
    ],
    [
      'GaLore forgets the rank',
      '        rank,\n        refreshEvery,\n        scale: 1,',
      '        rank: 4,\n        refreshEvery,\n        scale: 1,',
    ],
    [
      'momentum is none',
      'prepare: inBaseStep(({ baseStep }) => ema({ decay: baseStep.momentum }))',
      'prepare: inBaseStep(() => identity)',
    ],
  ]),
  ...mutants(`${training}/adapters.ts`, track, [
    ['A of another seed', '...momentum, seed }).init', '...momentum }).init'],
    [
      'A trains where it should be frozen',
      'match: matching(task), freezeA, seed, init',
      'match: matching(task), seed, init',
    ],
    ['stages never end', 'const stageSteps = Math.min(refreshEvery, steps + 1);', 'const stageSteps = steps + 1;'],
    ['the adapted weight trains too', '!held.has(path) && ', ''],
  ]),
  ...mutants(`${training}/look.ts`, track, [
    [
      'only down, at another scale',
      'return projector.up(projection, projector.down(projection, G));',
      'return projector.down(projection, G);',
    ],
    ['what A lets through is left out', 'return mul(trainsA ?', 'return mul(!trainsA ?'],
    [
      'B·A is left out of the change',
      'return lora?.mergedInto?.(weight, 1) ?? mul(weight, 1);',
      'return mul(weight, 1);',
    ],
    ['rounding counts as rank', 'filter((s) => s > rounding)', 'filter((s) => s > 0)'],
    ['the projection before the first step is a sample', 'const seen = leaf.refreshes >= 0;', 'const seen = true;'],
  ]),
  ...mutants(`${training}/mean-of-draws.ts`, track, [
    [
      'one draw again and again',
      "random.fold(random.key(seed), 'draws', number)",
      "random.fold(random.key(seed), 'draws')",
    ],
    ['one draw too many', 'let total = draw(draws);', 'let total = add(draw(draws), draw(draws));'],
    ['theory without the bias', 'return bias + (relativeMse - bias) / n;', 'return relativeMse / n;'],
    ['theory of one draw', 'return bias + (relativeMse - bias) / n;', 'return relativeMse;'],
    [
      'svd as if it were unbiased',
      'if (gain === null) return relativeMse;',
      'if (gain === null) return relativeMse / n;',
    ],
  ]),
  ...mutants(`${training}/tasks/linear.ts`, track, [
    ['a teacher of another seed', 'random.fold(random.key(seed)', 'random.fold(random.key(1)'],
  ]),
  ...mutants(`${training}/tasks/spiral.ts`, track, [
    ['a seed of its own', 'const key = random.key(seed);', 'const key = random.key(0);'],
  ]),
  ...mutants(`${training}/tasks/characters.ts`, track, [
    ['a seed of its own', 'const key = random.key(seed);', 'const key = random.key(0);'],
  ]),
  ...mutants(`${training}/tasks/characters.ts`, presets, [
    ['one batch for all steps', 'random.fold(batches, step)', 'random.fold(batches, 0)'],
  ]),
  ...mutants(`${training}/tasks/characters.ts`, conversation, [
    ['the same draws for each text', 'random.fold(written, step)', "random.fold(written, 'all')"],
  ]),
  ...mutants(`${training}/base-steps.ts`, presets, [
    ['the warm-up is shorter', 'Math.round(steps / 20)', 'Math.round(steps / 40)'],
    ['momentum after the clip', '      method,\n      clipByBlockRms(1),', '      clipByBlockRms(1),\n      method,'],
  ]),
  ...mutants(`${training}/track.ts`, track, [
    ['the first track for all', 'const track = tracks[number];', 'const track = tracks[0];'],
  ]),
  ...mutants(`${training}/track.ts`, conversation, [
    ['the last reading is left out', 'return said > steps;', 'return said >= steps;'],
    ['nothing is written before the first step', 'return step === 0 || ', 'return '],
  ]),
  ...mutants(`${training}/conversation.ts`, conversation, [
    ['a step goes on', 'run: Infinity, step: 1', 'run: Infinity, step: Infinity'],
    ['a pause is not heard', 'pause: 0 }', 'pause: Infinity }'],
    ['no turn for the event loop', 'await yieldToEventLoop();', ''],
    ['every reading is a message', 'if (now() - last >= pause) flush();', 'flush();'],
    [
      'readings before a failure are lost',
      "      flush();\n      track = null;\n      post({ kind: 'failed'",
      "      track = null;\n      post({ kind: 'failed'",
    ],
    ['a second track is taken', 'if (loaded) throw', 'if (!loaded && track) throw'],
  ]),
  ...mutants(`${training}/texts.ts`, conversation, [
    ['chapters in the order of names', '.sort((a, b) => number(a) - number(b))', '.sort()'],
  ]),
  ...mutants(`${judges}/judging.ts`, presets, [
    ['a verdict before the last step', '?.step === steps)', '?.step !== undefined)'],
  ]),
  ...mutants(`${judges}/refreshing.ts`, presets, [
    ['resets may be no better', ' && transfer > 1.5 * reset', ''],
    ['refreshing may be of no use', 'never > 10 * transfer && ', ''],
  ]),
  ...mutants(`${judges}/momentum.ts`, presets, [
    ['momentum may be of no use', 'none > 10 * dense && ', ''],
    ['Flora may be no better than none', 'none > flora && ', ''],
    ['Flora may be better than dense', ' && flora > dense', ''],
  ]),
  ...mutants(`${judges}/lora-rank.ts`, presets, [
    ['LoRA may be far from its floor', ' && lora < 1.02 * low', ''],
    ['LoRA may be below its floor', 'holds: above(lora, low) && ', 'holds: '],
    ['stages may be of no use', ' && periodic < low / 2', ''],
    ['the floor is of singular values', 'map((s) => s * s)', 'map((s) => s)'],
  ]),
  ...mutants(`${judges}/lora-is-flora.ts`, presets, [
    ['only the first step is compared', '(a?.readings ?? []).reduce', '(a?.readings.slice(0, 1) ?? []).reduce'],
    ['LoRA may coincide too', ' && more > 1e-3', ''],
  ]),
  ...mutants(`${judges}/rank-grows.ts`, presets, [
    ['more rank than the formula has', 'updateRank <= formula && ', ''],
    ['others may grow', ' && others.flat().every(({ updateRank }) => updateRank <= rank)', ''],
  ]),
  ...mutants(`${judges}/unbiased.ts`, presets, [
    ['svd may fall too', ' && stays', ''],
    ['the error may fall as it likes', 'holds: falls.every(Boolean) && ', 'holds: '],
  ]),
  ...mutants(`${judges}/moby-dick.ts`, presets, [
    ['momentum may help', 'none < dense + 0.01 && ', ''],
    ['Flora may help', ' && none < flora + 0.01', ''],
  ]),
];
