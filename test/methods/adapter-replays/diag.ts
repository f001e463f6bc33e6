import { adaptersOf, attachPeft, Linear, random, Sequential } from '../../../src/index';
import { intruderDimensions, mitigateAdapterIntruders } from '../../../src/study';
import {
  type AdapterRecord,
  type AdapterReplay,
  adapterRecords,
  allCompared,
  comparedTo,
  recorded,
  recordedTensor,
} from '../adapter-replay';
import type { Compared } from '../replay';

// The intruders of a weight, and PEFT's factors without them.

interface Options {
  readonly top_k: number;
  readonly threshold: number;
  readonly lam: number;
  readonly rank: number;
  readonly scaling: number;
}

/** Similarities, then B·A after; with one option read otherwise. */
async function follow(one: AdapterRecord, change: Partial<Options> = {}): Promise<Compared> {
  const { top_k: count, threshold, lam: lambda, rank, scaling } = { ...one.options, ...change } as Options;
  const [outputs, inputs] = recorded(one, 'W').shape as [number, number];
  const layer = new Linear(inputs, outputs, { bias: false, key: random.key(0) });
  layer.weight = recordedTensor(one, 'W');
  const model = new Sequential([layer]);
  const params = { 'layers.0.lora.A': recordedTensor(one, 'A'), 'layers.0.lora.B': recordedTensor(one, 'B') };
  attachPeft(model, { params, rank, alpha: scaling * rank });
  const [{ adapter }] = adaptersOf(model) as [ReturnType<typeof adaptersOf>[number]];
  const tuned = adapter.mergedInto?.(layer.weight, 1);
  if (!tuned) throw new Error('no LoRA adapter');
  const { similarities } = await intruderDimensions(layer.weight, tuned, { count: outputs });
  const found = recorded(one, 'similarity').data;
  const off = Math.max(...found.map((c, i) => Math.abs(c - (similarities[i] as number))));
  await mitigateAdapterIntruders(model, { count, threshold, lambda });
  const { A, B } = adapter as unknown as Record<'A' | 'B', ReturnType<typeof recordedTensor>>;
  // The rounding of W + ΔW turns a singular vector by its size over the gap to the next value, 0.2 here at least.
  const turned = { differences: [off], limits: [32 * 2 ** -24 + 1e-9] };
  return allCompared(turned, comparedTo(B.matmul(A), recorded(one, 'new_product'), 64));
}

const replay = (name: string, wrong: Partial<Options>): AdapterReplay => ({
  file: 'intruders',
  name,
  follow,
  unlike: (one) => follow(one, wrong),
});

export const diagReplays: readonly AdapterReplay[] = adapterRecords('intruders').map(({ name }) =>
  replay(name, name === 'fires' ? { lam: 1 } : { threshold: 1 }),
);
