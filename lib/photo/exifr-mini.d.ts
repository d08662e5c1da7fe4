/** exifr's smallest build (JPEG and TIFF only, no names, no translations). The package types only its full build. */
declare module "exifr/dist/mini.esm.mjs" {
  export { parse } from "exifr";
}
