import * as floragrad from '../../src';
import type { Contestant, Settings } from '../contestant';
import { dispatch } from './floragrad/dispatch';
import { elementwise, matmul } from './floragrad/ops';
import { optimizer } from './floragrad/optimizer';
import { projection } from './floragrad/projection';
import { gpt, mlp } from './floragrad/training';

/** The backend and the threads that the settings ask for. */
async function configure({ build, threads }: Settings): Promise<void> {
  if (build === 'baseline') floragrad.setBackend(floragrad.wasmBackend({ build }));
  if (threads === undefined) return;
  const { setThreads } = floragrad as unknown as { setThreads(threads: number): Promise<unknown> };
  await setThreads(Number(threads));
}

const configured =
  <T, A, R>(prepare: (task: T, arrays: A, settings: Settings) => R) =>
  async (task: T, arrays: A, settings: Settings): Promise<R> => {
    await configure(settings);
    return prepare(task, arrays, settings);
  };

export const prepare: Contestant['prepare'] = {
  matmul: configured(matmul),
  elementwise: configured(elementwise),
  projection: configured(projection),
  optimizer: configured(optimizer),
  dispatch: configured(dispatch),
  gpt: configured(gpt),
  mlp: configured(mlp),
};

export const describe: Contestant['describe'] = async (settings) => {
  await configure(settings);
  const { build, threads, relaxedSimd } = floragrad.backend().describe();
  return `this library, ${build} build (relaxed SIMD: ${relaxedSimd}), ${threads} thread${threads === 1 ? '' : 's'}`;
};
