import { files, itTeaches } from './lessons';

files.slice(9).forEach(itTeaches);
