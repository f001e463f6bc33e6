// Weights from PyTorch and back: a safetensors file that PyTorch wrote, its logits compared with ours, and a file that
// PyTorch reads. Another file has the layout of Hugging Face's GPT-2, whose weights lie transposed.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeSafetensors, fromHuggingFaceGPT2, GPT, gpt2Names, random, renameParams, tensor } from '../src/index';
import { loadSafetensors, saveSafetensors } from '../src/node/files';
// What test/golden/make_files.py and make_huggingface.py recorded: a model each, tokens, and PyTorch's logits for them.
import torch from '../test/golden/files.json';
import huggingFace from '../test/golden/huggingface.json';

const decode = (base64: string) => decodeSafetensors(new Uint8Array(Buffer.from(base64, 'base64')));

/** The largest difference between our logits and those that PyTorch computed with the same weights. */
async function difference(model: GPT, { ids, logits }: { ids: number[][]; logits: number[] }): Promise<string> {
  const ours = model.forward(tensor(ids, { dtype: 'int32' }));
  const error = await ours.reshape([ours.size]).sub(tensor(logits)).abs().max().item();
  return error < 1e-5 ? 'within 1e-5' : `off by ${error}`;
}

// Names as nanoGPT has them, and PyTorch's layout of weights, which is ours too: [out, in].
const saved = decode(torch.gpt.file);
const model = new GPT({ ...torch.gpt.options, key: random.key(0) });
model.load(renameParams(saved, gpt2Names));
console.log(`nanoGPT: ${Object.keys(saved).length} tensors, logits ${await difference(model, torch.gpt)}`);

const other = new GPT({ ...huggingFace.options, key: random.key(0) });
other.load(fromHuggingFaceGPT2(decode(huggingFace.file)));
console.log(`Hugging Face: logits ${await difference(other, huggingFace)}`);

// And back. In Python: model.load_state_dict(safetensors.torch.load_file('gpt.safetensors')).
const torchNames = [
  [/^tokenEmbedding/, 'wte'],
  [/^positionEmbedding/, 'wpe'],
  [/^blocks\.(\d+)\.attentionNorm/, 'h.$1.ln_1'],
  [/^blocks\.(\d+)\.mlpNorm/, 'h.$1.ln_2'],
  [/^blocks\.(\d+)\.attention\.qkv/, 'h.$1.attn.c_attn'],
  [/^blocks\.(\d+)\.attention\.proj/, 'h.$1.attn.c_proj'],
  [/^blocks\.(\d+)\.mlp\.(fc|proj)/, 'h.$1.mlp.c_$2'],
  [/^finalNorm/, 'ln_f'],
  [/^/, 'transformer.'],
  [/^transformer\.head/, 'lm_head'],
] as const;
const folder = mkdtempSync(join(tmpdir(), 'floragrad-'));
const file = join(folder, 'gpt.safetensors');
await saveSafetensors(file, renameParams(model.parameters(), torchNames), { format: 'pt' });
const again = await loadSafetensors(file);
const same = Object.entries(saved).filter(([name, x]) => again[name]?.sub(x).abs().max().dataSync()[0] === 0);
console.log(
  `written for PyTorch: ${same.length} of ${Object.keys(saved).length} tensors with the same name and numbers`,
);
rmSync(folder, { recursive: true });
