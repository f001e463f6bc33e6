/** The name of a file for what is called so: `gaussian 64x128` → `gaussian-64x128`. */
export const fileName = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
