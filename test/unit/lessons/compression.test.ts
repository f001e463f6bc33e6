import { files, itTeaches } from './lessons';

files.slice(6, 9).forEach(itTeaches);
