import { backend } from '../backend/current';
import { FileError } from '../base/errors';
import { isRecord, type Json } from './json';

/** What decides the bits of results, besides the program: the backend and its build. The number of threads does not. */
export function kernelsHere(): Record<string, string> {
  const { backend: name, build, kernels } = backend().describe();
  const facts = Object.entries({ backend: name, build, kernels }).filter(([, fact]) => fact !== undefined);
  return Object.fromEntries(facts.map(([name, fact]) => [name, String(fact)]));
}

/** @throws FileError `checkpoint/kernels` where others run than those that saved */
export function checkKernels(saved: Json | undefined): void {
  const here = kernelsHere();
  const there = isRecord(saved) ? Object.fromEntries(saved) : {};
  const names = new Set([...Object.keys(here), ...Object.keys(there)]);
  if ([...names].every((name) => here[name] === there[name])) return;
  const text = (facts: Readonly<Record<string, Json>>): string => Object.values(facts).join(' ');
  throw new FileError({
    code: 'checkpoint/kernels',
    got: `a checkpoint of the kernels "${text(there)}" was loaded where "${text(here)}" run`,
    expected: 'the same kernels, so that training goes on bit for bit',
    fix: "set the backend that it was saved on, as in setBackend(wasmBackend({ build: 'baseline' })), or pass { kernels: 'any' } and go on with other roundings",
  });
}
