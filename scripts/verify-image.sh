#!/usr/bin/env bash
# Proves the production image with the engine that answers: what it holds, that it runs as docker-compose.yml runs it, within
# 256 MiB and 64 pids, and how it ends. Builds it, or takes one that is there:
#   scripts/verify-image.sh [IMAGE]
# SOURCE is the address of the sources for the image's label; the remote's where it is a public one.
set -euo pipefail
cd "$(dirname "$0")/.."

image=${1:-kasem-time-series:verify}
name=kasem-verify-$$
port=$((20000 + RANDOM % 10000))

fail() {
  echo "verify-image: $1" >&2
  docker logs --tail 20 "$name" >&2 2>/dev/null || true
  exit 1
}
scratch=$(mktemp -d)
trap 'docker rm -f "$name" >/dev/null 2>&1; rm -rf "$scratch"' EXIT

# The host's network, so that engines without a bridge can build and run as well.
build() {
  docker build --network=host --target "$1" -t "$2" --build-arg VERSION="$(node -p "require('./package.json').version")" \
    --build-arg REVISION="$(git rev-parse HEAD)" --build-arg SOURCE="$(source_address)" .
}

# An address with a name and a password in it is nothing for a label.
source_address() {
  local remote=${SOURCE:-$(git remote get-url origin 2>/dev/null || true)}
  if [[ $remote =~ ^https?://[^@]+$ ]]; then echo "$remote"; else echo unknown; fi
}

look() { docker run --rm --network=host --entrypoint "" "$image" "$@"; }
call() { node scripts/call-image.mjs "$1" "$port" "$name"; }
state() { docker inspect -f "{{.State.$1}}" "$name"; }
label() { docker image inspect -f "{{index .Config.Labels \"org.opencontainers.image.$1\"}}" "$image"; }

# Tries a command twice a second, as often as the first argument says.
eventually() {
  local tries=$1
  shift
  for _ in $(seq "$tries"); do
    "$@" 2>/dev/null && return
    sleep 0.5
  done
  return 1
}

check_labels() {
  local name
  for name in title description licenses source; do
    [ -n "$(label "$name")" ] || fail "its label $name is empty"
  done
  [ "$(label version)" = "$(node -p "require('./package.json').version")" ] || fail 'its label version is not that of package.json'
  [[ $(label revision) =~ ^[0-9a-f]{40}$ ]] || fail 'its label revision is not that of a commit'
  [[ $(label source) =~ ^(https?://[^@]+|unknown)$ ]] || fail 'its label source is no address'
}

dev_packages() {
  node -p "Object.entries(require('./package-lock.json').packages).filter(([, p]) => p.dev || p.devOptional).map(([path]) => path).join('\n')"
}

check_content() {
  local size base dev
  size=$(docker image inspect -f '{{.Size}}' "$image")
  base=$(docker image inspect -f '{{.Size}}' node:24-bookworm-slim)
  [ $((size - base)) -le 60000000 ] || fail "it is $((size - base)) bytes over its base, more than 60 MB"

  [ "$(look id -un)" = node ] || fail 'it runs as root'
  dev=$(comm -12 <(dev_packages | sort) <(look find node_modules -type d | sort))
  [ -z "$dev" ] || fail "it holds dev dependencies: $dev"
  [ -z "$(look find . '(' -name '*.ts' -o -name '*.map' -o -path ./src -o -path ./test ')')" ] || fail 'it holds sources'
  look test -s dist/common/frame/kernel/kernel.wasm || fail 'it has no kernel'
  docker run --rm --network=host --user 0 --entrypoint "" "$image" sh -c 'test ! -e /root/.npm && test ! -e /home/node/.npm' ||
    fail 'it holds an npm cache'
  ! look sh -c 'command -v npm || command -v npx || command -v yarn || command -v corepack' >/dev/null || fail 'it holds a package manager'
}

# As docker-compose.yml does it, with less memory, and a health check that is quicker than a minute.
start() {
  docker rm -f "$name" >/dev/null 2>&1 || true
  docker run -d --name "$name" --network=host --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \
    --memory 256m --memory-swap 256m --pids-limit 64 --health-interval 1s --health-retries 2 --health-start-period 1s \
    -e PORT="$port" -e HOST=127.0.0.1 "$image" >/dev/null
  eventually 20 call ready || fail 'it does not get ready read-only, without capabilities, with 64 pids'
}

check_answers() {
  call sample || fail 'the sample is not answered as recorded'
  call million || fail "1,000,000 rows are not answered right within 256 MiB (killed for memory: $(state OOMKilled))"
  [ "$(state OOMKilled)" = false ] || fail 'a process of it was killed for want of memory'
}

is_health() { [ "$(state Health.Status)" = "$1" ]; }

check_health() {
  eventually 40 is_health healthy || fail 'its health check does not turn healthy'
  docker kill --signal STOP "$name" >/dev/null
  eventually 60 is_health unhealthy || fail 'its health check does not turn unhealthy when the process is stopped'
  docker kill --signal CONT "$name" >/dev/null
  eventually 60 is_health healthy || fail 'its health check does not turn healthy again'
}

check_end() {
  call terminated || fail 'SIGTERM spoils a request that is in flight'
  eventually 50 test "$(state Running)" = false || fail 'SIGTERM does not end it'
  [ "$(state ExitCode)" = 0 ] || fail "SIGTERM ends it with $(state ExitCode)"
}

check_wrong_configuration() {
  local said status=0
  said=$(timeout 20 docker run --rm --name "$name-wrong" --network=host -e PORT=none "$image" 2>&1) || status=$?
  docker rm -f "$name-wrong" >/dev/null 2>&1 || true
  [ "$status" = 1 ] && [[ $said =~ ^PORT[^$'\n']*none[^$'\n']*$ ]] ||
    fail "a wrong configuration does not end it with 1 and one line that names it, but with $status: $said"
}

# Starts the development target on sources with a fault, and mends them.
check_development() {
  build development kasem-time-series:development
  cp -r src "$scratch/src"
  sed -i 's/scale \* both/-scale * both/' "$scratch/src/modules/time-series/sum.ts"
  docker rm -f "$name" >/dev/null
  docker run -d --name "$name" --network=host -v "$scratch/src:/app/src" -e PORT="$port" -e HOST=127.0.0.1 \
    kasem-time-series:development >/dev/null
  eventually 120 call ready || fail 'the development target does not get ready'
  if call sample 2>/dev/null; then fail 'the development target does not run the sources that are mounted'; fi
  cp src/modules/time-series/sum.ts "$scratch/src/modules/time-series/sum.ts"
  eventually 60 call sample || fail 'the development target does not pick a change up'
}

[ $# = 1 ] || build production "$image"
check_labels
check_content
check_wrong_configuration
start
check_answers
check_health
check_end
[ $# = 1 ] || check_development
echo 'the image is proven: labels, content, answers and memory, health, end, and the development target'
