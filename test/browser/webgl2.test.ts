import { inPage } from './suite-in-page';

inPage('webgl2');
