import { afterEach, expect, it, vi } from 'vitest';
import { checkSharing } from '../../../../src/cli/ranks/sharing';

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
