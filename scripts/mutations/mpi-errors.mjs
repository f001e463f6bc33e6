// Breaks of what the command says where ranks cannot begin, or begin unlike; see ../mutations.mjs. Those whose tests are in
// test/mpi need both MPIs.

const ranks = (part) => [`test/mpi/command.test.ts > ${part}`];
const pure = ['test/unit/cli/ranks/ranks.test.ts'];
const launched = ['test/unit/cli/ranks/launched.test.ts'];
const shards = ['test/unit/cli/ranks/shards.test.ts'];

export const mpiErrors = [
  {
    name: 'ranks: Open MPI wherever it has left something',
    file: 'src/mpi/library.ts',
    find: 'ompi !== undefined && !(both && channelOf(environment) !== null)',
    replace: 'ompi !== undefined',
    tests: launched,
  },
  {
    name: 'ranks: MPICH wherever it has left something',
    file: 'src/mpi/library.ts',
    find: 'ompi !== undefined && !(both && channelOf(environment) !== null)',
    replace: 'ompi !== undefined && !both',
    tests: launched,
  },
  {
    name: 'ranks: any open file is a channel',
    file: 'src/mpi/library.ts',
    find: 'file !== undefined && fstatSync(Number(file)).isSocket()',
    replace: 'file !== undefined && fstatSync(Number(file))',
    tests: launched,
  },
  {
    name: "errors: MPICH's launcher does not hear of a rank that failed before it was there",
    file: 'src/mpi/library.ts',
    find: 'if (code !== 0) endAtLauncher(code);',
    replace: 'if (code < 0) endAtLauncher(code);',
    tests: ranks('koffi is missing'),
  },
  {
    name: "errors: MPICH's words for a closed channel",
    file: 'src/mpi/library.ts',
    find: 'if (family === mpich && channel !== undefined && channelOf(process.env) === null)',
    replace: 'if (family === openMpi && channel !== undefined && channelOf(process.env) === null)',
    tests: ranks('npx'),
  },
  {
    name: 'ranks: a base is that of rank 0 if it has its shapes',
    file: 'src/cli/finetune/finetune.ts',
    find: 'JSON.stringify([sizes, characters, sums])',
    replace: 'JSON.stringify([sizes, characters, sums.length])',
    tests: ranks('refuses a base'),
  },
  {
    name: 'ranks: a checkpoint is that of rank 0 if it has as many steps',
    file: 'src/cli/train/run.ts',
    find: 'JSON.stringify([taken, saved?.trainLoss])',
    replace: 'JSON.stringify([taken])',
    tests: ranks('refuses a checkpoint'),
  },
  {
    name: 'ranks: a wire is looked at without its rank',
    file: 'src/cli/ranks/wire.ts',
    find: 'if (compresses(wireRank)) return;',
    replace: 'if (compresses(1)) return;',
    tests: pure,
  },
  {
    name: 'ranks: a rank that works is not looked for',
    file: 'src/cli/ranks/wire.ts',
    find: 'while (lower > 0 && !compresses(lower)) lower',
    replace: 'if (lower > 0) lower',
    tests: pure,
  },
  {
    name: 'ranks: PowerSGD sends one factor',
    file: 'src/cli/ranks/wire.ts',
    find: "wire === 'flora' ? Math.min(n, m) : n + m",
    replace: 'Math.min(n, m)',
    tests: pure,
  },
  {
    name: 'ranks: a wire may make nothing smaller',
    file: 'src/cli/ranks/wire.ts',
    find: 'return sent < n * m ||',
    replace: 'return sent <= n * m ||',
    tests: pure,
  },
  {
    name: 'ranks: train does not look at its wire',
    file: 'src/cli/train/train.ts',
    find: 'checkWire(parameters, sharing,',
    replace: 'if (sharing === null) checkWire(parameters, sharing,',
    tests: shards,
  },
  {
    name: 'ranks: finetune looks at the wire of its first method',
    file: 'src/cli/finetune/run.ts',
    find: 'plans.filter(({ seed }) => seed === plans[0]?.seed)',
    replace: 'plans.slice(0, 1)',
    tests: shards,
  },
  {
    name: 'ranks: a frozen base is looked at in place of its adapters',
    file: 'src/cli/finetune/run.ts',
    find: 'checkWire(model.parameters({ trainable: true })',
    replace: 'checkWire(model.parameters()',
    tests: shards,
  },
  {
    name: 'ranks: a launcher that ends with 1 is not spoken of',
    file: 'src/cli/ranks/start.ts',
    find: 'status === launcherFailed || (status <= 2 && !heard.fromRank())',
    replace: 'status === launcherFailed',
    tests: shards,
  },
  {
    name: 'ranks: a rank that has spoken is spoken for',
    file: 'src/cli/ranks/start.ts',
    find: '(status <= 2 && !heard.fromRank())',
    replace: 'status <= 2',
    tests: shards,
  },
  {
    name: 'ranks: a rank is heard where its line comes in one part',
    file: 'src/cli/ranks/start.ts',
    find: 'test(last + part)',
    replace: 'test(part)',
    tests: shards,
  },
  {
    name: 'ranks: what a launcher says is lost',
    file: 'src/cli/ranks/start.ts',
    find: 'to.write(part);',
    replace: '',
    tests: shards,
  },
];
