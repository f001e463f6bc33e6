/** A multiplication and an addition at 50 GFLOP/s. */
export const nanosecondsPerProduct = 0.04;
/** Ranges of rows and columns are multiples of these, so that tiles (of 4 or 6 rows and 8 columns) stay whole. */
export const rowUnit = 12;
export const columnUnit = 8;
