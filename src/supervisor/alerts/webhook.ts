/** What one try to reach a webhook came to. */
export type Posted =
  | { readonly status: "delivered" }
  | {
      readonly status: "failed";
      readonly error: string;
      /** Whether another try could go better. */
      readonly isPassing: boolean;
      /** How long the receiver asks to be left alone, where it does. */
      readonly retryAfterMs?: number | undefined;
    };

interface WebhookRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Statuses below 500 that ask for another try. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * Posts a body once. A redirect is not followed: an alert goes where its rule says, and nowhere else. What is answered is not
 * read. Never rejects.
 */
export async function postOnce({ url, headers, body, timeoutMs, signal }: WebhookRequest): Promise<Posted> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers,
      body,
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    await response.body?.cancel();
    return postedWith(response);
  } catch (error) {
    return { status: "failed", error: reasonOf(error, timeoutMs), isPassing: true };
  }
}

function postedWith({ status, ok, headers }: Response): Posted {
  if (ok) return { status: "delivered" };
  const isPassing = status >= 500 || PASSING.has(status);
  const isRedirect = status >= 300 && status < 400;
  const error = isRedirect
    ? `it answered ${status}, and redirects are not followed`
    : `it answered ${status}`;
  const afterMs = Number(headers.get("retry-after") ?? Number.NaN) * 1_000;
  return { status: "failed", error, isPassing, retryAfterMs: afterMs > 0 ? afterMs : undefined };
}

/** `fetch failed` says nothing; why it did stands in its cause. */
function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `it took longer than ${timeoutMs} ms`;
  const { cause } = error;
  return cause instanceof Error && cause.message !== "" ? cause.message : error.message;
}
