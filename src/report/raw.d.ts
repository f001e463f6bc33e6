/** The text of a file, put into the bundle as it is. Vite knows this suffix; `tsup.config.ts` teaches it to esbuild. */
declare module '*?raw' {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: the shape of the module that Vite makes
  export default text;
}
