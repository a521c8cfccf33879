#!/usr/bin/env bash
# Breaks the production image on purpose, one thing at a time, and checks that verify-image.sh refuses each for that very reason.
#   scripts/break-image.sh [IMAGE]     an image that verify-image.sh has built
set -euo pipefail
cd "$(dirname "$0")/.."

image=${1:-kasem-time-series:verify}
passed=0
failed=0
log=$(mktemp)
trap 'docker image rm "$image-broken" >/dev/null 2>&1; rm -f "$log"' EXIT

# The reason that has to be given, and the lines of a Dockerfile that break the image.
broken() {
  local reason=$1 lines=$2
  printf 'FROM %s\nUSER root\n%s\n' "$image" "$lines" | docker build --network=host -q -t "$image-broken" - >/dev/null
  if scripts/verify-image.sh "$image-broken" >"$log" 2>&1; then
    echo "not found: $lines"
  elif grep -qF "verify-image: $reason" "$log"; then
    echo "found: $reason"
    passed=$((passed + 1))
    return
  else
    echo "not refused with \"$reason\": $lines"
    tail -5 "$log"
  fi
  failed=$((failed + 1))
}

user='USER node'

broken 'its label version is not' "LABEL org.opencontainers.image.version=unknown
$user"
broken 'its label revision is not' "LABEL org.opencontainers.image.revision=
$user"
broken 'its label source is no address' "LABEL org.opencontainers.image.source=https://name:secret@example.org
$user"
broken 'its label licenses is empty' "LABEL org.opencontainers.image.licenses=
$user"

broken 'it is' "RUN head -c 60000000 /dev/urandom >/opt/ballast
$user"
broken 'it runs as root' ''
broken 'it holds dev dependencies: app/node_modules/jest/' "RUN mkdir node_modules/jest
$user"
broken 'it holds sources' "RUN touch dist/main.ts
$user"
broken 'it holds an npm cache' "RUN mkdir /root/.npm
$user"
broken 'it holds a package manager' "RUN touch /usr/local/bin/npm && chmod 755 /usr/local/bin/npm
$user"
broken 'it has no kernel' "RUN rm dist/common/frame/kernel/kernel.wasm
$user"

broken 'it has no playground' "RUN rm -r dist/assets/browser
$user"

broken 'a wrong configuration' "$user
CMD [\"sh\", \"-c\", \"if [ \$PORT = none ]; then PORT=0; fi; exec node dist/main.js\"]"
broken 'a wrong configuration' "$user
CMD [\"sh\", \"-c\", \"node dist/main.js || { echo '    at main.js:1:1'; exit 1; }\"]"
broken 'a wrong configuration' "$user
CMD [\"sh\", \"-c\", \"node dist/main.js; exit 0\"]"

# Each of these still refuses a wrong configuration as it should.
starts() { echo "$user
CMD [\"sh\", \"-c\", \"[ \$PORT != none ] || exec node dist/main.js; $1\"]"; }
broken 'it does not get ready' "$(starts 'touch ~/written && exec node dist/main.js')"
broken 'it does not get ready' "$(starts 'exec npm start')"
broken 'it does not get ready' "$(starts 'for i in $(seq 64); do sleep 600 & done; exec node dist/main.js')"
broken 'it does not get ready' "RUN chown root /bin/su && chmod 4755 /bin/su
$(starts 'grep -q NoNewPrivs.*1 /proc/self/status || exec node dist/main.js')"

broken 'the sample is not answered' "RUN sed -i 's/scale \\* both/scale * both * (1 + Number.EPSILON)/' dist/modules/time-series/sum.js
$user"
broken '1,000,000 rows are not answered right' "RUN sed -i 's/scale \\* both/row === 16959 ? scale * both * (1 + Number.EPSILON) : scale * both/' dist/modules/time-series/sum.js
$user"
broken '1,000,000 rows are not answered right' "ENV MAX_BODY_BYTES=10000000
$user"
broken '1,000,000 rows do not fit in 256 MiB' "RUN echo \"require('node:diagnostics_channel').subscribe('http.server.request.start', ({ request }) => { if (request.headers['content-length'] > 1e6) globalThis.kept = Buffer.alloc(2e8, 1); });\" >kept.cjs
$(starts 'exec node -r ./kept.cjs dist/main.js')"

broken 'its health check does not turn healthy' "HEALTHCHECK CMD false
$user"
broken 'its health check does not turn unhealthy' "HEALTHCHECK CMD true
$user"

broken 'SIGTERM spoils' "RUN echo \"process.on('SIGTERM', () => process.exit(0)); import('/app/dist/main.js');\" >cut.mjs
$(starts 'exec node cut.mjs')"
broken 'SIGTERM does not end it' "RUN echo \"const { on } = process; process.on = (name, does) => name === 'SIGTERM' ? process : on.call(process, name, does); import('/app/dist/main.js');\" >deaf.mjs
$(starts 'exec node deaf.mjs')"
broken 'SIGTERM ends it with 3' "RUN echo \"const end = process.exit; process.exit = () => end(3); import('/app/dist/main.js');\" >three.mjs
$(starts 'exec node three.mjs')"

echo "$passed of $((passed + failed)) broken images are refused for what is broken"
[ "$failed" = 0 ]
