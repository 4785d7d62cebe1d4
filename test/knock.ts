import { connect } from "node:net";

/** What came of a connection from this machine: `open`, `silent` where nobody says anything for two seconds, or a code. */
export function knock(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2000 });
    const end = (how: string) => {
      socket.destroy();
      resolve(how);
    };
    socket.once("connect", () => end("open"));
    socket.once("timeout", () => end("silent"));
    socket.once("error", (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  });
}
