import { kindOf } from '../../base/options';
import { type GradientFamilyName, gradientFamilies } from '../../study';
import { closest } from '../closest';
import { type Typed, typed } from '../values';

/** Where gradients come from: a family of random ones, or a file of captured ones. */
export type Source = { readonly family: GradientFamilyName } | { readonly file: string };

export const familyNames = Object.keys(gradientFamilies) as readonly GradientFamilyName[];

const prefix = 'captured:';

/** `gaussian`, or `captured:FILE`. @throws OptionError `cli/choice` */
export const source: Typed<Source> = typed(
  {
    ...kindOf<Source>(
      `${familyNames.join(', ')}, or ${prefix}FILE`,
      (value) => typeof value === 'object' && value !== null,
      'cli/choice',
    ),
    fix: (word) => {
      const near = closest(String(word), [...familyNames, prefix]);
      return near ? `write ${near}` : 'choose one of these';
    },
  },
  (words) => {
    if (words.startsWith(prefix) && words.length > prefix.length) return { file: words.slice(prefix.length) };
    return familyNames.includes(words as GradientFamilyName) ? { family: words as GradientFamilyName } : words;
  },
);
