import { chained, maskedAll, oneLabel } from './combinators';
import { form, structure } from './form';
import type { TransformLaw } from './law';
import { leafwise } from './leafwise';
import { absentLeaf, everyPath, noLeaf } from './leaves';
import { linear } from './linear';
import { harmless, noMemory, repeatable } from './pure';
import { plainData, resumable } from './saved';
import { temporaries } from './temporaries';

/** What every transform owes, by the name under which a law suite may be told that it does not apply. */
export const allLaws = {
  form,
  harmless,
  repeatable,
  noMemory,
  structure,
  absentLeaf,
  noLeaf,
  everyPath,
  temporaries,
  plainData,
  resumable,
  chained,
  maskedAll,
  oneLabel,
  linear,
  leafwise,
} satisfies Record<string, TransformLaw>;
