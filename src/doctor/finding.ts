/** One thing about this machine, and what it means. */
export interface Finding {
  readonly name: string;
  /** `ok`; `limited`: everything works, with less; `trouble`: something is to be done. */
  readonly status: "ok" | "limited" | "trouble";
  readonly detail: string;
  /** What somebody can do about it, where it is not all right. */
  readonly advice?: string;
}

export function ok(name: string, detail: string): Finding {
  return { name, status: "ok", detail };
}

export function limited(name: string, detail: string, advice: string): Finding {
  return { name, status: "limited", detail, advice };
}

export function trouble(name: string, detail: string, advice: string): Finding {
  return { name, status: "trouble", detail, advice };
}
