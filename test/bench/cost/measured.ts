/**
 * What the code of this project does per photo, counted by {@link measureDrive}: photos with long names, a camera's
 * make, model and serial number, in a bucket with versions. `measured.test.ts` counts again and fails when it differs.
 */
export const MEASURED = {
  /** Bytes of a photo's item: DynamoDB writes in steps of 1,024. */
  rowBytes: 961,
  /** Of these, the attribute `destinationKey`. */
  destinationKeyBytes: 90,
  /** Entries of a photo in the table's indexes; each was a write unit of its own. */
  entries: 2,
  /** Bytes of these entries. */
  entryBytes: 330,
  /** Of these, the entry in the index by sequence, which closing reads. */
  sequenceEntryBytes: 132,
  /** Bytes of a sequence's item while it is open, without the marks of its names. */
  openSequenceBytes: 396,
  /** The same when it is published. */
  closedSequenceBytes: 534,
  /** A mark, which every photo leaves in its sequence's item. */
  nameMarkBytes: 12,
  /** Read units of the first look at a photo: three keys that may hold it, mostly none of them. */
  lookReadUnits: 3,
  /** Read units of a look at the account's gate: once a batch. */
  gateReadUnits: 1,
  /** Read units before slots are claimed: which sequence of the track is open. */
  headReadUnits: 1,
  /** Writes of a sequence's own item when it is closed: closing, finishing, finished, published. */
  sequenceMoves: 4,
  /** Write units of the indexes when it is opened and closed. */
  sequenceIndexUnits: 7,
  /** Write units of the track's item, for every sequence. */
  headWriteUnits: 1,
  /** Read units of a round of closing that finds nothing to do. */
  idleRoundReadUnits: 3,
  /** Bytes of the line that says a photo was relayed, its end included. */
  photoLogBytes: 436,
  /** Lines about a sequence, and their bytes. */
  sequenceLogLines: 2,
  sequenceLogBytes: 300,
  /** Bytes of the message that S3 sends for an object: test/fixtures/events/aws-put-versioned.json, without white space. */
  intakeMessageBytes: 810,
} as const;
