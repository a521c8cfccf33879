/** `log` is for people. A longer text is a programming mistake. */
const MAX_LOG_CHARACTERS = 1 << 16;

/** The text of a response's `log`: valid Unicode, cut if it is too long. */
export function toLog(text: string): string {
  const isWhole = text.length <= MAX_LOG_CHARACTERS;
  const log = isWhole ? text : `${text.slice(0, MAX_LOG_CHARACTERS)}… (${text.length} characters)`;
  // Names from a body may contain lone surrogates.
  return log.toWellFormed();
}
