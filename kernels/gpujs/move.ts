// Values brought to other places. A thread makes one element of a flat output and reads one.

/** a [length] and b, one behind the other. Written in one expression, so that positions stay integers. */
export const join = /* js */ `
function (a, b, length) {
  return this.thread.x < length ? a[this.thread.x] : b[this.thread.x - length];
}`;
