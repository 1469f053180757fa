/** What a client is told when a request cannot be served; the error handler of app.ts writes it in Bitbucket's form. */
export class HttpError extends Error {
  readonly status: number;
  /** Field or parameter that is wrong. */
  readonly context: string | null;
  /** Java class that Bitbucket's clients look for. */
  readonly exceptionName: string | null;
  /** Seconds after which it may work, for `Retry-After`. */
  readonly retryAfter: number | null;

  constructor(
    status: number,
    message: string,
    options: { context?: string; exceptionName?: string; retryAfter?: number; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'HttpError';
    this.status = status;
    this.context = options.context ?? null;
    this.exceptionName = options.exceptionName ?? null;
    this.retryAfter = options.retryAfter ?? null;
  }
}

/** Several things are wrong with one request; all are told together. */
export class HttpErrors extends Error {
  readonly status: number;
  readonly errors: readonly HttpError[];

  constructor(status: number, errors: readonly HttpError[]) {
    super(errors.map(({ message }) => message).join('; '));
    this.name = 'HttpErrors';
    this.status = status;
    this.errors = errors;
  }
}
