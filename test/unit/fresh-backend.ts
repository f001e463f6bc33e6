import { debug, setBackend, wasmBackend } from '../../src';

// The units share processes, which saves the loading of the library once a file. What a file may leave behind is state
// of a backend (tensors, threads, poison) and the switch of `debug`: each file begins with both as a new process would.
setBackend(wasmBackend());
debug({ nonFinite: false });
