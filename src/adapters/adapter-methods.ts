import type { Module } from '../nn/module';
import { lora } from './methods/lora';
import { lors } from './methods/lors';

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
  lora,
  lors,
};

/** Why a method has no line above. */
export const unsaved: Readonly<Record<string, string>> = {
  periodicLora: 'its stages go into the weights',
  xgbLora: 'its rounds go into the weights',
};
