/** Version, trace id, parent id, flags, and what a later version adds: https://www.w3.org/TR/trace-context/#traceparent-header. */
const TRACEPARENT = /^(?!ff)([\da-f]{2})-(?!0{32})([\da-f]{32})-(?!0{16})[\da-f]{16}-[\da-f]{2}(-.*)?$/;

/** The trace id in `traceparent`; undefined if the header is missing or invalid. */
export function traceIdOf(traceparent: string | string[] | undefined): string | undefined {
  const [, version, traceId, rest] = TRACEPARENT.exec(String(traceparent)) ?? [];
  return version === '00' && rest !== undefined ? undefined : traceId;
}
