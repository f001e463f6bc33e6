// A small GPT learns one list of names. Low-rank adapters then turn it to another list, and its own weights stay.
import { adam, crossEntropy, GPT, generate, lora, random, stateBytes, tensor, trainer } from '../src/index';

const first = `ada agnes alice amelia anna anton arthur bella benno bertha carla carlo carolina clara cora daniel daria
  edith elena elisa ella elsa emil emma erika eva felicia felix flora florian frida georg gloria greta hanna helena ida
  irene iris isabella jana julia julian karin klara lara laura lea lena leonora lina linda lisa lorena lucia luisa maria
  mariana marina marta martin mia mila mina mona nadia nina nora olga oliver paula petra rita robert rosa rosalia sabina
  samuel sara selma silvia sofia stella susanna tara teresa tina ursula valeria vera viola wilma`.split(/\s+/);
const second = `alberto alfonso alfredo angelo antonio armando bruno carlo claudio diego dino elio emilio enrico ernesto
  fabio federico filippo franco giorgio guido hugo ivo lorenzo luciano mario marcello mauro orlando otto paolo pedro
  ricardo roberto romano sandro sergio silvio stefano tito umberto`.split(/\s+/);
const letters = ['.', ...new Set([...first, ...second].join(''))]; // '.' begins and ends a name and fills up the rest
const context = 10;
const encode = (list: string[]) =>
  tensor(
    list.map((name) => Array.from(name.padEnd(context, '.').slice(0, context), (c) => letters.indexOf(c))),
    { dtype: 'int32' },
  );

const model = new GPT({ vocabularySize: letters.length, context, width: 32, heads: 4, layers: 2, key: random.key(0) });
async function train(names: string[], steps: number): Promise<void> {
  const [ids, targets] = [encode(names.map((name) => `.${name}`)), encode(names)]; // one letter on
  const loss = () => crossEntropy(model.forward(ids), targets);
  const training = trainer({ model, transform: adam({ learningRate: 0.01 }), loss, seed: 0 });
  let now = 0;
  for (let step = 0; step < steps; step++) now = await training.step(undefined).loss;
  const trained = Object.values(model.parameters({ trainable: true })).reduce((sum, { size }) => sum + size, 0);
  console.log(`${trained} parameters trained, ${stateBytes(training.state)} bytes of state, loss ${now.toFixed(2)}`);
}
async function sample(): Promise<void> {
  const names: string[] = [];
  for (let i = 0; i < 50; i++) {
    let name = '';
    const options = { prompt: [0], length: context - 1, stop: [0], temperature: 0.8, key: random.key(i) };
    for await (const id of generate(model, options)) name += letters[id];
    names.push(name);
  }
  const share = (letter: string) => `${2 * names.filter((name) => name.endsWith(letter)).length} % end in ${letter}`;
  console.log(`${names.slice(0, 8).join(' ')} …: ${share('a')}, ${share('o')}`);
}

const steps = Number(process.env.STEPS ?? 100);
await train(first, steps);
await sample();
lora(model, { rank: 4, alpha: 8 }); // freezes the model
await train(second, steps);
await sample();
