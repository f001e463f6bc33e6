import {
  add,
  type CompressState,
  type Linear,
  LowRankAdapter,
  linalg,
  matmul,
  mul,
  noGrad,
  type Projection,
  random,
  scope,
  type Tensor,
  tensor,
  valueAndGrad,
} from 'floragrad';
import type { Look } from './contract';
import { type Drawing, freshProjection, type MeanOfDraws, meanOfDraws } from './mean-of-draws';
import type { Task } from './task';

/** Looks at the watched weight between two steps, and changes nothing. */
export interface Looking {
  /** After `step` steps, with the state of the transform as it is then. The first look must be before the first step. */
  look(step: number, state: unknown): Promise<Look>;
}

/** About sixty times in a run, and at powers of two, so that a logarithmic axis has points. */
export function isDue(step: number, steps: number): boolean {
  return step % Math.ceil(steps / 60) === 0 || step === steps || Number.isInteger(Math.log2(step));
}

/** Compares with the weight as it is when this is called. `drawing` is null for a method that draws no projections. */
export async function looking(task: Task, drawing: Drawing | null): Promise<Looking> {
  const { layer, path } = task.watched;
  const shape = layer.weight.shape as readonly [number, number];
  const first = await layer.weight.data();
  let mean: MeanOfDraws | null = null;
  return {
    async look(step, state) {
      const gradient = scope(() => valueAndGrad(() => task.loss(step), { w: layer.weight }).grads.w);
      const survived = scope(() => noGrad(() => letThrough(layer, leafIn(state, path), drawing, gradient)));
      const now = Array.from(await noGrad(() => withAdapter(layer)).data());
      const change = tensor(
        Float32Array.from(now, (w, i) => w - (first[i] as number)),
        { shape },
      );
      // What rounding the entries of two weights to float32 can make of no change at all.
      const rounding = Math.max(...shape) * 2 ** -23 * Math.max(...now.map(Math.abs));
      if (drawing) mean ??= await meanOfDraws(drawing, gradient);
      return {
        step,
        gradient: await singularValues(gradient),
        survived: survived ? await singularValues(survived) : [],
        updateRank: (await singularValues(change)).filter((s) => s > rounding).length,
        error: mean ? await mean.after(step) : null,
      };
    },
  };
}

async function singularValues(matrix: Tensor): Promise<readonly number[]> {
  return Array.from(await noGrad(() => linalg.svd(matrix).s).data());
}

/**
 * What of the gradient G [out, in] moves the weight, to first order in the rate: up(down(G)) of a projection, for an adapter
 * s²·(G·AᵀA + B·Bᵀ·G), of which the second part is A's and absent where A is frozen. Null: all of it.
 */
function letThrough({ lora }: Linear, leaf: Leaf | null, drawing: Drawing | null, G: Tensor): Tensor | null {
  if (leaf && drawing) {
    const { projector, seed } = drawing;
    // Before the first step, projectors that look at gradients have not seen one.
    const seen = leaf.refreshes >= 0;
    const projection = seen ? leaf.projection : freshProjection(drawing, G, random.key(seed), 0);
    return projector.up(projection, projector.down(projection, G));
  }
  if (!(lora instanceof LowRankAdapter)) return null;
  const { A, B, scale } = lora;
  const byB = matmul(matmul(G, A, { transposeB: true }), A);
  const trainsA = Object.hasOwn(lora.parameters({ trainable: true }), 'A');
  return mul(trainsA ? add(byB, matmul(B, matmul(B, G, { transposeA: true }))) : byB, scale ** 2);
}

type Leaf = CompressState<Projection, unknown>['leaves'][string];

/** What a chain keeps for the parameter of a path, if one of its parts compresses it. */
function leafIn(state: unknown, path: string): Leaf | null {
  const parts: readonly unknown[] = Array.isArray(state) ? state : [];
  return parts.find(compresses)?.leaves[path] ?? null;
}

function compresses(part: unknown): part is CompressState<Projection, unknown> {
  return typeof part === 'object' && part !== null && 'leaves' in part && 'dense' in part;
}

/** W, with what an adapter beside it adds. */
function withAdapter({ weight, lora }: Linear): Tensor {
  return lora?.mergedInto?.(weight, 1) ?? mul(weight, 1);
}
