/** The text of an answer that failed before it had any. Clients of the original APIs know this sentence. */
export const APOLOGY =
  'I apologize, but I encountered an error while processing your request. Please try again.';
