import { type OptimizerName, optimizerNames, optimizers } from './optimizers';

/** An optimizer that compresses something, beside the one where that is dense, and the one without it. */
export interface Comparison {
  readonly compressed: OptimizerName;
  readonly dense: OptimizerName;
  /** Absent where no optimizer is the dense one without it. */
  readonly control?: OptimizerName;
  /** What is compressed. */
  readonly what: string;
}

/** All of them that the rows of optimizers make. */
export const comparisons: readonly Comparison[] = optimizerNames.flatMap((compressed) => {
  const { compresses } = optimizers[compressed];
  if (compresses === undefined) return [];
  const { what, of: dense } = compresses;
  const control = optimizerNames.find((name) => {
    const { lacks } = optimizers[name];
    return lacks?.of === dense && lacks.what === what;
  });
  return [{ compressed, dense, what, ...(control !== undefined && { control }) }];
});

/** The comparison of which an optimizer is the compressed side or the dense one. */
export function comparisonOf(optimizer: OptimizerName): Comparison | undefined {
  return comparisons.find(({ compressed, dense }) => compressed === optimizer || dense === optimizer);
}

/** Why these are compared, for help. */
export function whyCompared({ compressed, dense, control, what }: Comparison): string {
  const pair = `${dense} has the dense ${what} that ${compressed} compresses`;
  if (control === undefined) return `${pair}.`;
  return `${pair}; ${control} is ${dense} without ${what}, the control: only where ${dense} beats it can compressing ${what} matter.`;
}
