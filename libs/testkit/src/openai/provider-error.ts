/** The `error` object of OpenAI's error bodies. */
export interface ProviderError {
  readonly code: string | null;
  readonly type: string;
  readonly message: string;
}

/** The JSON body of a refused request, and the `data:` of an error in a chat stream. */
export const errorBody = (error: ProviderError): string =>
  JSON.stringify({
    error: { message: error.message, type: error.type, param: null, code: error.code },
  });
