// A GRU learns how names are spelled, letter by letter, and makes up some. All that it remembers is in its state, 96 numbers.
import {
  adam,
  batches,
  crossEntropy,
  Embedding,
  GRU,
  Linear,
  Module,
  noGrad,
  random,
  type Tensor,
  tensor,
  trainer,
} from '../src/index';
import { corpus } from '../src/node/corpus';

const letters = '.abcdefghijklmnopqrstuvwxyz'; // '.' begins and ends a name and fills up the rest
const length = 11;
const names: string[] = (await corpus('names')).toLowerCase().match(/^[a-z]{3,10}$/gm) ?? [];
const spell = (text: string): number[] => Array.from(text.padEnd(length, '.'), (letter) => letters.indexOf(letter));
const encode = (texts: readonly string[]): Tensor => tensor(texts.map(spell), { dtype: 'int32' });
const data = { ids: encode(names.map((name) => `.${name}`)), targets: encode(names) }; // [N, T] each, one letter on

class Speller extends Module {
  embedding = new Embedding(letters.length, 32, { key: random.key(1) });
  gru = new GRU(32, 96, { key: random.key(2) });
  head = new Linear(96, letters.length, { key: random.key(3) });

  /** ids [B, T] → logits of the letters that follow [B, T, letters], and the state to go on from. */
  forward(ids: Tensor, before?: Tensor): { logits: Tensor; state: Tensor } {
    const { output, state } = this.gru.forward(this.embedding.forward(ids), { state: before });
    return { logits: this.head.forward(output), state };
  }
}

const model = new Speller();
const loss = ({ ids, targets }: typeof data) => crossEntropy(model.forward(ids).logits, targets);
const training = trainer({ model, transform: adam({ learningRate: 0.01 }), loss, seed: 0 });
const steps = Number(process.env.STEPS ?? 300);
for (const batch of batches(data, { size: 64, shuffle: random.key(4), epochs: Infinity })) {
  const step = training.steps;
  const now = await training.step(batch).loss;
  if (step % (steps / 3) === 0) console.log(`step ${String(step).padStart(3)}  loss ${now.toFixed(3)}`);
  if (step === steps) break;
}

// Twelve names at once: a letter goes in, the next is drawn from what comes out, and the state goes round.
let made = new Array<string>(12).fill('');
let letter = tensor(new Int32Array(12), { shape: [12, 1] });
let state: Tensor | undefined;
for (let t = 0; t < length; t++) {
  const next = noGrad(() => model.forward(letter, state));
  letter = random.categorical(random.key(t), next.logits); // [12, 1]
  state = next.state;
  const ids = await letter.data();
  made = made.map((name, i) => name + letters[ids[i] as number]);
}
const invented = made.map((text) => text.split('.')[0] as string);
console.log(invented.map((name) => `${name} (${names.includes(name) ? 'a name it has seen' : 'new'})`).join('\n'));
