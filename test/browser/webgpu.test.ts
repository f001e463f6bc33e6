import { inPage } from './suite-in-page';

inPage('webgpu');
