import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  credentialProblem,
  uploadUrlProblem,
  usernameProblem,
} from "../../../lib/mapillary/bucket-account.ts";
import {
  destinationFilename,
  destinationKey,
  doneKey,
  looksSuffixed,
  MAX_FILENAME_BYTES,
  suffixedFilename,
} from "../../../lib/mapillary/destination-key.ts";
import { SEQUENCE_ID } from "./bucket-account-fixture.ts";

/** What S3 replaces in a key; in pieces, since linters take it for a mistyped template. */
const SUBSTITUTION = ["$", "{filename}"].join("");
const PREFIX = `alice/${SEQUENCE_ID}/`;
const tag = fc.stringMatching(/^[0-9a-f]{16}$/u);
/** Keys with much of what is dangerous in them, lone halves of surrogate pairs included. */
const hostileKey = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "/",
        "..",
        ".",
        "\\",
        "$",
        "{",
        SUBSTITUTION,
        "DONE",
        "~",
        "\r\n",
        '"',
        "\0",
        " ",
        ".jpg",
      ),
      fc.constantFrom("\u202e", "\u2028", "\ud800", "\udc00", "\u0085", "~0123456789abcdef", "漢", "😀"),
      fc.string({ unit: "binary" }),
      fc.string({ minLength: 200, maxLength: 400 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(""));

describe("destinationFilename", () => {
  it.each([
    ["fleet/van-1/2026/IMG_0001.jpg", "IMG_0001.jpg"],
    ["IMG 1 (ü, 漢字, 😀).JPG", "IMG 1 (ü, 漢字, 😀).JPG"],
    ["a/.hidden", ".hidden"],
    ["a/done", "done"],
    ["a/DONE.jpg", "DONE.jpg"],
    ['a/quote".jpg', 'quote".jpg'],
    ["a/100%25+&.jpg", "100%25+&.jpg"],
  ])("keeps a harmless name: %s", (key, filename) => {
    expect(destinationFilename(key)).toBe(filename);
  });

  it.each([
    ["", "_"],
    ["folder/", "_"],
    ["a/.", "_"],
    ["a/..", "__"],
    ["a/..\\..\\b.jpg", ".._.._b.jpg"],
    ["a/DONE", "DONE_"],
    [`a/${SUBSTITUTION}`, "_{filename}"],
    [`a/$${SUBSTITUTION}.jpg`, "$_{filename}.jpg"],
    ["a/b\r\nc\0.jpg", "b__c_.jpg"],
    ["a/b\u009f\u2028\u202egpj.exe", "b___gpj.exe"],
    ["a/b.jpg  ", "b.jpg__"],
    ["a/\ud800.jpg", "_.jpg"],
  ])("makes %j safe", (key, filename) => {
    expect(destinationFilename(key)).toBe(filename);
  });

  it("cuts a long name in front of its extension, between code points", () => {
    const filename = destinationFilename(`a/${"漢".repeat(400)}.jpeg`);

    // 255 - 5 bytes hold 83 characters of 3 bytes and one byte too few for another.
    expect(filename).toBe(`${"漢".repeat(83)}.jpeg`);
  });
});

describe("the keys of hostile object keys", () => {
  it("stay in their folder, short enough, and never are the marker", () => {
    fc.assert(
      fc.property(hostileKey, tag, (objectKey, photoTag) => {
        const plain = destinationFilename(objectKey);

        for (const filename of [plain, suffixedFilename(plain, photoTag)]) {
          const key = destinationKey("alice", SEQUENCE_ID, filename);
          expect(key.startsWith(PREFIX)).toBe(true);
          const rest = key.slice(PREFIX.length);
          expect(rest).not.toMatch(/[/\\]|\$\{|[\p{Cc}\p{Cs}]|^\.{0,2}$|\s$/u);
          expect(rest).not.toBe("DONE");
          expect(Buffer.byteLength(rest)).toBeLessThanOrEqual(MAX_FILENAME_BYTES);
          expect(Buffer.from(key).toString("utf8")).toBe(key);
          expect(destinationFilename(key)).toBe(rest);
        }
      }),
    );
  });

  it("differ between photos of one name and different tags", () => {
    fc.assert(
      fc.property(hostileKey, tag, tag, (objectKey, oneTag, otherTag) => {
        fc.pre(oneTag !== otherTag);
        const plain = destinationFilename(objectKey);

        const names = [suffixedFilename(plain, oneTag), suffixedFilename(plain, otherTag)];

        expect(new Set(names).size).toBe(2);
      }),
    );
  });

  it("cannot be taken by a photo that is called like another's suffixed name", () => {
    fc.assert(
      fc.property(hostileKey, tag, (objectKey, photoTag) => {
        const suffixed = suffixedFilename(destinationFilename(objectKey), photoTag);

        const plainOfImpostor = destinationFilename(`elsewhere/${suffixed}`);

        expect(plainOfImpostor).toBe(suffixed);
        expect(looksSuffixed(plainOfImpostor)).toBe(true);
      }),
    );
  });

  it("look suffixed only with a whole tag in its place", () => {
    const names = ["a~0123456789abcde.jpg", "a~0123456789abcdef.", "~0123456789abcdef.jpg.bak~", "IMG_1.jpg"];

    expect(names.filter(looksSuffixed)).toEqual([]);
  });

  it("fit into S3's 1,024 bytes with the longest username", () => {
    const key = destinationKey("u".repeat(255), SEQUENCE_ID, destinationFilename("n".repeat(2_000)));

    expect(Buffer.byteLength(key)).toBe(548);
  });
});

describe("suffixedFilename", () => {
  it.each([
    ["IMG_1.jpg", "IMG_1~0123456789abcdef.jpg"],
    ["noext", "noext~0123456789abcdef"],
    [".hidden", "~0123456789abcdef.hidden"],
    ["a.tar.gz", "a.tar~0123456789abcdef.gz"],
    ["a.not an extension", "a.not an extension~0123456789abcdef"],
    ["IMG_1~fedcba9876543210.jpg", "IMG_1~fedcba9876543210~0123456789abcdef.jpg"],
  ])("puts the tag into %s", (filename, suffixed) => {
    expect(suffixedFilename(filename, "0123456789abcdef")).toBe(suffixed);
  });

  it("keeps the whole tag when the name is too long", () => {
    const filename = destinationFilename(`${"n".repeat(300)}.jpg`);

    const suffixed = suffixedFilename(filename, "0123456789abcdef");

    expect(suffixed).toMatch(/^n+~0123456789abcdef\.jpg$/);
    expect(suffixed).toHaveLength(MAX_FILENAME_BYTES);
  });

  it.each(["", "0123456789ABCDEF", "0123456789abcde", "0123456789abcdef0", "../../../../../.."])(
    "refuses %j as a tag",
    (photoTag) => {
      expect(() => suffixedFilename("a.jpg", photoTag)).toThrow(RangeError);
    },
  );
});

describe("destinationKey", () => {
  it("joins user, sequence and name", () => {
    expect(destinationKey("alice", SEQUENCE_ID, "a.jpg")).toBe(`${PREFIX}a.jpg`);
    expect(doneKey("alice", SEQUENCE_ID)).toBe(`${PREFIX}DONE`);
  });

  it.each([
    ["alice", SEQUENCE_ID, "DONE"],
    ["alice", SEQUENCE_ID, "a/b.jpg"],
    ["alice", SEQUENCE_ID, SUBSTITUTION],
    ["alice", SEQUENCE_ID.toUpperCase(), "a.jpg"],
    ["alice", "..", "a.jpg"],
    ["../alice", SEQUENCE_ID, "a.jpg"],
  ])("refuses the unsafe parts %j, %j, %j", (username, sequenceId, filename) => {
    expect(() => destinationKey(username, sequenceId, filename)).toThrow(RangeError);
  });
});

describe("the configuration checks", () => {
  it.each(["alice", "a", "Älice.B-2_3", "u".repeat(255)])("take the username %j", (username) => {
    expect(usernameProblem(username)).toBeUndefined();
  });

  it.each(["", "a/b", "a\\b", "a\nb", " a", "a ", ".", "..", `a${SUBSTITUTION}`, "\ud800", "ü".repeat(128)])(
    "refuse the username %j without repeating it",
    (username) => {
      const problem = usernameProblem(username);

      expect(problem).toMatch(/; expected /);
      if (username.length > 2) expect(problem).not.toContain(username);
    },
  );

  it.each([
    ["nonsense", "is not a URL"],
    ["ftp://host/bucket", "has the scheme ftp:"],
    ["https://me:pw@host/bucket", "carries a user or password"],
    ["https://host/bucket?x=1", "has a query"],
    ["https://host/bucket#x", "has a query or fragment"],
  ])("refuse the upload URL %s", (url, problem) => {
    expect(uploadUrlProblem(url)).toContain(problem);
    expect(uploadUrlProblem(url)).not.toContain(url);
  });

  it("take a plain upload URL and refuse credentials with white space", () => {
    expect(uploadUrlProblem("https://host/bucket")).toBeUndefined();
    expect(credentialProblem("abc+/=")).toBeUndefined();
    expect(credentialProblem("abc\n")).toContain("white space");
  });
});
