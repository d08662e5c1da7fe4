import { encode } from "jpeg-js";

/** Pictures are 4:3 and small: the drive is to be made while somebody waits. */
export const PICTURE_WIDTH_PX = 240;
export const PICTURE_HEIGHT_PX = 180;
const QUALITY = 70;

const HORIZON = 0.55;
const ASPHALT = 88;
/** Digits three pixels wide and five high, a row per digit of the octal number. */
const DIGITS = ["75557", "26227", "71747", "71717", "55711", "74717", "74757", "71111", "75757", "75717"];
const DIGIT_SCALE = 5;

const START_OF_IMAGE_BYTES = 2;
const END_OF_IMAGE_BYTES = 2;
const MARKER_BYTES = 2;

type Color = readonly [red: number, green: number, blue: number];

/**
 * Draws a street between houses, with the frame's number on it, as the segments of a JPEG without its start, its
 * JFIF header and its end mark: what `makePhoto` takes for a picture. The same number gives the same bytes.
 */
export function drawStreetPicture(frame: number): Uint8Array {
  const data = Buffer.alloc(PICTURE_WIDTH_PX * PICTURE_HEIGHT_PX * 4);
  for (let y = 0; y < PICTURE_HEIGHT_PX; y++) {
    for (let x = 0; x < PICTURE_WIDTH_PX; x++) {
      const [red, green, blue] = isInNumber(frame, x, y)
        ? WHITE
        : colorAt(frame, x / PICTURE_WIDTH_PX, y / PICTURE_HEIGHT_PX);
      const at = (y * PICTURE_WIDTH_PX + x) * 4;
      data[at] = red;
      data[at + 1] = green;
      data[at + 2] = blue;
    }
  }
  const jpeg = encode({ data, width: PICTURE_WIDTH_PX, height: PICTURE_HEIGHT_PX }, QUALITY).data;
  const headerBytes = MARKER_BYTES + jpeg.readUInt16BE(START_OF_IMAGE_BYTES + MARKER_BYTES);
  return jpeg.subarray(START_OF_IMAGE_BYTES + headerBytes, jpeg.length - END_OF_IMAGE_BYTES);
}

const WHITE: Color = [240, 240, 235];

/** The colour at a place in the picture: 0 ≤ x, y ≤ 1 from the upper left. */
function colorAt(frame: number, x: number, y: number): Color {
  const sideways = Math.abs(x - 0.5);
  if (y > HORIZON) return groundColor(frame, sideways, y);
  const isHouse = sideways > 0.12 && HORIZON - y < houseHeight(frame, x, sideways);
  return isHouse ? houseColor(x, y) : [120 + 90 * y, 160 + 70 * y, 235];
}

function groundColor(frame: number, sideways: number, y: number): Color {
  const depth = 1 / (y - HORIZON + 0.02);
  const roadHalfWidth = 0.6 / depth + 0.08;
  if (sideways > roadHalfWidth) return [150, 145, 135];
  const isDash = sideways < roadHalfWidth * 0.03 && Math.floor(depth * 0.8 + frame * 0.5) % 2 === 0;
  return isDash ? WHITE : [ASPHALT, ASPHALT, ASPHALT + 4];
}

/** Houses rise towards the edges of the picture, which are nearer, and go by with the frames. */
function houseHeight(frame: number, x: number, sideways: number): number {
  const house = Math.floor(x * 12 + frame * 0.7);
  return sideways * (0.7 + 0.25 * Math.sin(house * 2.4));
}

function houseColor(x: number, y: number): Color {
  const isWindow = (x * 40) % 2 > 1.1 && (y * 26) % 2 > 1;
  return isWindow ? [70, 80, 95] : [196 - 60 * y, 176 - 50 * y, 150];
}

function isInNumber(frame: number, x: number, y: number): boolean {
  const [column, row] = [Math.floor((x - 10) / DIGIT_SCALE), Math.floor((y - 10) / DIGIT_SCALE)];
  if (column < 0 || row < 0 || row > 4) return false;
  const digit = String(frame)[Math.floor(column / 4)];
  const bits = digit === undefined ? 0 : Number.parseInt(DIGITS[Number(digit)]?.[row] ?? "0", 8);
  return column % 4 < 3 && (bits & (4 >> (column % 4))) !== 0;
}
