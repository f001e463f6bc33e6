import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Checkpoint, OptionError, type Trainer } from '../../index';
import { crc32 } from '../../io/crc32';
import { loadCheckpoint, saveCheckpoint } from '../../node';
import { isFirst } from '../ranks/exchange';
import type { Sharing } from '../ranks/sharing';
import { undivided } from '../terminal/ending';
import type { Living } from './divergence';
import { optimizers, refreshes } from './optimizers';
import type { TrainSettings } from './options';
import { folderName, type RunPlan } from './plan';

/** What a run has measured so far, which its checkpoint keeps as its position. */
interface RunSoFar {
  readonly trainLoss: readonly number[];
  readonly seconds: number;
  readonly peakBytes: number;
}

/** A run that is saved as it goes, and perhaps goes on where another stopped. */
export interface RunCheckpoints {
  /** Steps between saves; the last step is saved too. */
  readonly every: number;
  /** The saved run; null where there is none. `like` is what it must fit. */
  load(like: () => Pick<Checkpoint, 'parameters' | 'state'>): Promise<(Checkpoint & RunSoFar & { kept: Kept }) | null>;
  /** Where it was saved; null without `--checkpoint` and `--resume`, where it does nothing. */
  save(
    parameters: Checkpoint['parameters'],
    training: Pick<Trainer<unknown, never>, 'state' | 'steps'>,
    soFar: RunSoFar,
  ): Promise<Kept | null>;
}

/** A checkpoint on the disk. */
type Kept = NonNullable<Living['kept']>;

type Position = RunSoFar & { readonly settings: Readonly<Record<string, string | number | null>> };

/**
 * The checkpoints of a run, in a folder of its own under those of `--checkpoint` and `--resume`; without the former, they
 * go where the latter came from. `onStart` hears after which step a run goes on; null where it begins. All ranks read, so that
 * the folder has to be one that all machines see; rank 0 writes, and the others wait until it has.
 */
export function checkpointsOf(
  plan: RunPlan,
  settings: TrainSettings,
  text: string,
  cwd: string,
  onStart: (step: number | null) => void = () => {},
  sharing: Sharing | null = null,
): RunCheckpoints {
  const { resume, checkpoint = resume } = settings;
  const folderIn = (root: string): string => join(resolve(cwd, root), folderName(plan));
  const decisive = decisiveSettings(plan, settings, text, sharing);
  return {
    every: settings.checkpointEvery,
    async load(like) {
      if (resume === undefined || !isSaved(plan, resume, cwd)) {
        onStart(null);
        return null;
      }
      const kernels = settings.anyKernels ? 'any' : 'same';
      const saved = await loadCheckpoint(folderIn(resume), { kernels });
      const position = saved.position as Position;
      checkSettings(position.settings, decisive, resume);
      await loadCheckpoint(folderIn(resume), { kernels, like: like() });
      onStart(saved.steps);
      return { ...saved, ...position, kept: { step: saved.steps, folder: join(resume, folderName(plan)) } };
    },
    async save(parameters, { state, steps }, soFar) {
      if (checkpoint === undefined) return null;
      const position: Position = { ...soFar, settings: decisive };
      if (isFirst(sharing?.comm ?? null))
        await undivided(() => saveCheckpoint(folderIn(checkpoint), { parameters, state, steps, position }));
      sharing?.comm.barrier();
      return { step: steps, folder: join(checkpoint, folderName(plan)) };
    },
  };
}

/** Whether `--resume` has a checkpoint of this run. */
function isSaved(plan: RunPlan, root: string, cwd: string): boolean {
  const record = join(resolve(cwd, root), folderName(plan), 'checkpoint.json');
  return statSync(record, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** Whatever the numbers of a run depend on. */
function decisiveSettings(
  plan: RunPlan,
  settings: TrainSettings,
  text: string,
  sharing: Sharing | null,
): Position['settings'] {
  const { steps, batch, context, width, heads, layers, learningRate = null } = settings;
  const { refreshEvery, projector, ordering, momentum, dropout } = settings;
  const common = { ...plan, steps, batch, context, width, heads, layers, 'learning-rate': learningRate };
  const data = { data: crc32(new TextEncoder().encode(text)) };
  const optimizer = optimizers[plan.optimizer];
  const { shards = 1, wire = 'dense', wireRank } = sharing ?? {};
  return {
    ...common,
    ...data,
    ...later({ dropout, shards, wire, ...(wire !== 'dense' && { 'wire-rank': wireRank as number }) }),
    ...(optimizer.momentum && { momentum }),
    ...(refreshes(optimizer) && { 'refresh-every': refreshEvery }),
    ...(optimizer.projects && { projector, ordering }),
  };
}

/** What held before there was an option for it. */
const before: Position['settings'] = { momentum: 0.9 };

/** What holds where neither side says otherwise: it is not saved, so that files are as they were before these options. */
const unsaid: Position['settings'] = { dropout: 0, shards: 1, wire: 'dense' };

const later = (settings: Position['settings']): Position['settings'] =>
  Object.fromEntries(Object.entries(settings).filter(([name, value]) => unsaid[name] !== value));

function checkSettings(position: Position['settings'], given: Position['settings'], root: string): void {
  const saved = { ...before, ...unsaid, ...position };
  const here = { ...unsaid, ...given };
  const other = Object.keys(here).filter((name) => saved[name] !== here[name]);
  if (other.length === 0) return;
  const said = other.map(
    (name) => `--${name} ${name === 'data' ? 'of another text' : String(saved[name] ?? 'left out')}`,
  );
  throw new OptionError({
    code: 'cli/resume',
    got: `the checkpoint in ${root} was saved with ${said.join(', ')}`,
    expected: 'the options that a run began with, since its learning rates and batches depend on them',
    fix: 'repeat the command with the same options and --resume',
  });
}

/** @throws OptionError `cli/resume` where nothing can be resumed */
export function checkResumable(plans: readonly RunPlan[], settings: TrainSettings, cwd: string): void {
  const { resume } = settings;
  if (resume === undefined || plans.some((plan) => isSaved(plan, resume, cwd))) return;
  throw new OptionError({
    code: 'cli/resume',
    got: `--resume ${resume} has no checkpoint of ${plans.map(folderName).join(', ')}`,
    expected: 'a folder that --checkpoint wrote for one of these runs',
    fix: 'check the folder and the optimizers, or leave --resume out to begin',
  });
}
