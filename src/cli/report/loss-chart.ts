import { type Chart, paletteSize } from '../../report/page';

/** One run in the chart; runs of one colour differ in their seed. */
interface Curve {
  readonly run: { readonly steps: number; readonly trainLoss: readonly number[]; readonly validationLoss: number };
  readonly label: string;
  readonly colour: number;
}

/** The training losses of a comparison, with the validation loss at the end of each, beside `levels` to compare with. */
export function lossChart(curves: readonly Curve[], levels?: Chart['levels']): Chart {
  const steps = Math.max(...curves.map(({ run }) => run.steps));
  return {
    id: 'loss',
    x: Array.from({ length: steps }, (_, i) => i + 1),
    xLabel: 'step',
    yLabel: 'nats per character',
    smooth: true,
    series: curves.map(({ run, label, colour }) => ({
      label,
      colour: colour % paletteSize,
      values: run.trainLoss.map((loss) => Number(loss.toPrecision(5))),
      mark: { x: run.steps, y: run.validationLoss },
    })),
    ...(levels && { levels }),
  };
}
