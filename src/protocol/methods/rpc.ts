import { z } from "zod";

import { method } from "../method.js";

export const rpc = {
  "rpc.discover": method({
    summary: "Answers the OpenRPC document of this protocol.",
    params: z.strictObject({}),
    get result() {
      return z.unknown();
    },
    errors: [],
    access: "read",
    durable: false,
  }),
};
