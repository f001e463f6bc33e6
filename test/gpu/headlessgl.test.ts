import { inNode } from './in-node';

await inNode('headlessgl');
