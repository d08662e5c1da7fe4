import { describe, expect, it } from "vitest";
import { readStoredToken } from "../../lib/mapillary/token.ts";
import { startParameterStore } from "../infra/lambda/parameter-store.ts";
import { type Mapillary, startMapillary } from "./mapillary.ts";
import { type Call, makeWorkplace, type Running, relay, startRelay } from "./program.ts";

const SECRET = { MAPILLARY_CLIENT_SECRET: "MLY|12|secret" };
const PARAMETER = "/mapillary-relay/test/mapillary/default/token";

/** The flags and variables of a login to this Mapillary. */
function loginTo({ standIn }: Mapillary) {
  const { client, url, connectUrl } = standIn;
  const args = ["account", "login", "--client-id", client.id, "--port", "0"];
  return {
    args: [...args, "--graph-endpoint", `${url}/`, "--connect-url", connectUrl],
    env: { MAPILLARY_CLIENT_SECRET: client.secret },
  };
}

/** The address that the person is told to open. */
async function addressTold({ stderr }: Running): Promise<string> {
  return await new Promise((resolve) => {
    let told = "";
    stderr.on("data", (chunk) => {
      told += String(chunk);
      const address = /^ {2}(http\S+)$/m.exec(told)?.[1];
      if (address !== undefined) resolve(address);
    });
  });
}

/** Logs in as a person whose browser is on this machine. */
async function logInByBrowser(args: readonly string[], call: Call) {
  const running = startRelay(args, call);
  const page = await fetch(await addressTold(running));
  return { ...(await running.ended), page: await page.text() };
}

describe("relay account login", () => {
  it("gets a token by way of the page, and shows it nowhere but in the line for the shell", async () => {
    await using place = await makeWorkplace();
    await using mapillary = await startMapillary({ usernames: ["jon"] });
    const { args, env } = loginTo(mapillary);

    const { exitCode, stdout, stderr, page } = await logInByBrowser([...args, "--print"], {
      cwd: place.directory,
      env,
    });

    const token = /^export MAPILLARY_ACCESS_TOKEN='([^']+)'\n$/.exec(stdout)?.[1] ?? "";
    const me = await fetch(`${mapillary.standIn.url}/me?fields=id,username`, {
      headers: { authorization: `OAuth ${token}` },
    });
    expect(await me.json()).toMatchObject({ username: "jon" });
    expect(page).toContain("Go back to the terminal");
    expect(stderr).toContain("Logged in as jon");
    expect(stderr).toMatch(/until \d{4}-\d\d-\d\dT/);
    expect(stderr).not.toContain(token);
    expect(stderr).not.toContain(env.MAPILLARY_CLIENT_SECRET);
    expect(exitCode).toBe(0);
  });

  it("writes the token to a parameter of SSM with its dates, and shows it nowhere", async () => {
    await using place = await makeWorkplace();
    await using mapillary = await startMapillary();
    await using ssm = await startParameterStore();
    const { args, env } = loginTo(mapillary);
    const aws = {
      AWS_ENDPOINT_URL_SSM: ssm.url,
      AWS_REGION: "eu-west-1",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
    };

    const { exitCode, stdout, stderr } = await logInByBrowser([...args, "--parameter", PARAMETER], {
      cwd: place.directory,
      env: { ...env, ...aws },
    });
    const check = await relay(["account", "check", "--json", "--graph-endpoint", mapillary.standIn.url], {
      cwd: place.directory,
      env: { ...aws, MAPILLARY_TOKEN_PARAMETER: PARAMETER },
    });

    const { accessToken, expiresAt, obtainedAt } = readStoredToken(ssm.values.get(PARAMETER) ?? "");
    expect(Date.parse(expiresAt ?? "") - Date.parse(obtainedAt ?? "")).toBe(60 * 24 * 3_600_000);
    expect(stdout + stderr).not.toContain(accessToken);
    expect(stdout).toBe("");
    expect(exitCode).toBe(0);
    expect(JSON.parse(check.stdout)).toMatchObject({ verdict: "accepted", expiresAt });
    expect(check.stdout + check.stderr).not.toContain(accessToken);
  });

  it("names the variable of the account that is meant", async () => {
    await using place = await makeWorkplace();
    await using mapillary = await startMapillary();
    const { args, env } = loginTo(mapillary);

    const { stdout } = await logInByBrowser([...args, "--print", "north"], { cwd: place.directory, env });

    expect(stdout).toMatch(/^export MAPILLARY_ACCESS_TOKEN_NORTH='/);
  });

  it("takes the address that the browser could not open, or its code, pasted", async () => {
    await using place = await makeWorkplace();
    await using mapillary = await startMapillary();
    const { args, env } = loginTo(mapillary);
    const flags = ["--print", "--paste", "--port", "4999"];

    const outcomes = [];
    for (const take of [(url: URL) => url.href, (url: URL) => url.searchParams.get("code") ?? ""]) {
      const running = startRelay([...args, ...flags], { cwd: place.directory, env, input: "pipe" });
      const address = await addressTold(running);
      const { headers } = await fetch(address, { redirect: "manual" });
      const back = new URL(headers.get("location") ?? "");
      running.child.stdin?.end(`nothing of use\nhttp://127.0.0.1/?code=x&state=wrong\n${take(back)}\n`);
      outcomes.push(await running.ended);
    }

    for (const { exitCode, stdout, stderr } of outcomes) {
      expect(stdout).toMatch(/^export MAPILLARY_ACCESS_TOKEN='MLY/);
      expect(stderr).toContain("There is no code in that");
      expect(stderr).toContain("answers another login");
      expect(exitCode).toBe(0);
    }
  });

  it("ends with 1 and stores nothing when consent is denied", async () => {
    await using place = await makeWorkplace();
    await using mapillary = await startMapillary({ faults: { denyConsent: true } });
    const { args, env } = loginTo(mapillary);

    const ended = await logInByBrowser([...args, "--print"], { cwd: place.directory, env });

    expect(ended.stderr).toContain("error: consent was denied: access_denied");
    expect(ended.stdout).toBe("");
    expect(ended.page).toContain("denied");
    expect(ended.exitCode).toBe(1);
  });

  it("ends with 1 when the application's secret is wrong, and repeats neither it nor the code", async () => {
    await using place = await makeWorkplace();
    await using mapillary = await startMapillary();
    const { args } = loginTo(mapillary);
    const env = { MAPILLARY_CLIENT_SECRET: "MLY|1|a-wrong-secret" };

    const { exitCode, stdout, stderr } = await logInByBrowser([...args, "--print"], {
      cwd: place.directory,
      env,
    });

    expect(stderr).toContain("the code could not be exchanged for a token: token-refused");
    expect(stderr).not.toContain("a-wrong-secret");
    expect(stderr).not.toContain("    at ");
    expect(stdout).toBe("");
    expect(exitCode).toBe(1);
  });

  it("refuses an answer to another login, and waits on for its own", async () => {
    await using place = await makeWorkplace();
    await using mapillary = await startMapillary();
    const { args, env } = loginTo(mapillary);

    const running = startRelay([...args, "--print"], { cwd: place.directory, env });
    const address = await addressTold(running);
    const back = new URL(address).searchParams.get("redirect_uri") ?? "";
    const foreign = await fetch(`${back}?code=stolen&state=guessed`);
    const elsewhere = await fetch(new URL("/favicon.ico", back));
    await fetch(address);
    const { exitCode, stderr } = await running.ended;

    expect([foreign.status, elsewhere.status]).toEqual([400, 404]);
    expect(stderr).toContain("an answer that is not to this login");
    expect(mapillary.standIn.requests.count("Token")).toBe(1);
    expect(exitCode).toBe(0);
  });

  it("ends when nobody answers in time, and frees the port", async () => {
    await using place = await makeWorkplace();
    await using mapillary = await startMapillary();
    const { args, env } = loginTo(mapillary);

    const running = startRelay([...args, "--print", "--timeout", "1"], { cwd: place.directory, env });
    const back = new URL(await addressTold(running)).searchParams.get("redirect_uri") ?? "";
    const { exitCode, stderr } = await running.ended;

    expect(stderr).toContain("nobody has answered within 1.0 s; nothing was stored");
    expect(exitCode).toBe(1);
    await expect(fetch(back)).rejects.toThrow();
  });

  it.each([
    ["listening", []],
    ["pasting", ["--paste", "--port", "4999"]],
  ])("ends at Ctrl-C while it is %s", async (_what, flags) => {
    await using place = await makeWorkplace();
    await using mapillary = await startMapillary();
    const { args, env } = loginTo(mapillary);

    const running = startRelay([...args, "--print", ...flags], { cwd: place.directory, env, input: "pipe" });
    await addressTold(running);
    running.child.kill("SIGINT");

    expect(await running.ended).toMatchObject({ exitCode: 130, stdout: "" });
  });

  it("says that the input ended before anything was pasted", async () => {
    await using place = await makeWorkplace();
    await using mapillary = await startMapillary();
    const { args, env } = loginTo(mapillary);

    const ended = await relay([...args, "--print", "--paste", "--port", "4999"], {
      cwd: place.directory,
      env,
    });

    expect(ended.stderr).toContain("nothing was pasted");
    expect(ended.exitCode).toBe(2);
  });

  it("asks nobody for consent when the parameter store cannot be reached", async () => {
    await using place = await makeWorkplace();
    await using mapillary = await startMapillary();
    const { args, env } = loginTo(mapillary);
    const aws = { AWS_CONFIG_FILE: "/dev/null" };

    const ended = await relay([...args, "--parameter", PARAMETER], {
      cwd: place.directory,
      env: { ...env, ...aws },
    });

    expect(ended.stderr).toContain(`--parameter ${PARAMETER} cannot be reached: Region is missing`);
    expect(ended.stderr).not.toContain("Open this address");
    expect(ended.exitCode).toBe(2);
  });

  it("says that the port is taken", async () => {
    await using place = await makeWorkplace();
    await using mapillary = await startMapillary();
    const { args, env } = loginTo(mapillary);
    const { port } = new URL(mapillary.standIn.url);

    const ended = await relay([...args, "--print", "--port", port], { cwd: place.directory, env });

    expect(ended.stderr).toContain(`--port ${port} is taken`);
    expect(ended.exitCode).toBe(2);
  });

  it.each([
    ["nowhere for the token to go", [], {}, "the token has nowhere to go"],
    ["no secret", ["--print"], {}, "MAPILLARY_CLIENT_SECRET is not set"],
    [
      "a secret of two words",
      ["--print"],
      { MAPILLARY_CLIENT_SECRET: "top secret" },
      "MAPILLARY_CLIENT_SECRET contains",
    ],
    ["a parameter without a name", ["--parameter", "a b"], {}, "--parameter is no name of an SSM parameter"],
    [
      "a page in the clear",
      ["--print", "--connect-url", "http://m.example"],
      SECRET,
      "--connect-url has the scheme",
    ],
    [
      "a graph that is none",
      ["--print", "--graph-endpoint", "graph"],
      SECRET,
      "--graph-endpoint is not a URL",
    ],
    [
      "pasting without a callback address",
      ["--print", "--paste", "--port", "0"],
      SECRET,
      "--paste needs the --port",
    ],
  ])("refuses %s", async (_what, flags, env, message) => {
    await using place = await makeWorkplace();

    const args = ["account", "login", "--client-id", "12", ...flags];
    const { exitCode, stderr } = await relay(args, { cwd: place.directory, env });

    expect(stderr).toContain(message);
    expect(stderr).not.toContain("top secret");
    expect(exitCode).toBe(2);
  });
});
