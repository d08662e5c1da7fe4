/** An object as its bucket tells of it. */
export interface CreatedObjectEvent {
  readonly bucket: string;
  readonly key: string;
  readonly etag: string;
  readonly sizeBytes: number;
  readonly versionId?: string;
  /** ISO 8601 UTC. */
  readonly eventTime: string;
}

/** The notification that S3 sends for a new object, as AWS writes it: the key URL-encoded, a space as `+`. */
export function s3EventBody(object: CreatedObjectEvent): string {
  const record = {
    eventVersion: "2.1",
    eventSource: "aws:s3",
    awsRegion: "eu-west-1",
    eventTime: object.eventTime,
    eventName: "ObjectCreated:Put",
    s3: {
      s3SchemaVersion: "1.0",
      configurationId: "sandbox",
      bucket: { name: object.bucket, arn: `arn:aws:s3:::${object.bucket}` },
      object: {
        key: encodeURIComponent(object.key).replaceAll("%2F", "/").replaceAll("%20", "+"),
        size: object.sizeBytes,
        eTag: object.etag,
        ...(object.versionId !== undefined && { versionId: object.versionId }),
      },
    },
  };
  return JSON.stringify({ Records: [record] });
}
