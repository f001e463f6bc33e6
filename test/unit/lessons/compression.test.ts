import { files, itTeaches } from './lessons';

files.slice(6).forEach(itTeaches);
