/** What the requests of all servers have in common; `load.c` says what @, # and & stand for. */

/** What `sessiond start` gives its daemon, and so the other Node servers too. */
export const NODE_FLAGS = ["--max-semi-space-size=32"];

export const VALUE = "value-of-some-length-@";

/** A request as sessiond's own client sends it. */
export function request(method, params) {
  return `{"jsonrpc":"2.0","id":@,"method":"${method}","params":${params}}\n`;
}
