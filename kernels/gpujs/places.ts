/**
 * Which element a thread makes. Division is float arithmetic in this dialect, exact to 2²⁴, and every variable is a
 * float; only expressions of `this.thread`, loop counters and whole-number arguments stay whole. So there are two ways:
 * - `flat`: the thread divides its number. Keeps a device busy whatever the extents, for outputs of at most 2²⁴.
 * - `grid`: the device counts [x, y, z], and nothing is divided. For larger outputs, within the extents of the device.
 */
export type Way = 'flat' | 'grid';

/** Whole part of a/b for whole numbers up to 2²⁴, however the driver rounds a division. */
export const quotient = /* js */ `
function quotient(a, b) {
  let q = Math.floor(a / b);
  if (q * b > a) { q = q - 1; }
  if ((q + 1) * b <= a) { q = q + 1; }
  return q;
}`;
