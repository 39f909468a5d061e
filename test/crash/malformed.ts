import type { Random } from "./random.js";

/** Whole requests, and what a mutation starts from. */
const SEEDS: readonly string[] = [
  '{"jsonrpc":"2.0","id":1,"method":"daemon/ping"}',
  '{"jsonrpc":"2.0","id":"x","method":"session/list","params":{"status":"active","limit":5,"tags":["a"]}}',
  '{"jsonrpc":"2.0","id":2,"method":"session/create","params":{"name":"n","metadata":{"k":[1,{"a":null}]}}}',
  '{"jsonrpc":"2.0","id":3,"method":"session/record","params":{"sessionId":"s","action":"a","details":{"x":1e3}}}',
  '{"jsonrpc":"2.0","id":4,"method":"metadata/set","params":{"sessionId":"s","key":"k","value":"v\\u0041\\n"}}',
  '{"jsonrpc":"2.0","id":5,"method":"command/start","params":{"sessionId":"s","argv":["true"],"env":{"A":"1"}}}',
  '{"jsonrpc":"2.0","id":6,"method":"event/subscribe","params":{"types":["session/created"]}}',
  '{"jsonrpc":"2.0","id":7,"method":"log/query","params":{"sessionId":"s","level":"info"}}',
  '{"jsonrpc":"2.0","id":8,"method":"session/activities","params":{"sessionId":"s","cursor":"eyJzZXEiOjF9"}}',
  '[{"jsonrpc":"2.0","id":9,"method":"daemon/ping"},{"jsonrpc":"2.0","method":"session/touch"}]',
];
/** Values where others are expected. */
const VALUES: readonly string[] = [
  "null",
  "true",
  "-0",
  "1e309",
  "-1e-309",
  "9007199254740993",
  "0.1",
  '""',
  '"\\u0000"',
  '"\\ud800"',
  '"__proto__"',
  '"../../etc/passwd"',
  "[]",
  "{}",
  "[[[[[[]]]]]]",
  '{"__proto__":{"x":1}}',
  '{"constructor":{"prototype":1}}',
];
/** Pieces that mean something to a parser, or to whoever comes after it. */
const PIECES: readonly Buffer[] = [
  ..."{}[],:\"\\'`/*-+.eE0 \t\r\0".split(""),
  "\n",
  "\r\n",
  "\u2028",
  "\uFEFF",
  "NaN",
  "//",
  "\\u",
  "\\ud800",
  '"id":null',
  '"jsonrpc":"2.0"',
  '"__proto__":1,',
]
  .map((text) => Buffer.from(text))
  .concat([
    Buffer.of(0xff),
    Buffer.of(0xc3, 0x28),
    Buffer.of(0xed, 0xa0, 0x80),
    Buffer.of(0xf8, 0x88),
    Buffer.of(0x80),
  ]);

/** Bytes of one input, which may hold several lines; never the newline that ends it. */
export function malformed(random: Random): Buffer {
  const ways = [noise, cut, patched, misplaced, deep, batch, patched, misplaced];
  const way = ways[random.between(0, ways.length - 1)] ?? noise;
  return way(random);
}

function pick<T>(random: Random, from: readonly T[]): T {
  const found = from[random.between(0, from.length - 1)];
  if (found === undefined) throw new Error("nothing to pick from");
  return found;
}

function noise(random: Random): Buffer {
  return Buffer.from(Array.from({ length: random.between(0, 200) }, () => random.between(0, 255)));
}

/** A request that ends too early, or begins too late. */
function cut(random: Random): Buffer {
  const whole = Buffer.from(pick(random, SEEDS));
  const at = random.between(0, whole.length);
  return random.chance(0.5) ? whole.subarray(0, at) : whole.subarray(at);
}

/** A request with bytes changed, removed, doubled, or put in. */
function patched(random: Random): Buffer {
  let bytes = Buffer.from(pick(random, SEEDS));
  for (let count = random.between(1, 4); count > 0; count -= 1) {
    const at = random.between(0, bytes.length);
    const to = Math.min(bytes.length, at + random.between(0, 8));
    const piece = pick(random, [
      pick(random, PIECES),
      Buffer.alloc(0),
      bytes.subarray(at, to),
      Buffer.of(random.between(0, 255)),
    ]);
    bytes = Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(random.chance(0.5) ? at : to)]);
  }
  return bytes;
}

/** JSON all right, with a value where another one belongs, or a key twice. */
function misplaced(random: Random): Buffer {
  const whole = pick(random, SEEDS);
  const values = [...whole.matchAll(/:("(?:[^"\\]|\\.)*"|[\d.e]+|\[[^\]]*\]|\{[^{}]*\})/g)];
  const [found = "", value = ""] = pick(random, values);
  const changed = `:${pick(random, VALUES)}`;
  return Buffer.from(whole.replace(found, random.chance(0.8) ? changed : `:${value},"id"${changed}`));
}

function deep(random: Random): Buffer {
  const levels = random.between(1, 5_000);
  const [open, close] = pick(random, [
    ["[", "]"],
    ['{"a":', "}"],
  ] as const);
  const nested = `${open.repeat(levels)}1${close.repeat(random.chance(0.7) ? levels : levels - 1)}`;
  return Buffer.from(
    random.chance(0.5) ? nested : pick(random, SEEDS).replace(/"params":\{/, `$&"x":${nested},`),
  );
}

/** A batch of what is malformed, some of it JSON. */
function batch(random: Random): Buffer {
  const members = Array.from({ length: random.between(0, 20) }, () => {
    return random.chance(0.5) ? pick(random, [...SEEDS, ...VALUES]) : misplaced(random).toString();
  });
  return Buffer.from(`[${members.join(",")}${random.chance(0.1) ? "," : ""}]`);
}
