// How wrong is one projected gradient, and how fast does averaging repair it? Measured beside the closed form.
import { mul, projectors, random, scope, type Tensor, zeros } from '../src/index';
import { projectionError } from '../src/study';

const [rows, columns, rank] = [48, 32, 8];
for (const projector of [projectors.gaussian, projectors.rademacher, projectors.haar, projectors.coordinates]) {
  const row = await projectionError({ projector, rows, columns, rank, trials: 1000 });
  const [measured, theory] = [row.relativeMse.toFixed(2), row.theoryMse.toFixed(2)];
  console.log(`${projector.name.padEnd(12)} squared error ${measured}, theory ${theory}`);
}

/** ‖mean of `count` independent round trips − G‖²/‖G‖². */
function errorOfMean(gradient: Tensor, count: number): Tensor {
  return scope(() => {
    let total = zeros(gradient.shape);
    for (let draw = 0; draw < count; draw++) {
      const projection = projectors.gaussian.sample(random.key(draw), gradient.shape, rank, draw);
      total = total.add(projectors.gaussian.up(projection, projectors.gaussian.down(projection, gradient)));
    }
    const off = mul(total, 1 / count).sub(gradient);
    return off.square().sum().div(gradient.square().sum());
  });
}

const gradient = random.normal(random.key(7), [rows, columns]);
for (const count of [1, 10, 100, 1000]) {
  const error = await errorOfMean(gradient, count).item();
  const theory = (columns + 1) / rank / count; // columns is the smaller dimension
  console.log(
    `mean of ${String(count).padStart(4)} draws  squared error ${error.toFixed(4)}, theory ${theory.toFixed(4)}`,
  );
}
