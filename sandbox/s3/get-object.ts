import type { IncomingHttpHeaders } from "node:http";
import type { Answer } from "./answer.ts";
import type { ByteRange, ObjectInfo } from "./object-store.ts";
import { noSuchKey, S3Error } from "./s3-error.ts";
import { findStore, type S3Request, type S3Service } from "./service.ts";

/** What a reader gets of an object: an answer without its body, and which bytes the body has. */
interface Selection {
  readonly status: 200 | 206 | 304;
  readonly headers: Readonly<Record<string, string>>;
  readonly range: ByteRange;
}

/**
 * The object, or the part of it that `Range` asks for.
 *
 * @throws {S3Error} `NoSuchKey`, `PreconditionFailed` or `InvalidRange`.
 */
export async function getObject(service: S3Service, { bucket, key, headers }: S3Request): Promise<Answer> {
  const opened = await findStore(service, bucket).open(key);
  if (opened === undefined) throw noSuchKey(key);
  try {
    const { range, ...answer } = selectBytes(opened.info, headers);
    if (answer.status === 304) {
      await opened.close();
      return answer;
    }
    return { ...answer, body: opened.read(range), close: opened.close };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/**
 * As {@link getObject}, without the bytes.
 *
 * @throws {S3Error} `NoSuchKey`, `PreconditionFailed` or `InvalidRange`.
 */
export async function headObject(service: S3Service, { bucket, key, headers }: S3Request): Promise<Answer> {
  const info = await findStore(service, bucket).head(key);
  if (info === undefined) throw noSuchKey(key);
  const { range: _, ...answer } = selectBytes(info, headers);
  return answer;
}

function selectBytes(info: ObjectInfo, headers: IncomingHttpHeaders): Selection {
  if (!matches(headers["if-match"] ?? "*", info.etag)) throw preconditionFailed();
  const about = describe(info);
  const whole = { start: 0, end: info.sizeBytes };
  if (headers["if-none-match"] !== undefined && matches(headers["if-none-match"], info.etag)) {
    return { status: 304, headers: about, range: whole };
  }
  const range = parseRange(headers.range, info.sizeBytes);
  const { start, end } = range ?? whole;
  const sized = { ...about, "content-length": String(end - start) };
  if (range === undefined) return { status: 200, headers: sized, range: whole };
  const contentRange = `bytes ${start}-${end - 1}/${info.sizeBytes}`;
  return { status: 206, headers: { ...sized, "content-range": contentRange }, range };
}

function describe(info: ObjectInfo): Record<string, string> {
  const kept = Object.entries(info.headers).map(([name, value]) => [name, printable(value)]);
  const about: Record<string, string> = {
    ...Object.fromEntries(kept),
    "accept-ranges": "bytes",
    etag: `"${info.etag}"`,
    "last-modified": new Date(info.modifiedMs).toUTCString(),
  };
  if (info.tags.length > 0) about["x-amz-tagging-count"] = String(info.tags.length);
  return about;
}

/** Headers carry ASCII only; S3 writes anything else as RFC 2047 says, which also disarms line ends. */
function printable(value: string): string {
  return /^[\x20-\x7e]*$/.test(value) ? value : `=?UTF-8?B?${Buffer.from(value).toString("base64")}?=`;
}

/** `If-Match` and `If-None-Match`: a star, or ETags with or without their quotes. */
function matches(condition: string, etag: string): boolean {
  const wanted = condition.split(",").map((item) => item.trim().replace(/^(?:W\/)?"(.*)"$/, "$1"));
  return wanted.includes("*") || wanted.includes(etag);
}

/** Undefined for the whole object: S3 ignores a range that it cannot read, or one of several parts. */
function parseRange(header: string | undefined, sizeBytes: number): ByteRange | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? "");
  if (header === undefined || match === null) return undefined;
  const [, first = "", last = ""] = match;
  if (first === "" && last === "") return undefined;
  const start = first === "" ? Math.max(0, sizeBytes - Number(last)) : Number(first);
  const end = first === "" || last === "" ? sizeBytes : Math.min(sizeBytes, Number(last) + 1);
  // RFC 9110 §14.1.2: a range that ends before it begins is not a range at all.
  if (first !== "" && last !== "" && Number(last) < Number(first)) return undefined;
  if (start >= end) throw invalidRange(header, sizeBytes);
  return { start, end };
}

function invalidRange(range: string, sizeBytes: number): S3Error {
  return new S3Error(416, "InvalidRange", "The requested range is not satisfiable", {
    RangeRequested: range,
    ActualObjectSize: String(sizeBytes),
  });
}

function preconditionFailed(): S3Error {
  const message = "At least one of the pre-conditions you specified did not hold";
  return new S3Error(412, "PreconditionFailed", message, { Condition: "If-Match" });
}
