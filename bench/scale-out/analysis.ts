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
  readonly networks: readonly (Network & { readonly megabits: number | null })[];
  /** What a sum gets of the nominal rate, as a share: the median over rates. */
  readonly efficiency: number;
  readonly rows: readonly Row[];
  readonly bytes: readonly Bytes[];
  /** Mbit/s that a sum gets, above which a compressed step is slower than a dense one; null: at none, of those tried or of all. */
  readonly crossovers: Readonly<
    Record<Compressed, { readonly measured: number | null; readonly model: number | null }>
  >;
  /** Mbit/s that a sum got at most. */
  readonly fastest: number;
}
export type Compressed = Exclude<Method, 'dense'>;

/** 1/β in Mbit/s. */
export const rateOf = ({ perByte }: Network): number => 8e-6 / perByte;

export function analyse({ runs, lengths }: Measured): Analysis {
  const free = runs.find(({ nodes, megabits }) => nodes === 2 && megabits === null) as Run;
  const loads = { dense: loadOf(free, 'dense'), flora: loadOf(free, 'flora'), half: loadOf(free, 'half') };
  const pairs = runs.filter(({ nodes }) => nodes === 2).map((run) => ({ run, network: networkOf(run, lengths) }));
  const limited = pairs.flatMap(({ run, network }) =>
    run.megabits === null ? [] : [{ run, network, megabits: run.megabits }],
  );
  const rows = limited.flatMap(({ run, network, megabits }) =>
    methods.map((method) => ({
      megabits,
      method,
      ...stepOf(run, method),
      predicted: stepSeconds(loads[method], network, run.nodes, 'order'),
    })),
  );
  const crossoverOf = (method: Compressed): Analysis['crossovers'][Compressed] => {
    const latency = median(pairs.map(({ network }) => network.latency));
    const perByte = crossover(loads.dense, loads[method], latency, 2, 'order');
    const gains = pairs.map(({ run, network }) => ({ megabits: rateOf(network), gain: gainOf(run, method) }));
    return {
      measured: measuredCrossover(gains),
      model: perByte === null ? null : rateOf({ latency, perByte }),
    };
  };
  return {
    parameters: free.found[0]?.parameters as number,
    loads,
    networks: pairs.map(({ run, network }) => ({ megabits: run.megabits, ...network })),
    efficiency: median(limited.map(({ network, megabits }) => rateOf(network) / megabits)),
    rows,
    bytes: runs.flatMap((run) => methods.map((method) => bytesOf(run, method))),
    crossovers: { flora: crossoverOf('flora'), half: crossoverOf('half') },
    fastest: Math.max(...pairs.map(({ network }) => rateOf(network))),
  };
}

/** From the sums alone, which no training has a part in. */
function networkOf({ nodes, found }: Run, lengths: readonly number[]): Network {
  const seconds = lengths.map((_, i) => median(found.map(({ sums }) => sums[i] ?? 0)));
  return fitNetwork(
    nodes,
    lengths.map((length, i) => ({ bytes: 4 * length, seconds: seconds[i] as number })),
  );
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

/** Seconds a step that compression saves, the median of steps that followed each other. */
function gainOf({ found }: Run, method: Compressed): number {
  const [first] = found as [Run['found'][number]];
  const { dense, [method]: compressed } = first.trained;
  return median(dense.samples.map(({ seconds }, i) => seconds - (compressed.samples[i]?.seconds as number)));
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
