import { type Kind, kindOf } from '../base/options';
import { Module } from './module';

/** A layer or a model. */
export const moduleKind: Kind<Module> = kindOf<Module>(
  'a module',
  (value) => value instanceof Module,
  'arguments/module',
);
