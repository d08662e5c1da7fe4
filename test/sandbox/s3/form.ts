import { makeUploadHashes, signPolicy } from "../../../sandbox/s3/policy-maker.ts";
import { patternedBytes, type Response, send } from "./fixture.ts";

/** One part of a form. */
export interface FormPart {
  readonly name: string;
  readonly value: string | Uint8Array;
  readonly filename?: string;
  /** The part's own content type. */
  readonly type?: string;
}

/** The key that the policies of these tests are signed with. */
export const SECRET = "the secret of the uploads bucket";
export const ACCESS_KEY_ID = "AKIATESTTESTTESTTEST";
/** Before {@link EXPIRATION}. */
export const NOW_MS = Date.parse("2019-06-01T00:00:00Z");
export const EXPIRATION = "2020-01-01T00:00:00Z";
export const MAX_BYTES = 1_000;
export const PHOTO = patternedBytes(500);
export const KEY = "fleet/1b4e28ba-2fa1-11d2-883f-0016d3cca427/IMG_0001.jpg";

/** What S3 replaces by the file's name; spelled so that it cannot be taken for a template string gone wrong. */
export const FILE_NAME_VARIABLE = "$".concat("{filename}");

const BOUNDARY = "--------------------------0123456789";

/** The form of Mapillary's 2017 client, in its order. */
export function validForm(): FormPart[] {
  const { permissionHash, signatureHash } = makeUploadHashes({
    bucket: "photos",
    username: "fleet",
    expiration: EXPIRATION,
    maxBytes: MAX_BYTES,
    secret: SECRET,
  });
  return [
    { name: "AWSAccessKeyId", value: ACCESS_KEY_ID },
    { name: "acl", value: "private" },
    { name: "key", value: KEY },
    { name: "signature", value: signatureHash },
    { name: "policy", value: permissionHash },
    { name: "Content-Type", value: "image/jpeg" },
    { name: "file", value: PHOTO, filename: "IMG_0001.jpg", type: "image/jpeg" },
  ];
}

/** The valid form with another policy in it, rightly signed. */
export function formWithPolicy(policy: unknown): FormPart[] {
  return formWithPolicyText(JSON.stringify(policy));
}

/** As {@link formWithPolicy}, for what is no policy. */
export function formWithPolicyText(policy: string): FormPart[] {
  const { permissionHash, signatureHash } = signPolicy(policy, SECRET);
  return replace(replace(validForm(), "policy", permissionHash), "signature", signatureHash);
}

/** The form with another value in one of its parts. */
export function replace(form: readonly FormPart[], name: string, value: string | Uint8Array): FormPart[] {
  return form.map((part) => (part.name === name ? { ...part, value } : part));
}

/** The form without some of its parts. */
export function without(form: readonly FormPart[], ...names: readonly string[]): FormPart[] {
  return form.filter((part) => !names.includes(part.name));
}

/** The form with some of its parts behind all others, the file included. */
export function behindFile(form: readonly FormPart[], ...names: readonly string[]): FormPart[] {
  return [...without(form, ...names), ...form.filter((part) => names.includes(part.name))];
}

/** The form with one more field in front of the file. */
export function withField(form: readonly FormPart[], name: string, value: string): FormPart[] {
  const file = form.filter((part) => part.name === "file");
  return [...without(form, "file"), { name, value }, ...file];
}

/** What goes over the wire. */
export function encodeForm(form: readonly FormPart[], boundary = BOUNDARY): Buffer {
  const chunks = form.flatMap(({ name, value, filename, type }) => {
    const file = filename === undefined ? "" : `; filename="${filename}"`;
    const contentType = type === undefined ? "" : `\r\nContent-Type: ${type}`;
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${file}${contentType}\r\n\r\n`;
    return [Buffer.from(head), Buffer.from(value), Buffer.from("\r\n")];
  });
  return Buffer.concat([...chunks, Buffer.from(`--${boundary}--\r\n`)]);
}

/** The `content-type` header that goes with {@link encodeForm}. */
export function formType(boundary = BOUNDARY): string {
  return `multipart/form-data; boundary=${boundary}`;
}

/** Posts a form with its length in front. */
export async function postForm(url: string, form: readonly FormPart[], bucket = "photos"): Promise<Response> {
  const body = encodeForm(form);
  const headers = { "content-type": formType(), "content-length": body.byteLength };
  return await send(`${url}/${bucket}`, { method: "POST", headers }, body);
}
