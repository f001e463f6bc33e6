// An encoder and a decoder with cross-attention read numbers in words and write digits: "three thousand five" → 3005.
import * as f from '../src/index';

const small = `zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
  seventeen eighteen nineteen`.split(/\s+/);
const tens = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');
const words = ['', ...small, ...tens, 'hundred', 'thousand']; // '' fills up the rest
const [width, longest, end] = [32, 7, 10]; // at most seven words; digits are 0 to 9, and 10 begins and ends a number
function spell(n: number): string[] {
  if (n < 20) return [small[n] as string];
  const [unit, name] = n < 100 ? [10, ''] : n < 1000 ? [100, 'hundred'] : [1000, 'thousand'];
  const front = n < 100 ? [tens[Math.floor(n / 10) - 2] as string] : [...spell(Math.floor(n / unit)), name];
  return n % unit === 0 ? front : [...front, ...spell(n % unit)];
}
const wordsOf = (n: number): number[] => Array.from({ length: longest }, (_, i) => words.indexOf(spell(n)[i] ?? ''));
const digitsOf = (n: number): number[] => [...Array.from(`${n}`, Number), end, end, end, end].slice(0, 5);
const batch = (list: number[], row: (n: number) => number[]) => f.tensor(list.map(row), { dtype: 'int32' });

const key = (name: string) => ({ key: f.random.fold(f.random.key(0), name) });
class Translator extends f.Module {
  words = new f.Embedding(words.length, width, key('words'));
  places = new f.Embedding(longest, width, key('places'));
  encoder = new f.TransformerBlock(width, 4, key('encoder'));
  digits = new f.Embedding(11, width, key('digits'));
  self = new f.MultiHeadAttention(width, 4, { causal: true, rotary: true, ...key('self') });
  cross = new f.CrossAttention(width, 4, key('cross'));
  mlp = new f.SwiGLU(width, key('mlp'));
  head = new f.Linear(width, 11, key('head'));
  /** Logits of the next digit. Shapes: source [B, 7], written [B, T] → [B, T, 11]. */
  forward(source: f.Tensor, written: f.Tensor): f.Tensor {
    const memory = this.encoder.forward(this.words.forward(source).add(this.places.forward(f.arange(longest))));
    let x = this.digits.forward(written); // [B, T, D]
    x = x.add(this.self.forward(f.rmsNorm(x)));
    x = x.add(this.cross.forward(f.rmsNorm(x), memory));
    x = x.add(this.mlp.forward(f.rmsNorm(x)));
    return this.head.forward(f.rmsNorm(x));
  }
}
const [...known] = await f.random.permutation(f.random.key(1), 10000).data();
const [heldOut, model] = [known.splice(0, 500), new Translator()];
const steps = Number(process.env.STEPS ?? 400);
const loss = (list: number[]) => {
  const written = batch(list, (n) => [end, ...digitsOf(n).slice(0, 4)]); // what stands before each digit
  return f.crossEntropy(model.forward(batch(list, wordsOf), written), batch(list, digitsOf));
};
const learningRate = f.schedules.cosine({ from: 0.01, to: 0, steps });
const training = f.trainer({ model, transform: f.adam({ learningRate }), loss, seed: 0 });
for (let step = 0; step < steps; step++) {
  const now = await training.step(Array.from({ length: 64 }, (_, i) => known[(64 * step + i) % 9500] as number)).loss;
  if (step % 100 === 0) console.log(`step ${String(step).padStart(3)}  loss ${now.toFixed(3)}`);
}
let written = batch(heldOut, () => [end]); // all numbers at once, one digit after the other
for (let t = 0; t < 5; t++) {
  const logits = f.noGrad(() => model.forward(batch(heldOut, wordsOf), written));
  written = f.concat([written, f.argmax(logits.slice([0, t], [500, t + 1]), { axis: -1 })], 1);
}
const answers = ((await written.array()) as number[][]).map((row) => row.slice(1).filter((digit) => digit < end));
for (let i = 0; i < 3; i++) console.log(...spell(heldOut[i] as number), '→', answers[i]?.join(''));
const right = heldOut.filter((n, i) => answers[i]?.join('') === `${n}`).length;
console.log(`${right / 5} % of 500 numbers that were held out are right`);
