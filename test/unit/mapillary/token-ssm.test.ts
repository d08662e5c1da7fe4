import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { createSsmTokenStore } from "../../../lib/mapillary/token.ssm.ts";
import { TokenUnusableError } from "../../../lib/mapillary/token.ts";
import { TOKEN } from "./v4-fixture.ts";

const NAME = "/relay/mapillary/default/token";

interface Call {
  readonly target: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** Answers as SSM does, over its own protocol. */
async function startSsm(answer: (call: Call) => { readonly status?: number; readonly body: object }) {
  const calls: Call[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const call = {
      target: String(request.headers["x-amz-target"]),
      input: JSON.parse(String(Buffer.concat(chunks))),
    };
    calls.push(call);
    const { status = 200, body } = answer(call);
    response.writeHead(status, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(body));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  const store = createSsmTokenStore(NAME, {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: "eu-west-1",
    credentials: { accessKeyId: "anyone", secretAccessKey: "anything" },
    maxAttempts: 1,
  });
  return { store, calls };
}

const parameter = (Value: string) => ({ body: { Parameter: { Name: NAME, Type: "SecureString", Value } } });

describe("a token in SSM", () => {
  it("is asked for decrypted", async () => {
    const { store, calls } = await startSsm(() => parameter(TOKEN));

    expect(await store.read()).toEqual({ accessToken: TOKEN });
    expect(calls).toEqual([
      { target: "AmazonSSM.GetParameter", input: { Name: NAME, WithDecryption: true } },
    ]);
  });

  it("is written over the old one, encrypted, and read back", async () => {
    let value = TOKEN;
    const { store, calls } = await startSsm(({ target, input }) => {
      if (target.endsWith("GetParameter")) return parameter(value);
      value = String(input.Value);
      return { body: { Version: 2, Tier: "Standard" } };
    });
    const fresh = {
      accessToken: "MLY|new",
      expiresAt: "2027-01-21T12:00:00.000Z",
      obtainedAt: "2026-11-22T12:00:00.000Z",
    };

    await store.write(fresh);

    expect(calls[0]).toEqual({
      target: "AmazonSSM.PutParameter",
      input: { Name: NAME, Type: "SecureString", Overwrite: true, Value: JSON.stringify(fresh) },
    });
    expect(await store.read()).toEqual(fresh);
  });

  it.each([
    ["ParameterNotFound", "token-missing"],
    ["AccessDeniedException", "token-forbidden"],
    ["InvalidKeyId", "token-forbidden"],
  ])("waits for a person after %s", async (name, code) => {
    const { store } = await startSsm(() => ({ status: 400, body: { __type: name, message: "no" } }));

    const error = await store.read().catch((caught: unknown) => caught);

    expect(error).toBeInstanceOf(TokenUnusableError);
    expect(error).toMatchObject({ code, message: expect.stringContaining(NAME) });
  });

  it.each([
    [500, "InternalServerError"],
    [400, "ThrottlingException"],
  ])("is the world's trouble after %i %s", async (status, name) => {
    const { store } = await startSsm(() => ({ status, body: { __type: name, message: "later" } }));

    await expect(store.read()).rejects.toMatchObject({ name });
  });

  it("that is nothing waits for a person", async () => {
    const { store } = await startSsm(() => ({ body: { Parameter: { Name: NAME } } }));

    await expect(store.read()).rejects.toThrow(TokenUnusableError);
  });
});
