/** One version of one object in the fleet's bucket. Two refs name the same photo when all fields are equal. */
export interface PhotoRef {
  readonly bucket: string;
  /** The object key, decoded: what the S3 API takes. */
  readonly key: string;
  /** Without the quotes HTTP puts around it. */
  readonly etag: string;
  readonly sizeBytes: number;
  /** Absent where the bucket keeps no versions. */
  readonly versionId?: string;
}

/** Every reason a photo can be rejected for. A stable contract: other tools match on these. */
export const REASON_CODES = [
  "empty",
  "too-large",
  "not-jpeg",
  "no-picture",
  "no-exif",
  "exif-unreadable",
  "exif-too-far",
  "latitude-missing",
  "latitude-ref-missing",
  "latitude-ref-invalid",
  "latitude-invalid",
  "latitude-out-of-range",
  "longitude-missing",
  "longitude-ref-missing",
  "longitude-ref-invalid",
  "longitude-invalid",
  "longitude-out-of-range",
  "null-island",
  "date-missing",
  "date-invalid",
  "privacy-zone",
  "skipped-by-rule",
  "duplicate-position",
  "too-fast",
  "zigzag",
] as const;
export type ReasonCode = (typeof REASON_CODES)[number];

/** Something worth a person's attention that does not stop a photo. */
export type WarningCode = "implausible-year" | "end-mark-missing" | "exif-damaged";

/** One statement about a photo: a stable code, and a sentence that names the tag and the value seen. */
export interface Finding<Code extends string = string> {
  readonly code: Code;
  readonly message: string;
}
export type Reason = Finding<ReasonCode>;
export type Warning = Finding<WarningCode>;

/** Which tag the capture time was taken from; named as exiv2 names it. */
export type CaptureTimeSource =
  | "Exif.GPSInfo.GPSTimeStamp"
  | "Exif.Photo.DateTimeOriginal"
  | "Exif.Image.DateTimeOriginal"
  | "Exif.Photo.DateTimeDigitized"
  | "Exif.Image.DateTime"
  | "Exif.GPSInfo.GPSDateStamp";

/** What a photo's EXIF says, read by our rules. A field is absent when the photo does not say. */
export interface PhotoFacts {
  /** WGS 84, north positive. */
  readonly latitudeDeg?: number;
  /** WGS 84, east positive. */
  readonly longitudeDeg?: number;
  /** Above sea level; negative below it. */
  readonly altitudeMeters?: number;
  /** 0 ≤ heading < 360, clockwise from north. */
  readonly headingDeg?: number;
  /** ISO 8601 UTC with milliseconds. */
  readonly capturedAt?: string;
  readonly capturedAtSource?: CaptureTimeSource;
  /** IANA name; present when the photo told local time only and a zone had to be supplied. */
  readonly timeZone?: string;
  readonly make?: string;
  readonly model?: string;
  /** `<body serial>_<lens serial>`, alphanumerics only. */
  readonly cameraSerial?: string;
  readonly widthPx?: number;
  readonly heightPx?: number;
  /** EXIF orientation, 1 to 8. */
  readonly orientation?: number;
  /** Estimated horizontal error of the position. */
  readonly accuracyMeters?: number;
}

/** What a relayable photo always has. */
export type RelayableFacts = PhotoFacts &
  Required<Pick<PhotoFacts, "latitudeDeg" | "longitudeDeg" | "capturedAt" | "capturedAtSource">>;

/** The EXIF verdict. A rejection lists every reason at once, at least one. */
export type Verdict =
  | { readonly verdict: "accept"; readonly facts: RelayableFacts; readonly warnings: readonly Warning[] }
  | {
      readonly verdict: "reject";
      readonly reasons: readonly Reason[];
      readonly facts: PhotoFacts;
      readonly warnings: readonly Warning[];
    };

/** A photo whose bytes are on their way. */
export interface OpenPhoto {
  /**
   * Exactly what was asked for of `PhotoRef.sizeBytes` bytes, or an error: a body that does not have so many throws. Blocks are borrowed:
   * block n may be overwritten once block n + 2 is asked for, or the photo is closed. Ask for one at a time.
   */
  readonly body: AsyncIterator<Uint8Array>;
  /**
   * Ends the reading: the blocks are the owner's again, and the connection behind `body` is dropped unless the photo
   * came whole. Safe to call twice, and after the end.
   */
  close(): void;
}

/** Where photos are read from. */
export interface PhotoSource {
  /**
   * Opens one photo version for a single read.
   *
   * @param fromBytes where to begin; 0 ≤ fromBytes < sizeBytes, or 0. Default 0
   * @throws {PhotoGoneError} when the object, or these bytes of it, are no longer there.
   */
  open(ref: PhotoRef, signal: AbortSignal, fromBytes?: number): Promise<OpenPhoto>;
  /**
   * Completes an event that did not say which bytes it means (some S3 servers leave the ETag out).
   *
   * @throws {PhotoGoneError} when there is no such object.
   */
  identify(ref: Pick<PhotoRef, "bucket" | "key" | "versionId">): Promise<PhotoRef>;
}

/** The object was deleted or overwritten since its event. Final for this photo version. */
export class PhotoGoneError extends Error {
  override readonly name = "PhotoGoneError";
  readonly code: "source-gone" | "source-changed";

  constructor(code: "source-gone" | "source-changed", message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
