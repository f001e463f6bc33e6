// A page that trains while one looks on: the two arms of a spiral, and the loss as a curve. See page.html.
import { adam, backend, crossEntropy, MLP, random, tensor, trainer, yieldToEventLoop } from '../src/index';

const steps = Number(new URLSearchParams(location.search).get('steps') ?? 1000);
const says = document.querySelector('#says') as HTMLOutputElement;
const canvas = document.querySelector('#curve') as HTMLCanvasElement;
let stopped = false;
document.querySelector('#stop')?.addEventListener('click', () => {
  stopped = true;
});

const points = Array.from({ length: 200 }, (_, i) => {
  const [radius, turn] = [0.2 + (0.8 * i) / 200, Math.PI * (i % 2)];
  return [radius * Math.cos(2 * Math.PI * radius + turn), radius * Math.sin(2 * Math.PI * radius + turn)];
});
const [x, classes] = [tensor(points), tensor(Int32Array.from(points, (_, i) => i % 2))];
const model = new MLP({ sizes: [2, 32, 32, 2], activation: 'tanh', key: random.key(0) });
const training = trainer({
  model,
  transform: adam({ learningRate: 0.01 }),
  loss: () => crossEntropy(model.forward(x), classes),
  seed: 0,
});

const losses: number[] = [];
while (training.steps < steps && !stopped) {
  losses.push(await training.step().loss);
  if (training.steps % 10 === 0) draw();
  await yieldToEventLoop(); // the page paints, and the button works
}
draw();
says.value += stopped ? ', stopped' : ', done';

function draw(): void {
  const pen = canvas.getContext('2d') as CanvasRenderingContext2D;
  const { width, height } = canvas;
  pen.clearRect(0, 0, width, height);
  pen.beginPath();
  for (const [i, loss] of losses.entries()) pen.lineTo((width * i) / steps, height * (1 - loss));
  pen.stroke();
  says.value = `step ${training.steps}, loss ${losses.at(-1)?.toFixed(3)}, on ${backend().name}`;
}
