/**
 * A server in a process of its own that refuses every photo after 2 MB and resets the connection in the same breath,
 * as servers do that have no patience for the rest of a body. Prints its URL.
 */
import { answerText, s3ErrorText, startUploadServer } from "./upload-server.ts";

const REFUSAL = answerText(403, s3ErrorText("AccessDenied", "Policy expired"));

const server = await startUploadServer({
  onHead(socket) {
    let bytes = 0;
    socket.removeAllListeners("data");
    socket.on("data", (block: Buffer) => {
      bytes += block.byteLength;
      if (bytes <= 2_000_000) return;
      socket.removeAllListeners("data");
      socket.write(REFUSAL);
      socket.resetAndDestroy();
    });
  },
});
console.log(server.url);
