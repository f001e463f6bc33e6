import { yesOrNo } from '../finding';
import { type AdapterLaw, outputOf, trained } from './case';

/** The same adapter attached to a new layer computes the same bits with the loaded state. */
export const saved: AdapterLaw = {
  name: 'is saved and loaded with the parameters of the layer',
  async find(row, seed) {
    const { layer } = trained(row, seed);
    const again = row.layer();
    row.attach(again);
    again.load(layer.state());
    const [actual, expected] = [await outputOf(again, row), await outputOf(layer, row)];
    const at = actual.findIndex((y, i) => !Object.is(y, expected[i]));
    const wrong = `the output of the loaded layer is ${actual[at]} at element ${at}; expected ${expected[at]}`;
    return yesOrNo(at < 0 ? null : wrong, `${actual.length} elements`);
  },
};
