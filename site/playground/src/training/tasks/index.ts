import type { TaskName } from '../contract';
import type { MakeTask } from '../task';
import { linear } from './linear';
import { mobyDick } from './moby-dick';
import { names } from './names';
import { spiral } from './spiral';

/** All tasks by name. A new one is a file and a row here, and a name in the contract. */
export const tasks: Readonly<Record<TaskName, MakeTask>> = { linear, spiral, names, 'moby-dick': mobyDick };
