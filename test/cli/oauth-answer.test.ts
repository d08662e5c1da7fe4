import { describe, expect, it } from "vitest";
import { consentUrl, type OauthAnswer, readOauthAnswer, readPasted } from "../../cli/oauth-answer.ts";

const STATE = "s-1_x";

describe("the address where people agree", () => {
  it("names application, scope, way back and state as Mapillary's documentation has it", () => {
    const wish = { clientId: "12", redirectUri: "http://127.0.0.1:4790/callback", state: "a+b c" };

    const url = consentUrl("https://www.mapillary.com/connect", wish);

    expect(url).toBe(
      "https://www.mapillary.com/connect?client_id=12&response_type=code&scope=read%20write%20upload" +
        "&redirect_uri=http%3A%2F%2F127.0.0.1%3A4790%2Fcallback&state=a%2Bb%20c",
    );
  });
});

describe("the page's answer", () => {
  it.each<[string, OauthAnswer]>([
    [`code=AQ1&state=${STATE}`, { kind: "code", code: "AQ1" }],
    [`state=${STATE}&code=A%2BQ`, { kind: "code", code: "A+Q" }],
    ["code=AQ1&state=other", { kind: "foreign" }],
    ["code=AQ1", { kind: "foreign" }],
    ["code=AQ1&state=", { kind: "foreign" }],
    [`error=access_denied&state=${STATE}`, { kind: "denied", why: "access_denied" }],
    [`error=access_denied&error_description=no&state=${STATE}`, { kind: "denied", why: "access_denied: no" }],
    ["error=access_denied&state=other", { kind: "foreign" }],
    [`code=&state=${STATE}`, { kind: "nothing" }],
    [`state=${STATE}`, { kind: "nothing" }],
    ["", { kind: "nothing" }],
  ])("%j is read", (query, expected) => {
    expect(readOauthAnswer(new URLSearchParams(query), STATE)).toEqual(expected);
  });
});

describe("what somebody pasted", () => {
  it.each<[string, OauthAnswer]>([
    [` http://127.0.0.1:4790/callback?code=AQ1&state=${STATE}\r`, { kind: "code", code: "AQ1" }],
    [`https://127.0.0.1/?state=${STATE}&code=AQ1#_`, { kind: "code", code: "AQ1" }],
    ["http://127.0.0.1:4790/callback?code=AQ1&state=other", { kind: "foreign" }],
    [`?code=AQ1&state=${STATE}`, { kind: "code", code: "AQ1" }],
    ["code=AQ1&state=other", { kind: "foreign" }],
    [`error=access_denied&state=${STATE}`, { kind: "denied", why: "access_denied" }],
    ["AQ1-_x", { kind: "code", code: "AQ1-_x" }],
    ["AQ1=", { kind: "code", code: "AQ1=" }],
    ["http://127.0.0.1:4790/callback", { kind: "nothing" }],
    ["two words", { kind: "nothing" }],
    ["", { kind: "nothing" }],
  ])("%j is read", (text, expected) => {
    expect(readPasted(text, STATE)).toEqual(expected);
  });
});
