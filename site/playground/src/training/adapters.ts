import {
  type AdapterReport,
  compress,
  type DrawSite,
  ema,
  eye,
  type Factors,
  fixedSide,
  lora,
  noGrad,
  type Projection,
  type Projector,
  periodicLora,
  type Tensor,
  zeros,
} from 'floragrad';
import type { Method } from './methods';
import { projectorNamed } from './projector-named';
import type { Task } from './task';

/**
 * LoRA whose A [r, in] is the projection that Flora of the same seed, path and rank draws first, and whose s is 1. With A
 * frozen its steps are Flora's then, at the same learning rate. All else is trained as with other methods.
 */
export function adapted({ freezeA }: { readonly freezeA: boolean }): Method['prepare'] {
  return (task, { rank, learningRate, projector: name }, { seed, steps }) => {
    const projector = fixedSide(projectorNamed(name), 'right');
    const init = (site: DrawSite): Factors => ({ A: matrixOf(projector, firstDraw(projector, site, seed)) });
    openOthers(task, lora(task.model, { rank, alpha: rank, match: matching(task), freezeA, seed, init }));
    const { baseStep } = task;
    return { transform: baseStep.around(ema({ decay: baseStep.momentum }), learningRate, steps), draws: null };
  };
}

/** PeriodicLoRA: the base step, its schedule and its momentum start anew with each stage. */
export const adaptedInStages: Method['prepare'] = (task, setting, { seed, steps }) => {
  const { rank, refreshEvery, learningRate } = setting;
  const projector = fixedSide(projectorNamed(setting.projector), 'right');
  const { baseStep } = task;
  const stageSteps = Math.min(refreshEvery, steps + 1); // never: no stage ends
  const report = periodicLora(task.model, {
    rank,
    alpha: rank,
    match: matching(task),
    seed,
    stageSteps,
    inner: baseStep.around(ema({ decay: baseStep.momentum }), learningRate, Math.min(refreshEvery, steps)),
    init: (site) => ({
      A: matrixOf(
        projector,
        site.stage === 0
          ? firstDraw(projector, site, seed)
          : projector.sample(site.key, site.shape, site.rank, site.stage),
      ),
    }),
  });
  openOthers(task, report);
  return { transform: report.transform, draws: null };
};

/** Adapters only where other methods compress. */
const matching = (task: Task) => (path: string) => task.compresses(weightOf(path));

/** The path of the weight of a layer; the layer may be the model itself. */
const weightOf = (layer: string): string => (layer === '' ? 'weight' : `${layer}.weight`);

/** LoRA freezes everything; here a model learns from its first values on, and only the adapted weights stay. */
function openOthers({ model }: Task, { adapted }: AdapterReport): void {
  const held = new Set(adapted.map(({ path }) => weightOf(path)));
  model.unfreeze((path) => !held.has(path) && !path.endsWith('.lora.A') && path !== 'lora.A');
}

/** The projection that `compress` begins with: it is a function of the seed, the path and the rank. */
function firstDraw(projector: Projector, { path, shape, rank }: DrawSite, seed: number): Projection {
  const weight = weightOf(path);
  const momentum = { inner: ema({ decay: 0 }), refreshEvery: Infinity, onRefresh: 'reset' } as const;
  const { leaves } = compress({ projector, rank, ...momentum, seed }).init({ [weight]: zeros(shape) });
  return (leaves[weight] as (typeof leaves)[string]).projection;
}

/** A [r, in] of a projection of the right side, which maps the identity to Aᵀ. */
function matrixOf(projector: Projector, projection: Projection): Tensor {
  return noGrad(() => projector.down(projection, eye(projection.shape[1])).transpose());
}
