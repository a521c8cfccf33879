#!/usr/bin/env bash
# Checks the content of the production image, runs it with the restrictions of docker-compose.yml in 256 MiB and 64 pids, and
# checks how it ends. Without IMAGE it builds the image, and checks the development target too.
#   test/container/verify-image.sh [IMAGE]
# SOURCE is the URL of the sources for the image's label. The default is git's remote, if it is public.
set -euo pipefail
cd "$(dirname "$0")/../.."

image=${1:-kasem-time-series:verify}
name=kasem-verify-$$
port=$((20000 + RANDOM % 10000))
version=$(node -p "require('./package.json').version")

fail() {
  echo "verify-image: $1" >&2
  docker logs --tail 20 "$name" >&2 2>/dev/null || true
  exit 1
}
scratch=$(mktemp -d)
trap 'docker rm -f "$name" "$name-wrong" >/dev/null 2>&1; rm -rf "$scratch"' EXIT

# Uses the host's network, so that engines without a bridge can build and run too.
build() {
  local source=${SOURCE:-$(git remote get-url origin 2>/dev/null || true)}
  # A label must not show a user name or a password.
  [[ $source =~ ^https?://[^@]+$ ]] || source=unknown
  docker build --network=host --target "$1" -t "$2" --build-arg VERSION="$version" \
    --build-arg REVISION="$(git rev-parse HEAD)" --build-arg SOURCE="$source" .
}

state() { docker inspect -f "{{.State.$1}}" "$name"; }
label() { docker image inspect -f "{{index .Config.Labels \"org.opencontainers.image.$1\"}}" "$image"; }

is_ready() { curl --silent --fail "http://127.0.0.1:$port/health/ready" >/dev/null; }
has_ended() { [ "$(state Running)" = false ]; }
is_health() { [ "$(state Health.Status)" = "$1" ]; }
# Posts the body $1, and compares the response with the recorded one in $2.
call() { node bin/kasem.js call "http://127.0.0.1:$port/method" "$1" --expect "$2" >"$scratch/call" || { cat "$scratch/call" >&2; return 1; }; }
call_sample() { call test/fixtures/sample.request.json test/fixtures/sample.response.json; }

# Tries a command twice a second, at most $1 times.
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
  for key in title description licenses; do
    [ -n "$(label "$key")" ] || fail "its label $key is empty"
  done
  [ "$(label version)" = "$version" ] || fail 'its label version is not that of package.json'
  [[ $(label revision) =~ ^[0-9a-f]{40}$ ]] || fail 'its label revision is not that of a commit'
  [[ $(label source) =~ ^(https?://[^@]+|unknown)$ ]] || fail 'its label source is no address'
}

dev_packages() {
  node -p "Object.entries(require('./package-lock.json').packages).filter(([, p]) => p.dev || p.devOptional).map(([path]) => path).join('\n')"
}

holds() { grep -qE "$1" "$scratch/files"; }

check_content() {
  local size base dev
  size=$(docker image inspect -f '{{.Size}}' "$image")
  base=$(docker image inspect -f '{{.Size}}' node:24-bookworm-slim)
  [ $((size - base)) -le 60000000 ] || fail "it is $((size - base)) bytes over its base, more than 60 MB"

  docker create --name "$name" --network=host "$image" >/dev/null
  docker export "$name" | tar t >"$scratch/files"
  docker rm "$name" >/dev/null
  dev=$(comm -12 <(dev_packages | sed 's,.*,app/&/,' | sort) <(sort "$scratch/files"))
  [ -z "$dev" ] || fail "it holds dev dependencies: $dev"
  # Kept, because the playground shows this example.
  sed -i '/^app\/examples\/send\.ts$/d' "$scratch/files"
  ! holds '^app/(src/|test/|.*\.(ts|map)$)' || fail 'it holds sources'
  ! holds '^(root|home/node)/\.npm/' || fail 'it holds an npm cache'
  ! holds '^usr/local/(bin/(npm|npx|yarn|pnpm|corepack)$|lib/node_modules/)' || fail 'it holds a package manager'
  holds '^app/dist/common/frame/kernel/kernel\.wasm$' || fail 'it has no kernel'
  holds '^app/dist/assets/modules/playground/page/playground\.js$' && holds '^app/node_modules/uplot/dist/uPlot\.esm\.js$' || fail 'it has no playground'
  [ "$(docker run --rm --network=host --entrypoint id "$image" -un)" = node ] || fail 'it runs as root'
}

ready_or_ended() { is_ready || has_ended; }

# Like docker-compose.yml, with less memory and a faster health check.
start() {
  docker run -d --name "$name" --network=host --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \
    --memory 256m --memory-swap 256m --pids-limit 64 --health-interval 1s --health-retries 2 --health-start-period 1s \
    -e PORT="$port" -e HOST=127.0.0.1 "$image" >/dev/null
  eventually 60 ready_or_ended && is_ready || fail 'it does not get ready read-only, without capabilities, with 64 pids'
}

check_responses() {
  call_sample || fail 'the sample gets another response than the recorded one'
  node -e "import('./bench/bodies.mjs').then(({ writeBody }) => writeBody('$scratch/million', 1_000_000))"
  call "$scratch/million" "$scratch/million.expected" || fail "1,000,000 rows get no right response; OOMKilled: $(state OOMKilled)"
}

check_health() {
  eventually 80 is_health healthy || fail 'its health check does not turn healthy'
  docker kill --signal STOP "$name" >/dev/null
  eventually 80 is_health unhealthy || fail 'its health check does not turn unhealthy when the process is stopped'
  docker kill --signal CONT "$name" >/dev/null
  eventually 80 is_health healthy || fail 'its health check does not turn healthy again'
}

# Sends half of the body, then SIGTERM, then the rest.
terminated_body() {
  head -c 25000000 "$scratch/million"
  sleep 0.5
  docker kill --signal TERM "$name" >/dev/null
  sleep 1
  tail -c +25000001 "$scratch/million"
}

check_end() {
  terminated_body | call - "$scratch/million.expected" || fail 'SIGTERM spoils a request that is in flight'
  eventually 60 has_ended || fail 'SIGTERM does not end it'
  [ "$(state ExitCode)" = 0 ] || fail "SIGTERM ends it with $(state ExitCode)"
}

check_wrong_configuration() {
  local said status=0
  said=$(timeout 30 docker run --rm --name "$name-wrong" --network=host -e PORT=none "$image" 2>&1) || status=$?
  [ "$status" = 1 ] && [[ $said =~ ^PORT[^$'\n']*none[^$'\n']*$ ]] ||
    fail "a wrong configuration does not end it with 1 and one line that names it, but with $status: $said"
}

# Starts the development target with a fault in the sources, then fixes it.
check_development() {
  build development kasem-time-series:development
  cp -r src "$scratch/src"
  sed -i 's/scale \* both/-scale * both/' "$scratch/src/modules/time-series/sum.ts"
  docker rm -f "$name" >/dev/null
  docker run -d --name "$name" --network=host -v "$scratch/src:/app/src" -e PORT="$port" -e HOST=127.0.0.1 \
    kasem-time-series:development >/dev/null
  eventually 120 is_ready || fail 'the development target does not get ready'
  if call_sample 2>/dev/null; then fail 'the development target does not run the sources that are mounted'; fi
  cp src/modules/time-series/sum.ts "$scratch/src/modules/time-series/sum.ts"
  eventually 60 call_sample || fail 'the development target does not pick a change up'
}

[ $# = 1 ] || build production "$image"
check_labels
check_content
check_wrong_configuration
start
check_responses
check_health
check_end
echo 'the image is right: labels, content, user, responses and memory, health and end'
if [ $# = 0 ]; then
  check_development
  echo 'the development target picks a change up'
fi
