import { makePhotoTiff } from "../../../sandbox/photo-maker.ts";

/** Where IFD0 begins in a block of the photo maker's. */
export const IMAGE_AT = 8;

/** The default photo's block with some of its bytes changed. */
export function patchTiff(patch: (view: DataView) => void): Uint8Array {
  const tiff = makePhotoTiff();
  patch(new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength));
  return tiff;
}

/** Where the entry with a tag begins, in a directory of a little-endian block. */
export function findEntry(view: DataView, directoryAt: number, tag: number): number {
  for (let nth = 0; nth < view.getUint16(directoryAt, true); nth++) {
    const at = directoryAt + 2 + nth * 12;
    if (view.getUint16(at, true) === tag) return at;
  }
  throw new Error(`no entry ${tag}`);
}

/** Where a directory begins that IFD0 points to. */
export function findDirectory(view: DataView, pointerTag: number): number {
  return view.getUint32(findEntry(view, IMAGE_AT, pointerTag) + 8, true);
}
