import { once } from 'node:events';
import { fstatSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { checkSharing } from '../../../../src/cli/ranks/sharing';
import { launched } from '../../../../src/mpi/library';

afterEach(() => {
  vi.unstubAllEnvs();
});

it('three shards are refused in one process, and a shard a rank under a launcher of three', () => {
  const settings = { shards: 3, wire: 'dense', wireRank: 1, batch: 12 } as const;
  expect(() => checkSharing(settings)).toThrow('cli/shards');
  vi.stubEnv('PMI_SIZE', '3');
  vi.stubEnv('PMI_RANK', '1');
  expect(() => checkSharing(settings)).not.toThrow();
});

function isSocket(file: number): boolean {
  try {
    return fstatSync(file).isSocket();
  } catch {
    return false; // it is not open
  }
}

describe('which launcher it was', () => {
  const mpich = { PMI_SIZE: '2', PMI_RANK: '1' };
  const openMpi = { OMPI_COMM_WORLD_SIZE: '4', OMPI_COMM_WORLD_RANK: '3' };
  const family = (environment: Readonly<Record<string, string>>) => launched(environment)?.family.name;

  it('is the only one that has left something', () => {
    expect(launched({})).toBeNull();
    expect(launched(mpich)).toMatchObject({ family: { name: 'MPICH' }, rank: 1, size: 2 });
    expect(launched(openMpi)).toMatchObject({ family: { name: 'Open MPI' }, rank: 3, size: 4 });
  });

  it('is MPICH beside what Open MPI has left where its channel is open, and otherwise Open MPI', async () => {
    const both = { ...mpich, ...openMpi };
    expect(family(both)).toBe('Open MPI');
    for (const closed of ['999', 'no number', String(openSync('/dev/null', 'r'))])
      expect(family({ ...both, PMI_FD: closed })).toBe('Open MPI');
    const server = createServer().listen(0);
    await once(server, 'listening');
    const socket = Array.from({ length: 1000 }, (_, file) => file).findLast(isSocket);
    expect(family({ ...both, PMI_FD: String(socket) })).toBe('MPICH');
    server.close();
  });
});
