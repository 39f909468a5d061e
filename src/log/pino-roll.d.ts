/** pino-roll ships no types. What it answers gets its type in `rollStream.ts`, the one place that calls it. */
declare module "pino-roll" {
  export default function roll(options: object): Promise<unknown>;
}
