export function convicts(readings: readonly number[], expected: number, falseAlarm: number): boolean {
  const count = readings.length;
  const mean = readings.reduce((a, b) => a + b, 0) / count;
  // Divided by count − 1: the mean was fitted to the same readings, which makes deviations from it a little too small.
  const variance = readings.reduce((a, b) => a + (b - mean) ** 2, 0) / (count - 1);
  const z = (mean - expected) / Math.sqrt(variance / count); // s/√N is how far the mean of N varies, s how far one reading does
  // The absolute value: readings that are too low convict as well, and both tails are paid for, hence the 2.
  return Math.abs(z) >= Math.sqrt(2 * Math.log(2 / falseAlarm));
}
