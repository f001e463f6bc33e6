// Breaks of what ranks are told where they hand over different things, and of what a launcher says; see ../mutations.mjs.

const units = ['test/unit/mpi/communicator.test.ts'];
const threads = ['test/mpi/in-process.test.ts'];
const libraries = ['test/mpi/libraries.test.ts'];
const start = ['test/unit/cli/ranks/start.test.ts'];
const shards = ['test/unit/cli/ranks/shards.test.ts'];
const wire = ['test/unit/cli/ranks/wire.test.ts'];
const stepper = ['test/unit/cli/ranks/stepper.test.ts'];
const command = ['test/mpi/command.test.ts'];

export const mpiUse = [
  {
    name: 'ranks: calls go on after the end',
    file: 'src/mpi/communicator.ts',
    find: 'if (finalized) throw ended(rank);',
    replace: '',
    tests: units,
  },
  {
    name: 'ranks: an abort that is success',
    file: 'src/mpi/communicator.ts',
    find: 'whole({ low: 1, high: 255 })',
    replace: 'whole({ low: 0, high: 255 })',
    tests: units,
  },
  {
    name: 'ranks: an abort whose lowest bits are success',
    file: 'src/mpi/communicator.ts',
    find: 'whole({ low: 1, high: 255 })',
    replace: 'whole({ low: 1 })',
    tests: units,
  },
  {
    name: 'ranks: a sum of more floats than MPI counts bytes',
    file: 'src/mpi/communicator.ts',
    find: 'partsOf(values, mostBytes / 4)',
    replace: 'partsOf(values, 4 * mostBytes)',
    tests: units,
  },
  {
    name: 'ranks: a broadcast in one part',
    file: 'src/mpi/communicator.ts',
    find: 'partsOf(values, mostBytes))',
    replace: 'partsOf(values, 4 * mostBytes))',
    tests: units,
  },
  {
    name: 'ranks: parts that overlap',
    file: 'src/mpi/communicator.ts',
    find: 'yield values.subarray(at, at + most) as Values',
    replace: 'yield values.subarray(at) as Values',
    tests: units,
  },
  {
    name: 'ranks: a gathering of more than MPI counts',
    file: 'src/mpi/communicator.ts',
    find: 'if (values.byteLength >= 2 * mostBytes) throw',
    replace: 'if (values.byteLength > 2 * mostBytes) throw',
    tests: units,
  },
  {
    name: 'ranks: a broadcast that does not compare lengths',
    file: 'src/mpi/communicator.ts',
    find: 'checkLength(values.byteLength);',
    replace: '',
    tests: libraries,
  },
  {
    name: 'ranks: lengths that are looked at and not compared',
    file: 'src/mpi/unequal.ts',
    find: 'lengths.findIndex((length) => length !== lengths[0])',
    replace: 'lengths.findIndex((length) => length < 0)',
    tests: units,
  },
  {
    name: 'ranks: parameters that are compared by their paths alone',
    file: 'src/mpi/replicas.ts',
    find: 'show(params[path]?.shape ?? [])',
    replace: 'show([])',
    tests: threads,
  },
  {
    name: 'ranks: MPI that is opened twice',
    file: 'src/mpi/mpi.ts',
    find: 'if (opened) throw twice();',
    replace: '',
    tests: libraries,
  },
  {
    name: "ranks: an interrupt has the launcher's status",
    file: 'src/cli/ranks/start.ts',
    find: 'if (interrupted) return statusOf(interrupted);',
    replace: '',
    tests: start,
  },
  {
    name: 'ranks: a signal that stays here',
    file: 'src/cli/ranks/start.ts',
    find: "if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);",
    replace: "if (signal !== 'SIGINT' && !process.stdin.isTTY) child.kill(signal);",
    tests: start,
  },
  {
    name: 'ranks: a reader that has seen enough gets a word about it',
    file: 'src/cli/ranks/start.ts',
    find: "&& status !== statusOf('SIGPIPE')",
    replace: '',
    tests: start,
  },
  {
    name: "ranks: a launcher's terminal is one",
    file: 'src/cli/command.ts',
    find: 'isFirst(comm) ? piped(io) : silent(io)',
    replace: 'isFirst(comm) ? { ...piped(io), stdout: io.stdout } : silent(io)',
    tests: command,
  },
  {
    name: 'ranks: a method that evaluates twice is found when its turn comes',
    file: 'src/cli/finetune/finetune.ts',
    find: 'if (sharing) checkOnce(method);',
    replace: '',
    tests: shards,
  },
  {
    name: 'ranks: bases that differ',
    file: 'src/cli/finetune/finetune.ts',
    find: "if (comm) agree(comm, 'the base', describedBase(weights, vocabulary));",
    replace: '',
    tests: command,
  },
  {
    name: 'ranks: PowerSGD of another rank than that of the wire',
    file: 'src/cli/ranks/wire.ts',
    find: 'powerSgd(comm, { rank, seed',
    replace: 'powerSgd(comm, { rank: 1, seed',
    tests: wire,
  },
  {
    name: 'ranks: PowerSGD without the seed',
    file: 'src/cli/ranks/wire.ts',
    find: 'rank, seed: own, filter }',
    replace: 'rank, filter }',
    tests: wire,
  },
  {
    name: 'ranks: projections of the wire without the seed',
    file: 'src/cli/ranks/wire.ts',
    find: 'filter, seed: own })',
    replace: 'filter })',
    tests: wire,
  },
  {
    name: 'ranks: embeddings that are compressed',
    file: 'src/cli/ranks/wire.ts',
    find: "onRefresh: 'keep', filter,",
    replace: "onRefresh: 'keep',",
    tests: wire,
  },
  {
    name: 'ranks: a wire that draws the projections of the optimizer',
    file: 'src/cli/ranks/wire.ts',
    find: "random.fold(random.key(seed), 'wire')[0]",
    replace: 'seed',
    tests: wire,
  },
  {
    name: 'ranks: dropout without the seed',
    file: 'src/cli/ranks/stepper.ts',
    find: 'random.key(options.seed)',
    replace: 'random.key(0)',
    tests: stepper,
  },
  {
    name: 'ranks: every rank takes all cores',
    file: 'src/cli/ranks/cores.ts',
    find: 'Math.floor(availableParallelism() / sharing)',
    replace: 'availableParallelism()',
    tests: stepper,
  },
  {
    name: 'ranks: a checkpoint that the other ranks do not wait for',
    file: 'src/cli/train/checkpoint.ts',
    find: 'sharing?.comm.barrier();',
    replace: '',
    tests: ['test/unit/cli/ranks/saving.test.ts'],
  },
  {
    name: 'ranks: a number of ranks that the launcher did not start',
    file: 'src/cli/command.ts',
    find: 'if (comm) checkCount(ranks, comm.size);',
    replace: '',
    tests: command,
  },
  {
    name: 'ranks: a command that does not say how many shards there were',
    file: 'src/cli/command.ts',
    find: "comm && comm.size > 1 && !shards ? [...argv, '--shards', String(comm.size)] : argv",
    replace: 'argv',
    tests: command,
  },
];
