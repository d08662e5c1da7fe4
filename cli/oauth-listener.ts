import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { listenOnLoopback } from "../sandbox/listen.ts";
import { type OauthAnswer, readOauthAnswer } from "./oauth-answer.ts";

/** Where the OAuth page sends its answer to, on this machine. */
export interface OauthListener extends AsyncDisposable {
  readonly redirectUri: string;
  /** The answer to this login; whatever else comes is refused. */
  readonly answer: Promise<Extract<OauthAnswer, { kind: "code" | "denied" }>>;
}

/** Where on this machine the page is told to go. */
export const CALLBACK_PATH = "/callback";

/**
 * Listens on 127.0.0.1 for the browser to come back.
 *
 * @param port any free one when 0
 * @param onForeign called for an answer to another login
 * @throws when the port is taken
 */
export async function listenForAnswer(
  port: number,
  state: string,
  onForeign: () => void,
): Promise<OauthListener> {
  const { promise, resolve } = Promise.withResolvers<Extract<OauthAnswer, { kind: "code" | "denied" }>>();
  // Told of when the page has its answer: whoever hears of it may close the port.
  const server = createServer((request, response) => {
    const query = queryOf(request);
    if (query === undefined) return say(response, 404, "There is nothing here.");
    const answer = readOauthAnswer(query, state);
    switch (answer.kind) {
      case "code":
        response.once("close", () => resolve(answer));
        return say(
          response,
          200,
          "The answer has arrived. Go back to the terminal; this page may be closed.",
        );
      case "denied":
        response.once("close", () => resolve(answer));
        return say(response, 200, "Consent was denied. Go back to the terminal; this page may be closed.");
      case "foreign":
        onForeign();
        return say(response, 400, "This answers another login than the one in the terminal.");
      case "nothing":
        return say(response, 400, "There is neither a code nor an error in this address.");
    }
  });
  const { url, stop } = await listenOnLoopback(server, port);
  return { redirectUri: `${url}${CALLBACK_PATH}`, answer: promise, [Symbol.asyncDispose]: stop };
}

/** The query of a request that may be the page's answer; `undefined` for any other. */
function queryOf({ method, url = "" }: IncomingMessage): URLSearchParams | undefined {
  const [path, search = ""] = url.split("?", 2);
  return method === "GET" && path === CALLBACK_PATH ? new URLSearchParams(search) : undefined;
}

function say(response: ServerResponse, status: number, text: string): void {
  // Nobody is to find the code in a page's history, or where it came from.
  const headers = {
    "content-type": "text/plain; charset=utf-8",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    connection: "close",
  };
  response.writeHead(status, headers).end(`${text}\n`);
}
