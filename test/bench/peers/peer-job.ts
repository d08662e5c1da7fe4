/** What a peer is given to do, in its environment as `BENCH_JOB`; the Python peers read the same. */
export interface PeerJob {
  /** Begins the keys of this run's photos. */
  readonly run: string;
  readonly sizeBytes: number;
  /**
   * Relayed first, and not measured: a process that has relayed some hundred photos is compiled code, and Lambda keeps
   * one for hours. Nothing to peers that are not Node.
   */
  readonly smallPhotos: number;
  /** Relayed before anything is measured. */
  readonly warmUpPhotos: number;
  /** Relayed while measuring. */
  readonly photos: number;
  /** How many at a time. */
  readonly concurrency: number;
  /** Scheme, host and port of the S3 that has the photos. */
  readonly sourceUrl: string;
  /** Where forms are posted to, bucket included. */
  readonly uploadUrl: string;
  /** A photo of `sizeBytes` on disk, for those who read from there. */
  readonly file: string;
  /** The certificate to trust, as PEM. */
  readonly certificateFile: string;
  /** What goes with a form. */
  readonly credentials: {
    readonly username: string;
    readonly accessKeyId: string;
    readonly permissionHash: string;
    readonly signatureHash: string;
  };
}

/** What a peer says of itself, on its file descriptor 3. */
export interface PeerResult {
  /** User and system, all threads, while measuring. */
  readonly cpuMs: number;
  /** While measuring. */
  readonly wallMs: number;
  /** Highest resident memory of the process since it began. */
  readonly peakRssBytes: number;
}
