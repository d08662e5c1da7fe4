import { describe, expect, it } from "vitest";
import { readUploadAccounts } from "../../cli/upload-account.ts";
import { DEFAULT_ACCESS_KEY_ID } from "../../lib/mapillary/bucket-account.ts";

const URL_OF_RUN = "http://127.0.0.1:4700/inbox";
const OF_DEFAULT = {
  MAPILLARY_USERNAME: "jon",
  MAPILLARY_PERMISSION_HASH: "cDE=",
  MAPILLARY_SIGNATURE_HASH: "czE=",
};
const OF_NORTH = {
  MAPILLARY_USERNAME_NORTH: "anna",
  MAPILLARY_PERMISSION_HASH_NORTH: "cDI=",
  MAPILLARY_SIGNATURE_HASH_NORTH: "czI=",
  MAPILLARY_AWS_ACCESS_KEY_ID_NORTH: "KEY2",
};

describe("accounts to upload with", () => {
  it("each have their own credentials, and the URL of the command line", () => {
    const environment = {
      ...OF_DEFAULT,
      ...OF_NORTH,
      MAPILLARY_UPLOAD_URL: "not looked at",
      MAPILLARY_UPLOAD_URL_NORTH: "http://127.0.0.1:1/elsewhere",
    };
    const rules = [
      { prefix: "n/", account: "north" },
      { prefix: "n/2/", account: "north" },
    ];

    const accounts = readUploadAccounts(URL_OF_RUN, environment, { rules });

    expect([...accounts]).toEqual([
      [
        "default",
        {
          username: "jon",
          permissionHash: "cDE=",
          signatureHash: "czE=",
          accessKeyId: DEFAULT_ACCESS_KEY_ID,
          uploadUrl: URL_OF_RUN,
        },
      ],
      [
        "north",
        {
          username: "anna",
          permissionHash: "cDI=",
          signatureHash: "czI=",
          accessKeyId: "KEY2",
          uploadUrl: URL_OF_RUN,
        },
      ],
    ]);
  });

  it("need no variables of an account that no rule names", () => {
    const accounts = readUploadAccounts(URL_OF_RUN, OF_DEFAULT, { rules: [{ prefix: "n/" }] });

    expect([...accounts.keys()]).toEqual(["default"]);
  });
});
