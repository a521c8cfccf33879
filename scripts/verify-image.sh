#!/usr/bin/env bash
# Builds the production image with the engine that answers, runs it as docker-compose.yml does, calls it and stops it.
set -euo pipefail
cd "$(dirname "$0")/.."

image=kasem-time-series:verify
name=kasem-verify-$$
port=$((20000 + RANDOM % 10000))

fail() {
  echo "verify-image: $1" >&2
  docker logs "$name" >&2 2>/dev/null || true
  exit 1
}
trap 'docker rm -f "$name" >/dev/null 2>&1 || true' EXIT

# The host's network, so that engines without a bridge can build and run as well.
docker build --network=host --target production -t "$image" \
  --build-arg VERSION="$(node -p "require('./package.json').version")" --build-arg REVISION="$(git rev-parse HEAD)" .

size() { docker image inspect -f '{{.Size}}' "$1"; }
over=$(($(size "$image") - $(size node:24-bookworm-slim)))
[ "$over" -le 60000000 ] || fail "it is $over bytes over its base, more than 60 MB"

[ "$(docker run --rm --network=host "$image" id -un)" = node ] || fail 'it runs as root'
docker run --rm --network=host "$image" sh -c 'test ! -e node_modules/typescript && test ! -e src && test ! -e node_modules/jest' ||
  fail 'it holds dev dependencies or sources'

[ -z "$(docker run --rm --network=host "$image" find . -name '*.ts' -o -name '*.map')" ] || fail 'it holds *.ts or *.map files'
docker run --rm --network=host --user 0 "$image" sh -c 'test ! -e /root/.npm && test ! -e /home/node/.npm' || fail 'it holds an npm cache'

docker run --rm --network=host "$image" test -s dist/common/frame/kernel/kernel.wasm || fail 'it has no kernel'

docker run --rm --network=host "$image" test -s dist/assets/browser/index.html -a -s dist/assets/browser/playground.js -a -s node_modules/uplot/dist/uPlot.esm.js ||
  fail 'it has no playground'

docker run -d --name "$name" --network=host --read-only --tmpfs /tmp --cap-drop ALL \
  --security-opt no-new-privileges --memory 256m --memory-swap 256m --pids-limit 64 -e PORT="$port" -e HOST=127.0.0.1 "$image" >/dev/null

for _ in $(seq 50); do
  node -e "fetch('http://127.0.0.1:$port/health/ready').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))" && break
  sleep 0.2
done

node --input-type=module - "$port" <<'CALL' || fail 'the sample is not answered as recorded'
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
const response = await fetch(`http://127.0.0.1:${process.argv[2]}/method`, {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: readFileSync('test/fixtures/sample.request.json'),
});
const { scalar, error } = await response.json();
assert.equal(error, 0);
assert.deepEqual(scalar, JSON.parse(readFileSync('test/fixtures/sample.answer.json', 'utf8')).scalar);
CALL

docker stop -t 20 "$name" >/dev/null
status=$(docker inspect -f '{{.State.ExitCode}}' "$name")
[ "$status" = 0 ] || fail "SIGTERM ended it with $status"

if docker run --rm --network=host -e PORT=none "$image" >/dev/null 2>&1; then fail 'a wrong configuration starts'; fi
echo 'the image is built, runs read-only without capabilities, answers the sample and ends with exit code 0'
