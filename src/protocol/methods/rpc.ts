import { z } from "zod";

import { method } from "../method.js";

export const rpc = {
  "rpc.discover": method({
    summary: "Answers the OpenRPC document of this protocol.",
    get params() {
      return z.strictObject({});
    },
    get result() {
      return z.unknown();
    },
    errors: [],
    access: "read",
    durable: false,
  }),
};
