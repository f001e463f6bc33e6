import { FileError } from '../base/errors';
import { crc32 } from './crc32';
import { brief, longestName, mostNames } from './limits';

/** Signatures of the three kinds of record in a zip file. */
const [localHeader, centralHeader, endRecord] = [0x04034b50, 0x02014b50, 0x06054b50];
const [localBytes, centralBytes, endBytes] = [30, 46, 22];
const [stored, deflated] = [0, 8];
const utf8Names = 0x0800;

/** Sizes and places from here on, and counts from 0xffff on, are written elsewhere: in the records of zip64. */
const zip64 = 0xffffffff;
const mostFiles = 0xfffe;

const utf8 = new TextEncoder();
const names = new TextDecoder('utf-8', { ignoreBOM: true }); // a name may begin with what is a mark elsewhere

/** Deflate makes at most this many bytes of one, so a larger claim is false. */
const mostExpansion = 1032;

/** One file of an archive, as its directory describes it. */
interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly checksum: number;
  readonly packed: Uint8Array;
  readonly size: number;
}

/**
 * Refuse, before any of it is made, an archive that `decodeZip` would not read. Returns its bytes.
 * @throws FileError `zip/too-large`, `zip/name`
 */
export function checkZip(files: readonly (readonly [name: string, bytes: number])[]): number {
  let total = endBytes;
  for (const [name, bytes] of files) {
    const nameBytes = utf8.encode(name).length;
    if (nameBytes > longestName) throw badName(name, `of ${nameBytes} bytes`);
    if (/\p{Surrogate}/u.test(name)) throw badName(name, 'with half of a surrogate pair');
    total += localBytes + centralBytes + 2 * nameBytes + bytes;
  }
  if (total >= zip64) throw needsZip64(`${total} bytes`, `fewer than ${zip64}`);
  const most = Math.min(mostNames(total), mostFiles);
  if (files.length > most) throw needsZip64(`${files.length} files`, `at most ${most} in ${total} bytes`);
  return total;
}

/**
 * A zip archive of files that are stored as they are.
 * @throws FileError `zip/too-large`, `zip/name`
 */
export function encodeZip(files: readonly (readonly [name: string, bytes: Uint8Array])[]): Uint8Array {
  const total = checkZip(files.map(([name, { length }]) => [name, length]));
  const parts = files.map(([name, bytes]) => ({ name: utf8.encode(name), bytes, checksum: crc32(bytes) }));
  const directoryBytes = parts.reduce((sum, { name }) => sum + centralBytes + name.length, 0);
  const directoryStart = total - endBytes - directoryBytes;
  const zip = new Uint8Array(total);
  const view = new DataView(zip.buffer);
  let [at, entry] = [0, directoryStart];
  for (const { name, bytes, checksum } of parts) {
    // Version 2.0, no flag but that of UTF-8, stored, and the first date that the format knows.
    const common = [20, utf8Names, stored, 0, 0x21];
    const sizes = [checksum, bytes.length, bytes.length];
    view.setUint32(at, localHeader, true);
    common.forEach((x, i) => void view.setUint16(at + 4 + 2 * i, x, true));
    sizes.forEach((x, i) => void view.setUint32(at + 14 + 4 * i, x, true));
    view.setUint16(at + 26, name.length, true);
    view.setUint32(entry, centralHeader, true);
    view.setUint16(entry + 4, 20, true);
    common.forEach((x, i) => void view.setUint16(entry + 6 + 2 * i, x, true));
    sizes.forEach((x, i) => void view.setUint32(entry + 16 + 4 * i, x, true));
    view.setUint16(entry + 28, name.length, true);
    view.setUint32(entry + 42, at, true);
    zip.set(name, at + localBytes);
    zip.set(name, entry + centralBytes);
    zip.set(bytes, at + localBytes + name.length);
    at += localBytes + name.length + bytes.length;
    entry += centralBytes + name.length;
  }
  view.setUint32(entry, endRecord, true);
  view.setUint16(entry + 8, parts.length, true);
  view.setUint16(entry + 10, parts.length, true);
  view.setUint32(entry + 12, directoryBytes, true);
  view.setUint32(entry + 16, directoryStart, true);
  return zip;
}

/**
 * The files of a zip archive, in the order of its directory, stored or deflated, one after the other so that no more than
 * one is unpacked at a time; each checksum is verified. Together they may have `mostBytes`.
 * @throws FileError `zip/archive`, `zip/unsupported`, `zip/too-large`
 */
export async function* decodeZip(zip: Uint8Array, mostBytes: number): AsyncGenerator<[name: string, Uint8Array]> {
  const entries = readDirectory(zip);
  const sum = (sizes: readonly number[]): number => sizes.reduce((a, b) => a + b, 0);
  const total = sum(entries.map(({ size }) => size));
  if (sum(entries.map(({ packed }) => packed.length)) > zip.length) throw badArchive('files that overlap');
  if (total > mostBytes) throw tooLarge(`${total} bytes unpacked`, mostBytes);
  const seen = new Set<string>();
  for (const { name, checksum, method, packed, size } of entries) {
    if (seen.has(name)) throw badArchive(`two files ${brief(name)}`);
    seen.add(name);
    const bytes = method === stored ? packed : await inflate(name, packed, size);
    if (bytes.length !== size) throw badArchive(`${bytes.length} bytes in ${brief(name)} in place of ${size}`);
    if (crc32(bytes) !== checksum) throw badArchive(`a wrong checksum of ${brief(name)}`);
    yield [name, bytes];
  }
}

function readDirectory(zip: Uint8Array): ZipEntry[] {
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
  const end = findEnd(view);
  const count = view.getUint16(end + 10, true);
  const start = view.getUint32(end + 16, true);
  if (count > mostFiles || start === zip64) throw unsupported('more than 4 GiB or 65534 files (zip64)');
  if (view.getUint16(end + 4, true) !== 0) throw unsupported('several disks');
  const most = mostNames(zip.length);
  if (count > most) throw badArchive(`${count} files in ${zip.length} bytes, more than ${most}`);
  const entries: ZipEntry[] = [];
  let at = start;
  for (let i = 0; i < count; i++) {
    if (at + centralBytes > end || view.getUint32(at, true) !== centralHeader) throw badArchive('a broken directory');
    const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
    const nameBytes = view.getUint16(at + 28, true);
    const next = at + centralBytes + nameBytes + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (next > end) throw badArchive('a broken directory');
    const name = names.decode(zip.subarray(at + centralBytes, at + centralBytes + nameBytes));
    if (flags & 1) throw unsupported(`an encrypted file ${brief(name)}`);
    if (method !== stored && method !== deflated) throw unsupported(`compression method ${method}`);
    const [checksum, packedBytes, size] = [16, 20, 24].map((field) => view.getUint32(at + field, true)) as [
      number,
      number,
      number,
    ];
    const place = view.getUint32(at + 42, true);
    if ([packedBytes, size, place].includes(zip64)) throw unsupported(`${brief(name)} with sizes in zip64`);
    const packed = bytesOfEntry(zip, view, place, packedBytes, start);
    if (size > packedBytes * mostExpansion) throw badArchive(`${size} bytes out of ${packedBytes}`);
    entries.push({ name, method, checksum, packed, size });
    at = next;
  }
  return entries;
}

/** The packed bytes behind a local header, whose names and extra fields may have lengths of their own. */
function bytesOfEntry(zip: Uint8Array, view: DataView, at: number, length: number, end: number): Uint8Array {
  if (at + localBytes > end || view.getUint32(at, true) !== localHeader) throw badArchive('a file without a header');
  const start = at + localBytes + view.getUint16(at + 26, true) + view.getUint16(at + 28, true);
  if (start + length > end) throw badArchive('a file that is cut off');
  return zip.subarray(start, start + length);
}

/** The record at the end, behind which there may be a comment of up to 64 KiB. */
function findEnd(view: DataView): number {
  const first = Math.max(0, view.byteLength - endBytes - 0xffff);
  for (let at = view.byteLength - endBytes; at >= first; at--) {
    if (view.getUint32(at, true) === endRecord && view.getUint16(at + 20, true) === view.byteLength - at - endBytes)
      return at;
  }
  throw badArchive('no directory at its end');
}

/** Every platform's own inflate; it stops as soon as more comes out than the directory said. */
async function inflate(name: string, packed: Uint8Array, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let at = 0;
  try {
    const stream = new Blob([packed as BlobPart]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
    const reader = stream.getReader();
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      if (at + read.value.length > size) {
        await reader.cancel();
        throw new Error('it is longer than the directory says');
      }
      bytes.set(read.value, at);
      at += read.value.length;
    }
  } catch (cause) {
    throw badArchive(`bytes of ${brief(name)} that do not unpack`, cause);
  }
  return bytes.subarray(0, at);
}

function badArchive(what: string, cause?: unknown): FileError {
  return new FileError(
    {
      code: 'zip/archive',
      got: `a zip file has ${what}`,
      expected: 'a whole archive, as numpy.savez writes it',
      fix: 'check that the file was copied whole',
    },
    { cause },
  );
}

function unsupported(what: string): FileError {
  return new FileError({
    code: 'zip/unsupported',
    got: `a zip file has ${what}`,
    expected: 'one archive of up to 4 GiB, stored or deflated, not encrypted',
    fix: 'save the arrays with numpy.savez or numpy.savez_compressed, in several files if they are large',
  });
}

function tooLarge(what: string, mostBytes: number): FileError {
  return new FileError({
    code: 'zip/too-large',
    got: `a zip file of ${what}`,
    expected: `at most ${mostBytes} bytes`,
    fix: 'raise maxBytes if the file can be trusted, or use several files',
  });
}

function needsZip64(what: string, expected: string): FileError {
  return new FileError({
    code: 'zip/too-large',
    got: `a zip file of ${what} was to be written`,
    expected: `${expected}: more needs zip64, which is neither written nor read here`,
    fix: 'put the arrays into several files, or into a safetensors file',
  });
}

function badName(name: string, what: string): FileError {
  return new FileError({
    code: 'zip/name',
    got: `the name ${brief(name)} ${what} was to be written into a zip file`,
    expected: `at most ${longestName} bytes of Unicode text, so that it can be read again`,
    fix: 'rename it, as with renameParams',
  });
}
