import type { Module } from '../nn/module';
import { sgd } from '../optim/optimizers/sgd';
import { auroRa } from './methods/auro-ra';
import { dora } from './methods/dora';
import { type FlatLoraOptions, flatLora } from './methods/flat-lora';
import { type GeoLoraOptions, geoLora } from './methods/geo-lora';
import { lily } from './methods/lily';
import { lora } from './methods/lora';
import { loraMini } from './methods/lora-mini';
import { lors } from './methods/lors';
import { mora } from './methods/mora';
import { nora } from './methods/nora';
import { sora } from './methods/sora';
import { vectorFit } from './methods/vector-fit';
import { vera } from './methods/vera';

/** What a method does to a model, as far as `attachSaved` looks at it. */
export interface Reattached {
  readonly adapted: readonly { readonly path: string }[];
  readonly untouched: readonly { readonly path: string; readonly reason: string }[];
  readonly frozen: readonly string[];
  readonly trainable: number;
  readonly total: number;
}

/** The function of a method, called with the settings of a file, which it checks itself. */
export type AdapterMethod = (model: Module, settings: never) => Reattached;

/**
 * The methods whose adapters a file can hold, by the name that the function has: one line each. What such a function has
 * attached is made again by the same settings, up to what its parameters say, and leaves the weight alone.
 */
export const adapterMethods: Readonly<Record<string, AdapterMethod>> = {
  auroRa,
  dora,
  // What trains adapters is in no file: the transforms that come with these are dropped.
  flatLora: (model, settings: FlatLoraOptions<unknown>) =>
    flatLora(model, { ...settings, steps: 1, inner: sgd({ learningRate: 0 }) }),
  geoLora: (model, settings: GeoLoraOptions) => geoLora(model, { ...settings, learningRate: 0 }),
  lily,
  lora,
  loraMini,
  lors,
  mora,
  nora,
  sora,
  vectorFit,
  vera,
};

/** Why a method has no line above. */
export const unsaved: Readonly<Record<string, string>> = {
  periodicLora: 'its stages go into the weights',
  reLora: 'its stages go into the weights',
  xgbLora: 'its rounds go into the weights',
};
