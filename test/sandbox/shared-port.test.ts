import { type AddressInfo, createServer } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { openSharedPort, type SharedPort } from "../../sandbox/shared-port.ts";

async function open(): Promise<SharedPort> {
  const port = await openSharedPort(0);
  onTestFinished(() => port.stop());
  return port;
}

async function get(url: string): Promise<string> {
  const answer = await fetch(url);
  return answer.status === 200 ? await answer.text() : String(answer.status);
}

it("gives a request to the first server that claims it", async () => {
  const port = await open();
  const { url } = await port.place((path) => path.startsWith("/a"))((_, response) => response.end("first"));
  await port.place(() => true)((_, response) => response.end("second"));

  const answers = [await get(`${url}/a?b=c`), await get(`${url}/b`), await get(url)];

  expect(url).toBe(port.url);
  expect(answers).toEqual(["first", "second", "second"]);
});

it("answers 503 to what nobody claims, and for a server that has given its place back", async () => {
  const port = await open();
  const place = await port.place((path) => path === "/a")((_, response) => response.end("here"));

  const answers = [await get(`${port.url}/b`), await get(`${port.url}/a`)];
  await place.stop();
  answers.push(await get(`${port.url}/a`));

  expect(answers).toEqual(["503", "here", "503"]);
});

it("says that a port is taken", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void other.close());
  await new Promise((resolve) => other.once("listening", resolve));

  const { port } = other.address() as AddressInfo;

  await expect(openSharedPort(port)).rejects.toThrow("EADDRINUSE");
});
