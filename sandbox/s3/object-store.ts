/** One label of an object. */
export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** What is known about an object without reading it. */
export interface ObjectInfo {
  readonly key: string;
  /** Hexadecimal MD5 of the bytes, without the quotes HTTP puts around it. */
  readonly etag: string;
  readonly sizeBytes: number;
  /** Epoch milliseconds. */
  readonly modifiedMs: number;
  /** What S3 keeps and gives back with the object, names in lower case: `content-type`, `x-amz-meta-*` and the like. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tags: readonly Tag[];
}

/** An object about to be stored. */
export interface NewObject extends Pick<ObjectInfo, "key" | "modifiedMs" | "headers" | "tags"> {
  /** When it throws, nothing is stored and what the key held before stays. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Which bytes, 0 ≤ start ≤ end ≤ size. */
export interface ByteRange {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

/** One object as it was when it was opened: overwriting or deleting the key does not disturb its reader. */
interface OpenedObject {
  readonly info: ObjectInfo;
  /** Exactly the bytes of the range, or an error. */
  read(range: ByteRange): AsyncIterable<Uint8Array>;
  /** Lets go of the object. Safe to call twice, and without having read. */
  close(): Promise<void>;
}

/** Which keys to list. */
export interface KeyRange {
  /** Empty for all. */
  readonly prefix: string;
  /** Only keys behind this one; undefined to start at the first. */
  readonly after: string | undefined;
}

/** What a bucket of the sandbox keeps its objects in. */
export interface ObjectStore {
  /**
   * Stores the object once its body has ended well; readers see the old object or the new one, never a mixture.
   *
   * @throws {ReadOnlyStoreError} when the store cannot be written to.
   */
  put(object: NewObject): Promise<ObjectInfo>;
  /**
   * Undefined when there is no such object.
   *
   * @throws {ObjectUnreadableError} when there is one and it cannot be read.
   */
  head(key: string): Promise<ObjectInfo | undefined>;
  /**
   * Undefined when there is no such object.
   *
   * @throws {ObjectUnreadableError} when there is one and it cannot be read.
   */
  open(key: string): Promise<OpenedObject | undefined>;
  /**
   * Does nothing when there is no such object.
   *
   * @throws {ReadOnlyStoreError} when the store cannot be written to.
   */
  delete(key: string): Promise<void>;
  /**
   * Replaces all tags; undefined when there is no such object.
   *
   * @throws {ReadOnlyStoreError} when the store cannot be written to.
   */
  setTags(key: string, tags: readonly Tag[]): Promise<ObjectInfo | undefined>;
  /**
   * In the order of the keys' UTF-8 bytes, which is S3's. Names unreadable objects too: leaving them out would lose
   * them in silence.
   */
  keys(range: KeyRange): AsyncIterable<string>;
}

/** The store is mounted for reading. */
export class ReadOnlyStoreError extends Error {
  override readonly name = "ReadOnlyStoreError";
}

/** The object exists and its bytes cannot be had. Says why; other objects are not concerned. */
export class ObjectUnreadableError extends Error {
  override readonly name = "ObjectUnreadableError";
}
