import { inNode } from './in-node';

await inNode('webgpu');
