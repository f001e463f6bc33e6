// A GPT of 15 thousand parameters learns how names are spelled, letter by letter, and then makes up names.
import { adam, crossEntropy, GPT, generate, random, type Tensor, tensor, trainer } from '../src/index';

const text = `ada agnes alice amelia anna anton arthur bella benno bertha carla carlo carolina clara cora daniel daria
  edith elena elisa ella elsa emil emma erika eva felicia felix flora florian frida georg gloria greta hanna helena ida
  irene iris isabella jana julia julian karin klara lara laura lea lena leonora lina linda lisa lorena lucia luisa maria
  mariana marina marta martin mia mila mina mona nadia nina nora olga oliver paula petra rita robert rosa rosalia sabina
  samuel sara selma silvia sofia stella susanna tara teresa tina ursula valeria vera viola wilma`;
const names = text.split(/\s+/);
const letters = ['.', ...new Set(names.join(''))]; // '.' begins and ends a name and fills up the rest
const context = 10;
const spell = (name: string): number[] => Array.from(name.padEnd(context, '.'), (letter) => letters.indexOf(letter));
const encode = (list: readonly string[]): Tensor => tensor(list.map(spell), { dtype: 'int32' }); // [B, T]

const model = new GPT({ vocabularySize: letters.length, context, width: 32, heads: 4, layers: 1, key: random.key(0) });
const ids = encode(names.map((name) => `.${name}`.slice(0, context)));
const targets = encode(names); // one letter on
const loss = () => crossEntropy(model.forward(ids), targets);
const training = trainer({ model, transform: adam({ learningRate: 0.01 }), loss, seed: 0 });
for (let step = 0; step <= 60; step++) {
  const now = await training.step(undefined).loss;
  if (step % 20 === 0) console.log(`step ${String(step).padStart(2)}  loss ${now.toFixed(3)}`);
}

for (let sample = 0; sample < 8; sample++) {
  let name = '';
  const options = { prompt: [0], length: context - 1, stop: [0], key: random.key(sample) };
  for await (const id of generate(model, options)) name += letters[id];
  console.log(name, names.includes(name) ? '(a name it has seen)' : '(new)');
}
