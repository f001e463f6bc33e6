import { OptionError } from '../base/errors';
import { listOf, optional, whole } from '../base/options';
import type { Projector } from '../compress/projector';
import type { Tensor } from '../tensor/tensor';
import type { StudiedGradient } from './studied-gradient';

/** How many steps older the gradient is that a projection is made of: one age or several. */
export const agesOption = optional(listOf(whole({ low: 0 })), [0]);

/** What a projection of a gradient is made of. */
export interface Aged {
  /** Steps between the two; null for projectors that look at no gradient. */
  readonly age: number | null;
  /** The gradient that the projection is made of: of the same parameter, `age` steps before. */
  readonly madeOf: Tensor;
}

/** What projections of this gradient are made of: one for each age that there is, or one for projectors that do not look. */
export function agedOf(
  projector: Projector,
  studied: StudiedGradient,
  gradients: readonly StudiedGradient[],
  ages: readonly number[],
): Aged[] {
  if (projector.refresh === undefined) return [{ age: null, madeOf: studied.gradient }];
  return ages.flatMap((age) => {
    const madeOf = olderOf(studied, gradients, age);
    return madeOf ? [{ age, madeOf }] : [];
  });
}

/** How many there are of all gradients under all projectors. */
export function agedCount(
  projectors: readonly Projector[],
  gradients: readonly StudiedGradient[],
  ages: readonly number[],
): number {
  const all = projectors.flatMap((projector) =>
    gradients.flatMap((studied) => agedOf(projector, studied, gradients, ages)),
  );
  return all.length;
}

function olderOf(studied: StudiedGradient, all: readonly StudiedGradient[], age: number): Tensor | undefined {
  const { path, step } = studied;
  if (age === 0) return studied.gradient;
  if (path === undefined || step === undefined) return undefined;
  return all.find((other) => other.path === path && other.step === step - age)?.gradient;
}

/**
 * Each age is one that some gradient can be projected at.
 * @throws OptionError `study/ages`
 */
export function checkAges(where: string, gradients: readonly StudiedGradient[], ages: readonly number[]): void {
  const missing = ages.find((age) => !gradients.some((studied) => olderOf(studied, gradients, age)));
  if (missing === undefined) return;
  const steps = [...new Set(gradients.flatMap(({ step }) => step ?? []))].sort((a, b) => a - b);
  const shown = `${steps.slice(0, 8).join(', ')}${steps.length > 8 ? ', …' : ''}`;
  throw new OptionError({
    code: 'study/ages',
    got: `${where} got the age ${missing} for gradients ${steps.length > 0 ? `of the steps ${shown}` : 'without steps'}`,
    expected: `a gradient with another one of the same path, ${missing} steps before it`,
    fix: 'capture gradients that many steps apart (floragrad train --capture FILE --every N), or pass another age',
  });
}

/** What a curve of rows with an age is called. */
export function agedLabel({ projector, age }: { readonly projector: string; readonly age: number | null }): string {
  if (age === null) return projector;
  return age === 0 ? `${projector}, of the gradient itself` : `${projector}, ${age} steps old`;
}
