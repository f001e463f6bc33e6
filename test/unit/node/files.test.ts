import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { encodeSafetensors, type StoredType, safetensorsMetadata, tensor, zeros } from '../../../src/index';
import { loadCheckpoint, loadNpz, loadSafetensors, saveCheckpoint, saveNpz, saveSafetensors } from '../../../src/node';
import { assign } from '../../../src/tensor/assign';

const folder = mkdtempSync(join(tmpdir(), 'floragrad-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);

describe('functions of files do what they are told, as those of bytes do', () => {
  it('saveSafetensors stores elements and strings as it is told', async () => {
    const params = { w: tensor([0.5, -2, 1]), ids: tensor([1, 0], { dtype: 'int32' }) };
    const storeAs = (path: string): StoredType => (path === 'w' ? 'BF16' : 'U8');
    await saveSafetensors(at('small.safetensors'), params, { about: 'it' }, { storeAs });
    const bytes = readFileSync(at('small.safetensors'));
    expect(safetensorsMetadata(bytes)).toEqual({ about: 'it' });
    expect(bytes.equals(await encodeSafetensors(params, { about: 'it' }, { storeAs }))).toBe(true);
  });

  it('saveSafetensors writes the values of its call, whatever is assigned meanwhile', async () => {
    const params = { first: tensor([1, 2]), last: tensor([3]) };
    const saved = saveSafetensors(at('then.safetensors'), params);
    for (const parameter of Object.values(params)) assign(parameter, zeros(parameter.shape));
    await saved;
    const { first, last } = await loadSafetensors(at('then.safetensors'));
    expect([first?.dataSync(), last?.dataSync()]).toEqual([Float32Array.of(1, 2), Float32Array.of(3)]);
  });

  it('loadNpz keeps to its limit', async () => {
    await saveNpz(at('a.npz'), { x: zeros([1000]) });
    await expect(loadNpz(at('a.npz'), { maxBytes: 4000 })).rejects.toThrow(/zip\/too-large/);
    expect((await loadNpz(at('a.npz'), { maxBytes: 5000 })).x?.size).toBe(1000);
  });

  it('loadCheckpoint compares with what it is loaded into', async () => {
    const [parameters, state] = [{ w: tensor([1, 2]) }, { mean: { w: tensor([3, 4]) } }];
    await saveCheckpoint(at('run'), { parameters, state, steps: 1 });
    const other = { parameters: { w: zeros([3]) }, state: { mean: {} } };
    const load = (like: object) => loadCheckpoint(at('run'), { like });
    await expect(load({ parameters: other.parameters })).rejects.toThrow(/checkpoint\/mismatch.*parameter "w"/);
    await expect(load({ state: other.state })).rejects.toThrow(/checkpoint\/mismatch.*state\["mean"\]/);
    expect((await load({ parameters, state })).steps).toBe(1);
  });
});
