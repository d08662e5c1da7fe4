/**
 * Connections that read into one buffer each for as long as they live. Node's own streams allocate 64 KiB for every
 * read, and its collector lets them pile up to 100 MB and more.
 */
import { isIP, connect as netConnect, type Socket } from "node:net";
import { connect as tlsConnect } from "node:tls";

/** Where a connection leads. */
export interface Origin {
  readonly isSecure: boolean;
  /** A name or an address, IPv6 without brackets. */
  readonly hostname: string;
  readonly port: number;
}

/** Who reads from a connection. */
interface ConnectionUser {
  /** What came. It is overwritten after the call: copy what is to stay. */
  received(bytes: Uint8Array): void;
  /** Nothing comes any more; called once. `error` is Node's, if there was one. */
  closed(error: Error | undefined): void;
}

/** A connection lent to one user. */
export interface Connection {
  /** Queued until the connection stands. */
  write(text: string): void;
  /** Stops reading; up to about 80 KiB may still come. */
  pause(): void;
  resume(): void;
  /** Keeps the connection for the next user. Only for one with nothing under way in either direction. */
  release(): void;
  /** Breaks the connection off, without telling its user. */
  destroy(): void;
}

/** Connections by origin. */
export interface ConnectionPool {
  /** An idle connection, or a new one that is being made. A kept one may turn out to be closed. */
  take(origin: Origin, user: ConnectionUser): Connection;
}

/** How connections are made and kept. */
export interface ConnectionLimits {
  /** Until a connection stands, TLS included, in ms. */
  readonly connectMs: number;
  /** How long one is kept without use, in ms. */
  readonly keepMs: number;
  /** Most that are kept without use. */
  readonly maxIdle: number;
}

/** As large as what Node's own streams read at a time. */
const READ_BUFFER_BYTES = 64 * 2 ** 10;

interface Line {
  readonly socket: Socket;
  readonly origin: string;
  /** Absent while the connection is idle. */
  user?: ConnectionUser | undefined;
  /** Runs while the connection is idle. */
  expiry?: NodeJS.Timeout | undefined;
}

/**
 * Idle connections do not keep the process alive. Certificates are checked as Node does by default, with
 * `NODE_EXTRA_CA_CERTS`. Proxies are not supported.
 */
export function createConnectionPool({ connectMs, keepMs, maxIdle }: ConnectionLimits): ConnectionPool {
  let idle: Line[] = [];

  function forget(line: Line): void {
    clearTimeout(line.expiry);
    idle = idle.filter((other) => other !== line);
  }

  function connect(origin: Origin): Line {
    const socket = openSocket(origin, (bytes) => {
      // An idle connection has nothing to say: whatever it says belongs to nobody.
      if (line.user === undefined) socket.destroy();
      else line.user.received(bytes);
    });
    const line: Line = { socket, origin: nameOf(origin) };
    const timer = setTimeout(
      () => socket.destroy(new Error(`no connection within ${connectMs} ms`)),
      connectMs,
    );
    socket.once(origin.isSecure ? "secureConnect" : "connect", () => clearTimeout(timer));
    const close = (error?: Error): void => {
      clearTimeout(timer);
      forget(line);
      const user = line.user;
      line.user = undefined;
      socket.destroy();
      user?.closed(error);
    };
    socket.on("error", close);
    socket.on("end", () => close());
    socket.on("close", () => close());
    return line;
  }

  function keep(line: Line): void {
    line.user = undefined;
    if (idle.length >= maxIdle || line.socket.destroyed) {
      line.socket.destroy();
      return;
    }
    line.socket.resume();
    line.socket.unref();
    line.expiry = setTimeout(() => line.socket.destroy(), keepMs).unref();
    idle.push(line);
  }

  return {
    take(origin, user) {
      const name = nameOf(origin);
      const kept = idle.findLast((line) => line.origin === name && !line.socket.destroyed);
      const line = kept ?? connect(origin);
      forget(line);
      line.socket.ref();
      line.user = user;
      const ifMine = (act: () => void) => (): void => {
        if (line.user === user) act();
      };
      return {
        write: (text) => void line.socket.write(text, "latin1"),
        pause: ifMine(() => line.socket.pause()),
        resume: ifMine(() => line.socket.resume()),
        release: ifMine(() => keep(line)),
        destroy: ifMine(() => {
          line.user = undefined;
          line.socket.destroy();
        }),
      };
    },
  };
}

function openSocket({ isSecure, hostname, port }: Origin, received: (bytes: Uint8Array) => void): Socket {
  const buffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  const callback = (readBytes: number): boolean => {
    received(buffer.subarray(0, readBytes));
    return true;
  };
  const options = { host: hostname, port, noDelay: true, onread: { buffer, callback } };
  if (!isSecure) return netConnect(options);
  // RFC 6066 §3: an address is no server name.
  const servername = isIP(hostname) === 0 ? hostname : "";
  return tlsConnect({ ...options, servername, ALPNProtocols: ["http/1.1"] });
}

function nameOf({ isSecure, hostname, port }: Origin): string {
  return `${isSecure} ${hostname} ${port}`;
}
