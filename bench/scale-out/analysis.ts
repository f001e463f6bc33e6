import type { Measured, Run } from '../scale-out';
import { bytesSent, crossover, fitNetwork, type Load, measuredCrossover, type Network, stepSeconds } from './model';
import { type Method, median, methods } from './rank';

/** One method at one rate: what was measured, and what the model says from compute and network measured elsewhere. */
interface Row {
  readonly megabits: number;
  readonly method: Method;
  readonly seconds: number;
  /** Seconds of the slowest rank outside calls to the others. */
  readonly compute: number;
  readonly predicted: number;
}

/** What one rank sent in a step. */
interface Bytes {
  readonly nodes: number;
  readonly megabits: number | null;
  readonly method: Method;
  /** 2(N − 1)/N times the numbers that are summed. */
  readonly theory: number;
  readonly payload: number;
  /** By the interface's counter, the mean over ranks. */
  readonly sent: number;
  readonly sums: number;
}

export interface Analysis {
  readonly parameters: number;
  readonly loads: Readonly<Record<Method, Load>>;
  readonly networks: readonly (Network & { readonly megabits: number })[];
  /** What a sum gets of the nominal rate, as a share: the median over rates. */
  readonly efficiency: number;
  readonly rows: readonly Row[];
  readonly bytes: readonly Bytes[];
  /** Mbit/s above which Flora is slower; null: at no rate that was tried, or at none. */
  readonly crossovers: { readonly measured: number | null; readonly model: number | null };
}

export function analyse({ runs, lengths }: Measured): Analysis {
  const free = runs.find(({ nodes, megabits }) => nodes === 2 && megabits === null) as Run;
  const limited = runs.flatMap((run) =>
    run.megabits === null || run.nodes > 2 ? [] : [{ ...run, megabits: run.megabits }],
  );
  const loads = { dense: loadOf(free, 'dense'), flora: loadOf(free, 'flora') };
  const networks = limited.map(({ megabits, nodes, found }) => {
    const sums = lengths.map((length, i) => ({
      bytes: 4 * length,
      seconds: median(found.map((one) => one.sums[i] ?? 0)),
    }));
    return { megabits, ...fitNetwork(nodes, sums) };
  });
  const efficiency = median(networks.map(({ megabits, perByte }) => 8e-6 / perByte / megabits));
  const rows = limited.flatMap((run, i) =>
    methods.map((method) => ({
      megabits: run.megabits,
      method,
      ...stepOf(run, method),
      predicted: stepSeconds(loads[method], networks[i] as Network, run.nodes, 'order'),
    })),
  );
  const gains = limited.map(({ megabits, ...run }) => ({ megabits, gain: gainOf({ ...run, megabits }) }));
  const perByte = crossover(loads.dense, loads.flora, networks.at(-1)?.latency as number, 2, 'order');
  return {
    parameters: free.found[0]?.parameters as number,
    loads,
    networks,
    efficiency,
    rows,
    bytes: runs.flatMap((run) => methods.map((method) => bytesOf(run, method))),
    crossovers: {
      measured: measuredCrossover([...gains, { megabits: Number.POSITIVE_INFINITY, gain: gainOf(free) }]),
      model: perByte === null ? null : 8e-6 / perByte / efficiency,
    },
  };
}

/** Ranks wait for the slowest, so a step computes as long as the rank that waited least. */
function stepOf({ found }: Run, method: Method): { readonly seconds: number; readonly compute: number } {
  const steps = found[0]?.trained[method].samples.map((_, step) =>
    found.map(({ trained }) => trained[method].samples[step] as { seconds: number; waited: number }),
  );
  return {
    seconds: median((steps ?? []).map((ranks) => Math.max(...ranks.map(({ seconds }) => seconds)))),
    compute: median((steps ?? []).map((ranks) => Math.max(...ranks.map(({ seconds, waited }) => seconds - waited)))),
  };
}

function loadOf(run: Run, method: Method): Load {
  const { sums, floats } = (run.found[0] as Run['found'][number]).trained[method];
  return { compute: stepOf(run, method).compute, bytes: 4 * floats, sums };
}

/** Seconds a step that Flora saves, the median of steps that followed each other. */
function gainOf({ found }: Run): number {
  const [first] = found as [Run['found'][number]];
  const { dense, flora } = first.trained;
  return median(dense.samples.map(({ seconds }, i) => seconds - (flora.samples[i]?.seconds as number)));
}

function bytesOf({ nodes, megabits, found }: Run, method: Method): Bytes {
  const trained = found.map((one) => one.trained[method]);
  const [first] = trained as [(typeof trained)[number]];
  const sent = trained.reduce((sum, { sentBytes }) => sum + sentBytes, 0) / nodes;
  return {
    nodes,
    megabits,
    method,
    theory: bytesSent(nodes, 4 * first.floats),
    payload: first.payloadBytes,
    sent,
    sums: first.sums,
  };
}
