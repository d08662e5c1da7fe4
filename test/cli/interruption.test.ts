import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import { watchInterruption } from "../../cli/interruption.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** A process that is asked to stop at times of our choosing, and does not end. */
function watchAt() {
  const exit = vi.spyOn(process, "exit").mockImplementation(() => undefined as never);
  const clock = vi.spyOn(performance, "now");
  const onRequest = vi.fn();
  const interruption = watchInterruption(onRequest);
  const request = (name: "SIGINT" | "SIGTERM" | "SIGHUP", atMs: number) => {
    clock.mockReturnValue(atMs);
    process.emit(name);
  };
  return { exit, onRequest, interruption, request };
}

describe("an interruption", () => {
  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "aborts the signal at the first %s and lets the process end itself",
    (name) => {
      const { exit, onRequest, interruption, request } = watchAt();

      using watched = interruption;
      request(name, 0);

      expect(watched.signal.aborted).toBe(true);
      expect(onRequest).toHaveBeenCalledOnce();
      expect(exit).not.toHaveBeenCalled();
    },
  );

  it("takes a Ctrl-C that npm passes on for the one the terminal sent", () => {
    const { exit, onRequest, interruption, request } = watchAt();

    using _watched = interruption;
    request("SIGINT", 0);
    request("SIGINT", 400);

    expect(onRequest).toHaveBeenCalledOnce();
    expect(exit).not.toHaveBeenCalled();
  });

  it("ends the process at once when asked again", () => {
    const { exit, interruption, request } = watchAt();

    using _watched = interruption;
    request("SIGINT", 0);
    request("SIGINT", 600);

    expect(exit).toHaveBeenCalledWith(130);
  });

  it("leaves signals alone when it is over", () => {
    const before = process.listenerCount("SIGINT");

    const { interruption } = watchAt();
    const during = process.listenerCount("SIGINT");
    interruption[Symbol.dispose]();

    expect(during).toBe(before + 1);
    expect(process.listenerCount("SIGINT")).toBe(before);
  });
});

it("ends what npm started when the shell in between is gone", async () => {
  const program = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));
  const shell = spawn("sh", ["-c", '"$0" "$1" sandbox --json; true', process.execPath, program], {
    env: { ...process.env, npm_lifecycle_event: "relay" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const complaint = text(shell.stderr);
  const [started] = await once(shell.stdout, "data");

  shell.kill("SIGKILL");

  // The pipe closes when the last process that holds it has ended.
  expect(String(started)).toContain("uploadUrl");
  expect(await complaint).toContain("Stopping");
});
