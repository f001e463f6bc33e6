import { yesOrNo } from '../finding';
import { claim } from '../violation';
import { type AdapterLaw, claimNear, outputOf } from './case';

/** Fine-tuning starts from the function that there is, and moves nothing but the adapter. */
export const start: AdapterLaw = {
  name: 'starts without effect, and is all that is trained',
  async find(row) {
    const [plain, layer] = [row.layer(), row.layer()];
    row.attach(layer);
    const [before, after] = [await outputOf(plain, row), await outputOf(layer, row)];
    if (row.effectAtStart)
      claim(
        after.some((y, i) => y !== before[i]),
        'the output before training is that of the plain layer',
      );
    else claimNear('the output before training', after, before, 4);
    const names = Object.keys(layer.parameters({ trainable: true }));
    claim(names.length > 0, 'nothing is trained; expected the parameters of the adapter');
    const other = names.find((name) => !name.startsWith('lora.'));
    return yesOrNo(other === undefined ? null : `"${other}" is trained beside the adapter`, names.join(', '));
  },
};
