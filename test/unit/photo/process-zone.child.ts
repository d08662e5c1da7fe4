import { PHOTO_TAGS } from "../../../lib/photo/exif-tags.ts";
import { ascii } from "../../../sandbox/photo-maker-tiff.ts";
import { judgeMade } from "./inspected.ts";

/** Run in a process of its own, under some TZ: prints the verdicts on photos that tell time in every way there is. */
const photos = [
  {},
  { takenAt: "2024:07:02 12:00:00" },
  { takenAt: "2024:07:02" },
  { takenAt: "2024:02:30 12:00:00" },
  { takenAt: "2018:11:04 00:30:00" },
  { takenAt: "2024:12:31 24:00:00" },
  { takenAt: "2024-07-02T12:00:00" },
  { takenAt: "2024:07:02 12:00:00", latitudeDeg: -23.55, longitudeDeg: -46.63 },
  { takenAt: null, entries: { GPSInfo: [ascii(0x1d, "2024:07:02")] } },
  { entries: { Photo: [ascii(PHOTO_TAGS.OffsetTimeOriginal, "-07:00")] } },
];
const verdicts = await Promise.all(photos.map((spec) => judgeMade(spec)));
/** Shows that the process's zone is in force: a text without an offset is local time to Date. */
const processZoneReading = new Date("2024-07-02T12:00:00").toISOString();
console.log(JSON.stringify({ verdicts, processZoneReading }));
