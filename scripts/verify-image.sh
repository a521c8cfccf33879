#!/usr/bin/env bash
# Proves the production image with the container engine: what it holds, that it runs as docker-compose.yml runs it, within
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
  local key
  for key in title description licenses source; do
    [ -n "$(label "$key")" ] || fail "its label $key is empty"
  done
  [ "$(label version)" = "$(node -p "require('./package.json').version")" ] || fail 'its label version is not that of package.json'
  [[ $(label revision) =~ ^[0-9a-f]{40}$ ]] || fail 'its label revision is not that of a commit'
  [[ $(label source) =~ ^(https?://[^@]+|unknown)$ ]] || fail 'its label source is no address'
}

dev_packages() {
  node -p "Object.entries(require('./package-lock.json').packages).filter(([, p]) => p.dev || p.devOptional).map(([path]) => path).join('\n')"
}

list_files() {
  docker create --name "$name" --network=host "$image" >/dev/null
  docker export "$name" | tar t >"$scratch/files"
  docker rm "$name" >/dev/null
}
holds() { grep -qE "$1" "$scratch/files"; }

check_content() {
  local size base dev
  size=$(docker image inspect -f '{{.Size}}' "$image")
  base=$(docker image inspect -f '{{.Size}}' node:24-bookworm-slim)
  [ $((size - base)) -le 60000000 ] || fail "it is $((size - base)) bytes over its base, more than 60 MB"

  list_files
  dev=$(comm -12 <(dev_packages | sed 's,.*,app/&/,' | sort) <(sort "$scratch/files"))
  [ -z "$dev" ] || fail "it holds dev dependencies: $dev"
  ! holds '^app/(src/|test/|.*\.(ts|map)$)' || fail 'it holds sources'
  ! holds '^(root|home/node)/\.npm/' || fail 'it holds an npm cache'
  ! holds '^usr/local/(bin/(npm|npx|yarn|pnpm|corepack)$|lib/node_modules/)' || fail 'it holds a package manager'
  holds '^app/dist/common/frame/kernel/kernel\.wasm$' || fail 'it has no kernel'
  holds '^app/dist/assets/modules/playground/page/playground\.js$' && holds '^app/node_modules/uplot/dist/uPlot\.esm\.js$' || fail 'it has no playground'
}

check_user() {
  [ "$(docker run --rm --network=host --entrypoint id "$image" -un)" = node ] || fail 'it runs as root'
}

has_ended() { [ "$(state Running)" = false ]; }
ready_or_ended() { call ready || has_ended; }

# As docker-compose.yml does it, with less memory, and a health check that is quicker than a minute.
start() {
  docker rm -f "$name" >/dev/null 2>&1 || true
  docker run -d --name "$name" --network=host --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \
    --memory 256m --memory-swap 256m --pids-limit 64 --health-interval 1s --health-retries 2 --health-start-period 1s \
    -e PORT="$port" -e HOST=127.0.0.1 "$image" >/dev/null
  eventually 60 ready_or_ended && call ready || fail 'it does not get ready read-only, without capabilities, with 64 pids'
}

check_answers() {
  local right=true
  call sample || fail 'the sample is not answered as recorded'
  call million || right=false
  [ "$(state OOMKilled)" = false ] || fail '1,000,000 rows do not fit in 256 MiB'
  $right || fail '1,000,000 rows are not answered right'
}

is_health() { [ "$(state Health.Status)" = "$1" ]; }

check_health() {
  eventually 80 is_health healthy || fail 'its health check does not turn healthy'
  docker kill --signal STOP "$name" >/dev/null
  eventually 80 is_health unhealthy || fail 'its health check does not turn unhealthy when the process is stopped'
  docker kill --signal CONT "$name" >/dev/null
  eventually 80 is_health healthy || fail 'its health check does not turn healthy again'
}

check_end() {
  call terminated || fail 'SIGTERM spoils a request that is in flight'
  eventually 60 has_ended || fail 'SIGTERM does not end it'
  [ "$(state ExitCode)" = 0 ] || fail "SIGTERM ends it with $(state ExitCode)"
}

check_wrong_configuration() {
  local said status=0
  said=$(timeout 30 docker run --rm --name "$name-wrong" --network=host -e PORT=none "$image" 2>&1) || status=$?
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
check_user
check_wrong_configuration
start
check_answers
check_health
check_end
echo 'the image is proven: labels, content, user, responses and memory, health and end'
if [ $# = 0 ]; then
  check_development
  echo 'the development target picks a change up'
fi
