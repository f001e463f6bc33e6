import type { Application } from 'typedoc';

/** A plugin of typedoc. */
export function load(app: Application): void;
