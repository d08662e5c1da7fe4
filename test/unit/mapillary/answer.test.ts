import { describe, expect, it } from "vitest";
import {
  type Answer,
  finishOutcomeOfAnswer,
  finishOutcomeOfFault,
  outcomeOfAnswer,
  outcomeOfFault,
} from "../../../lib/mapillary/answer.ts";
import { redactorOf } from "../../../lib/mapillary/redact.ts";
import { readS3Error } from "../../../lib/mapillary/s3-error.ts";
import { NOW_MS } from "./bucket-account-fixture.ts";

const REDACTOR = redactorOf([]);
const WHOLE = { bodyWhole: true, sentWhole: true };

/** Ceph's gateway, as measured. */
const ceph = (code: string, message = "") =>
  `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message><BucketName>photos</BucketName><RequestId>tx0000018e-0067-103f-default</RequestId><HostId>103f-default-default</HostId></Error>`;
const aws = (code: string, message: string, more = "") =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message>${more}<RequestId>4442587FB7D0A2F9</RequestId><HostId>vTUX5cZg</HostId></Error>`;

const answerOf = (status: number, body = "", changes: Partial<Answer> = {}): Answer => ({
  status,
  ...readS3Error(body, REDACTOR),
  ...WHOLE,
  ...changes,
});

/** What an outcome comes to, in two words. */
function rulingOf(answer: Answer): string {
  const outcome = outcomeOfAnswer(answer, "alice/u/a.jpg", NOW_MS);
  if (outcome.kind === "never") return `never ${outcome.scope} ${outcome.code}`;
  if (outcome.kind === "later") return `later ${outcome.code}${outcome.gate ? ` ${outcome.gate}` : ""}`;
  return outcome.kind;
}

describe("outcomeOfAnswer", () => {
  it.each([
    ["stored, as S3 says it", 204, "", "done"],
    ["stored, with success_action_status 200", 200, "", "done"],
    ["stored, with success_action_status 201", 201, "<PostResponse><Key>k</Key></PostResponse>", "done"],
    ["an error document under a success", 200, aws("InternalError", "We encountered"), "later InternalError"],
    ["a success nobody defined", 202, "", "later http-202"],

    ["Ceph: wrong signature, unknown key", 403, ceph("AccessDenied"), "never account AccessDenied"],
    ["Ceph: expired", 403, ceph("AccessDenied", "Policy expired"), "never account AccessDenied"],
    [
      "AWS: wrong signature",
      403,
      aws("SignatureDoesNotMatch", "The request signature we calculated does not match"),
      "never account SignatureDoesNotMatch",
    ],
    [
      "AWS: unknown key",
      403,
      aws("InvalidAccessKeyId", "The AWS Access Key Id"),
      "never account InvalidAccessKeyId",
    ],
    [
      "AWS: expired",
      403,
      aws("AccessDenied", "Invalid according to Policy: Policy expired."),
      "never account AccessDenied",
    ],
    ["a proxy that forbids", 403, "<html>Forbidden</html>", "never account http-403"],

    ["too large", 400, ceph("EntityTooLarge"), "never photo too-large"],
    ["too small", 400, ceph("EntityTooSmall"), "never photo EntityTooSmall"],
    ["key too long", 400, aws("KeyTooLongError", "Your key is too long"), "never photo KeyTooLongError"],
    [
      "MinIO: a name it does not take",
      400,
      aws("XMinioInvalidObjectName", "x"),
      "never photo XMinioInvalidObjectName",
    ],
    ["400 without a word", 400, "", "never photo http-400"],
    ["a proxy's limit", 413, "<html>413 Request Entity Too Large</html>", "never photo too-large"],

    ["a field after the file, or missing", 400, ceph("InvalidArgument"), "never account InvalidArgument"],
    [
      "AWS: policy is not JSON",
      400,
      aws("InvalidPolicyDocument", "Invalid Policy: Invalid JSON."),
      "never account InvalidPolicyDocument",
    ],
    [
      "AWS: signature V2 no longer taken",
      400,
      aws("InvalidRequest", "Please use AWS4-HMAC-SHA256."),
      "never account InvalidRequest",
    ],
    ["AWS: temporary key over", 400, aws("ExpiredToken", "x"), "never account ExpiredToken"],
    [
      "AWS: form not well formed",
      400,
      aws("MalformedPOSTRequest", "x"),
      "never account MalformedPOSTRequest",
    ],
    [
      "AWS: fields too long",
      400,
      aws("MaxPostPreDataLengthExceeded", "x"),
      "never account MaxPostPreDataLengthExceeded",
    ],
    [
      "AWS: the bucket's key is off",
      400,
      aws("KMS.DisabledException", "x"),
      "never account KMS.DisabledException",
    ],
    [
      "AWS: not multipart",
      412,
      aws("PreconditionFailed", "Bucket POST must be of the enclosure-type multipart/form-data"),
      "never account PreconditionFailed",
    ],
    ["no length", 411, aws("MissingContentLength", "x"), "never account MissingContentLength"],
    ["no such bucket", 404, ceph("NoSuchBucket"), "never account NoSuchBucket"],
    ["not S3 at all", 404, "<html>nginx</html>", "never account http-404"],
    ["no POST here", 405, aws("MethodNotAllowed", "x"), "never account MethodNotAllowed"],
    ["AWS: other region", 301, aws("PermanentRedirect", "x"), "never account PermanentRedirect"],
    ["moved for good", 308, "", "never account http-308"],
    ["authentication wanted", 401, "", "never account http-401"],
    ["a proxy that wants to know who we are", 407, "", "never account http-407"],

    [
      "AWS: silence on the line",
      400,
      aws("RequestTimeout", "Your socket connection"),
      "later RequestTimeout",
    ],
    ["AWS: body too short", 400, aws("IncompleteBody", "x"), "later IncompleteBody"],
    ["AWS: DNS not there yet", 307, aws("TemporaryRedirect", "x"), "later TemporaryRedirect"],
    ["a proxy's time-out", 408, "", "later http-408"],
    ["AWS: conflicting operation", 409, aws("OperationAborted", "x"), "later OperationAborted"],
    ["too many requests", 429, "", "later http-429 rate-limit"],
    ["throttled", 503, aws("SlowDown", "Please reduce your request rate."), "later SlowDown rate-limit"],
    ["out of service", 503, "<html></html>", "later http-503"],
    ["internal error", 500, aws("InternalError", "We encountered an internal error."), "later InternalError"],
    ["bad gateway", 502, "", "later http-502"],
    ["gateway time-out", 504, "", "later http-504"],
    ["MinIO: disk full", 507, aws("XMinioStorageFull", "x"), "later XMinioStorageFull"],
    ["a redirect to a login page", 302, "", "later http-302"],
    ["a status nobody defined", 499, "", "later http-499"],
  ])("%s: %i", (_what, status, body, ruling) => {
    expect(rulingOf(answerOf(status, body))).toBe(ruling);
  });

  it("names the destination key of what is done", () => {
    expect(outcomeOfAnswer(answerOf(204), "alice/u/a.jpg", NOW_MS)).toEqual({
      kind: "done",
      destination: "alice/u/a.jpg",
    });
  });

  it("does not believe a success that came before the whole file was sent", () => {
    expect(rulingOf(answerOf(204, "", { sentWhole: false }))).toBe("later answered-early");
    expect(rulingOf(answerOf(403, "", { sentWhole: false }))).toBe("never account http-403");
  });

  it("does not give a photo up for a 400 whose body was cut off before its code", () => {
    expect(rulingOf(answerOf(400, "<Error><Co", { bodyWhole: false }))).toBe("later http-400");
    expect(rulingOf(answerOf(400, ceph("EntityTooLarge"), { bodyWhole: false }))).toBe(
      "never photo too-large",
    );
  });

  it("passes on what the server asked to wait, and only with later", () => {
    const retryAfter = "7";

    expect(outcomeOfAnswer(answerOf(503, "", { retryAfter }), "k", NOW_MS)).toMatchObject({ afterMs: 7_000 });
    expect(outcomeOfAnswer(answerOf(503, "", { retryAfter: "soon" }), "k", NOW_MS)).not.toHaveProperty(
      "afterMs",
    );
    expect(outcomeOfAnswer(answerOf(403, "", { retryAfter }), "k", NOW_MS)).not.toHaveProperty("afterMs");
  });

  it("keeps the server's words, and finds its own where there are none", () => {
    expect(outcomeOfAnswer(answerOf(403, ceph("AccessDenied", "Policy expired")), "k", NOW_MS)).toMatchObject(
      {
        message: "Policy expired",
      },
    );
    expect(outcomeOfAnswer(answerOf(403, ceph("AccessDenied")), "k", NOW_MS)).toMatchObject({
      message: "the server answered 403 AccessDenied",
    });
    expect(outcomeOfAnswer(answerOf(500), "k", NOW_MS)).toMatchObject({
      message: "the server answered 500 without an S3 error",
    });
  });
});

describe("outcomeOfFault", () => {
  const fault = (code: string, reusedConnection = false) => ({ code, message: "m", reusedConnection });

  it.each([
    [fault("ECONNREFUSED"), "ECONNREFUSED"],
    [fault("ENOTFOUND"), "ENOTFOUND"],
    [fault("ECONNRESET"), "ECONNRESET"],
    [fault("ECONNRESET", true), "stale-connection"],
    [fault("EPIPE", true), "stale-connection"],
    [fault("idle-timeout", true), "idle-timeout"],
    [fault("HPE_INVALID_CONSTANT"), "HPE_INVALID_CONSTANT"],
  ])("sends the photo back to the queue for %j", (given, code) => {
    expect(outcomeOfFault(given)).toEqual({ kind: "later", code, message: "m" });
  });

  it.each([
    "CERT_HAS_EXPIRED",
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  ])("stops the account for a server that is not who it says: %s", (code) => {
    expect(outcomeOfFault(fault(code))).toMatchObject({ kind: "never", scope: "account", code });
  });
});

describe("the outcome of a finish", () => {
  const finish = (answer: Answer) => finishOutcomeOfAnswer(answer, "alice/u/DONE", NOW_MS);

  it.each([
    [204, "", "done"],
    [403, ceph("AccessDenied"), "never"],
    [503, aws("SlowDown", "x"), "later"],
    [429, "", "later"],
    [409, aws("OperationAborted", "x"), "later"],
    [500, aws("InternalError", "x"), "unknown"],
    [502, "", "unknown"],
    [504, "", "unknown"],
    [202, "", "unknown"],
  ])("of %i %s is %s, unknown where the marker may be stored", (status, body, kind) => {
    expect(finish(answerOf(status, body)).kind).toBe(kind);
  });

  it("refuses a sequence where it would refuse a photo", () => {
    expect(finish(answerOf(400, ceph("EntityTooSmall")))).toMatchObject({ kind: "never", scope: "sequence" });
  });

  it("is unknown after a fault on a connection that stood, and later before that", () => {
    const fault = { code: "ECONNRESET", message: "m", reusedConnection: false };

    expect(finishOutcomeOfFault(fault, true)).toEqual({ kind: "unknown", code: "ECONNRESET", message: "m" });
    expect(finishOutcomeOfFault(fault, false)).toEqual({ kind: "later", code: "ECONNRESET", message: "m" });
  });
});
