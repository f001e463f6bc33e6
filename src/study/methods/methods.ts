import type { Method } from './method';
import { projectedMethods } from './projected';

const rows = { ...projectedMethods };

/** The name of a method. */
export type MethodName = keyof typeof rows;

/**
 * The methods of the field that are here, by name. The command, the tables in `docs/methods.md` and the tests have their
 * lists from this one: a new method is its file and a row.
 */
export const methods: Readonly<Record<MethodName, Method>> = rows;
