import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { isMainThread } from 'node:worker_threads';
import { type Cluster, lacking, openCluster } from './scale-out/cluster';
import { type Library, launch } from './scale-out/launch';
import { type Overlap, type OverlapJob, runOverlap, serveOverlap } from './scale-out/overlap';
import { pageOf } from './scale-out/page';
import { type Found, type Job, runRank } from './scale-out/rank';

// Data-parallel training over a slow network: bytes, times, and a model of both, on namespaces of this machine. Needs Linux, root,
// iproute2 (ip and tc), and MPICH or Open MPI.
//   npm run bench:scale-out                        2 nodes at each rate, 4 nodes for bytes: some minutes
//   npm run bench:scale-out -- --quick             two steps at each rate
//   npm run bench:scale-out -- --mpi openmpi       over the other library
//   npm run bench:scale-out -- --write             and write docs/scale-out.md
const sizes = { width: 256, layers: 2, context: 64, batch: 4 } as const;
/** Up to more numbers than a dense gradient has: memory that is made for long vectors costs time as well. */
const lengths = [64, 4096, 65_536, 524_288, 2_097_152];
/** Mbit/s that a node may send; null: no limit, which shows what a step takes without a network. */
const rates = [100, 300, 600, 1000, 2000, null] as const;

/** What was found on the nodes of one cluster at one rate. */
export interface Run {
  readonly nodes: number;
  readonly megabits: number | null;
  readonly found: readonly Found[];
}
/** All that the page is made of. */
export interface Measured {
  readonly library: Library;
  readonly processor: string;
  readonly sizes: Job['sizes'];
  readonly lengths: readonly number[];
  readonly steps: number;
  readonly runs: readonly Run[];
  readonly overlaps: readonly (Overlap & { readonly megabits: number | null })[];
}

const [, , role, given, folder] = process.argv as string[];
if (!isMainThread) await serveOverlap();
else if (role === '--rank') await runRank(JSON.parse(given as string) as Job, folder as string);
else if (role === '--overlap') await runOverlap(JSON.parse(given as string) as OverlapJob, folder as string);
else await main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      mpi: { type: 'string', default: 'mpich' },
    },
  });
  if (values.mpi !== 'mpich' && values.mpi !== 'openmpi') throw new Error(`--mpi ${values.mpi}: mpich or openmpi`);
  const missing = lacking();
  if (missing !== null) {
    console.error(`bench:scale-out makes a network of its own and lacks ${missing}`);
    process.exitCode = 1;
    return;
  }
  const [steps, repeats] = values.quick ? [2, 3] : [20, 9];
  const job = { sizes, sums: lengths, repeats, steps };
  const library = values.mpi;
  const runs: Run[] = [];
  const overlaps: Measured['overlaps'][number][] = [];
  await onCluster(2, async (cluster) => {
    for (const megabits of rates) {
      runs.push(await measure(cluster, megabits, library, job));
      const given: OverlapJob = { sizes, repeats: steps };
      const found = await launch<Overlap>(cluster, library, '--overlap', given);
      overlaps.push({ megabits, ...(found[0] as Overlap) });
    }
  });
  await onCluster(4, async (cluster) => {
    runs.push(await measure(cluster, 1000, library, { ...job, sums: [], steps: 2 }));
  });
  const processor = `${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.versions.node}`;
  const page = pageOf({ library, processor, sizes, lengths, steps, runs, overlaps });
  console.log(page);
  if (values.write) writeFileSync('docs/scale-out.md', page);
}

async function onCluster(nodes: number, use: (cluster: Cluster) => Promise<void>): Promise<void> {
  const cluster = openCluster(nodes);
  const end = (): void => process.exit(130); // ranks and namespaces go in handlers of exit
  process.once('exit', cluster.remove).once('SIGINT', end).once('SIGTERM', end);
  try {
    await use(cluster);
  } finally {
    cluster.remove();
    process.off('exit', cluster.remove).off('SIGINT', end).off('SIGTERM', end);
  }
}

async function measure(cluster: Cluster, megabits: number | null, library: Library, job: Job): Promise<Run> {
  cluster.limit(megabits);
  console.error(`${cluster.nodes.length} nodes, ${megabits ?? 'any number of'} Mbit/s`);
  return { nodes: cluster.nodes.length, megabits, found: await launch<Found>(cluster, library, '--rank', job) };
}
