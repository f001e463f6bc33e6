/**
 * What a file may have. Readers refuse more before they build it, so that no header of a few bytes asks for much memory;
 * writers refuse it too, so that what is saved can be loaded.
 */

/** Axes of a tensor, as in NumPy. */
export const mostAxes = 64;

/** Bytes of a name in UTF-8, which is what a zip archive can say of one. */
export const longestName = 65_535;

/**
 * Tensors of a file, and strings about them. In memory one takes about a kilobyte besides its numbers, however few bytes
 * it has in the file; a file with more of them than this has an average of less than 256 bytes for each.
 */
export const mostNames = (fileBytes: number): number => 32_768 + Math.floor(fileBytes / 256);

/** Bytes of JSON in a file, as of the header of a safetensors file in the reference implementation. */
export const longestJson = 100_000_000;

/** Bytes of memory for what JSON says, where it is read as a whole: 16 for each of its bytes, within a constant. */
export const mostMemory = (jsonBytes: number): number => Math.min(2 ** 25 + 16 * jsonBytes, 2 ** 27);

/** A name in a message: its beginning. */
export const brief = (name: string): string => JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}…` : name);
