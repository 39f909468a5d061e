const FILE = /[\\/]node-cron[\\/]dist[\\/]_shared\.js$/;

/** Where node-cron asks Intl for the parts of a time, and for its distance from UTC. */
const FORMATTERS = [
  { text: "formatter = new Intl.DateTimeFormat('en-US', dftOptions);", local: "localParts" },
  {
    text: "formatter = new Intl.DateTimeFormat('en-US', {\n            timeZone: timezone,",
    local: "localOffset",
  },
];

const LOCAL = `
const localParts = {
  formatToParts: (date) => [
    { type: "year", value: String(date.getFullYear()) },
    { type: "month", value: String(date.getMonth() + 1) },
    { type: "day", value: String(date.getDate()) },
    { type: "hour", value: String(date.getHours()) },
    { type: "minute", value: String(date.getMinutes()) },
    { type: "second", value: String(date.getSeconds()) },
    { type: "weekday", value: ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][date.getDay()] },
  ],
};
const localOffset = {
  formatToParts: (date) => {
    const minutes = -date.getTimezoneOffset();
    const ahead = Math.abs(minutes);
    const value = \`GMT\${minutes < 0 ? "-" : "+"}\${Math.floor(ahead / 60)}:\${String(ahead % 60).padStart(2, "0")}\`;
    return [{ type: "timeZoneName", value }];
  },
};
`;

/**
 * Lets node-cron read the local time from Date where no time zone was asked for, which is always. It asks Intl, whose
 * tables are 5 MB of the daemon's memory and a tenth of its start.
 *
 * @returns {import("rolldown").Plugin}
 */
export function localClock() {
  return {
    name: "local-clock",
    transform(code, id) {
      return FILE.test(id) ? withLocalClock(code) : null;
    },
  };
}

/**
 * @param {string} code of node-cron's `_shared.js`
 * @throws {Error} where it does not look as it did: then somebody has to see what became of it
 */
export function withLocalClock(code) {
  let changed = code;
  for (const { text, local } of FORMATTERS) {
    if (!code.includes(text))
      throw new Error("node-cron reads the clock in another way; see test/bundle/localClock.mjs");
    changed = changed.replace(
      text,
      `formatter = !timezone ? ${local} : ${text.slice("formatter = ".length)}`,
    );
  }
  return changed + LOCAL;
}
