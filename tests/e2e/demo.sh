#!/usr/bin/env bash
# The whole loop on one machine: validate, dry-run, sync, edit, sync, status, explain; then
# devices that fetch a model.
# Runs in a temporary clone with a local IoT Hub of its own; leaves nothing behind.
set -euo pipefail
set -m # background jobs get SIGINT, and stop what they started

here=$(git rev-parse --show-toplevel)
work=$(mktemp -d)
port=${EDGEOPS_HTTPS_PORT:-$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')}
export EDGEOPS_HTTPS_PORT=$port
# Microsoft's device SDK can only use this MQTT port: without it there is a hub, but no devices.
python3 -c 'import socket; socket.create_server(("127.0.0.1", 8883)).close()' 2> /dev/null || EDGEOPS_MQTT_PORT=0
export EDGEOPS_MQTT_PORT=${EDGEOPS_MQTT_PORT:-8883}
hub= devices=
stop() {
  for process in $devices $hub; do kill -INT "$process" && wait "$process" || true; done 2> /dev/null
  rm -rf "$work"
}
trap stop EXIT

if [ -t 1 ]; then bold=$(tput bold) dim=$(tput dim) plain=$(tput sgr0); else bold='' dim='' plain=''; fi
say() { printf '\n%s# %s%s\n' "$dim" "$1" "$plain"; }
run() { printf '%s$ %s%s\n' "$bold" "$*" "$plain"; "$@"; }
# a command whose exit code is the point
expect() {
  local want=$1 got=0
  shift
  printf '%s$ %s%s\n' "$bold" "$*" "$plain"
  "$@" || got=$?
  printf '%s(exit code %s)%s\n' "$dim" "$got" "$plain"
  [ "$got" = "$want" ] || { echo "demo: expected exit code $want" >&2; exit 1; }
}

git clone --quiet "$here" "$work/fleet-repo"
cd "$work/fleet-repo"

say "A fleet is a folder of YAML. Is it valid?"
run edgeops validate

say "A local IoT Hub emulator, for this demo; for Azure you would add --hub production."
edgeops hub serve > "$work/hub.log" 2>&1 &
hub=$!
for _ in $(seq 100); do [ ! -f .edgeops/hub.json ] || break; sleep 0.1; done
cat "$work/hub.log"

say "What would a sync do?"
run edgeops sync --dry-run
say "Do it. (The same plan again, then the outcome.)"
printf '%s$ edgeops sync%s\n' "$bold" "$plain"
edgeops sync | tail -n 1
say "Again: nothing to do, and nothing is written."
expect 0 edgeops sync --dry-run --detailed-exitcode

say "A change is a commit: one device reports more often."
echo '  desired: {reportingIntervalSeconds: 30}' >> fleet/devices/queen-street-210.yaml
run git --no-pager diff -U0 --no-color fleet
git -c user.name=demo -c user.email=demo@example.invalid commit --quiet -am "queen-street-210 reports every 30 s"
expect 2 edgeops sync --dry-run --detailed-exitcode
run edgeops sync

say "The status of the fleet: no device has connected yet, so none can be healthy."
run edgeops status

say "Where does a value come from?"
run edgeops explain queen-street-210 /desired

if [ "$EDGEOPS_MQTT_PORT" = 0 ]; then
  say "Devices are skipped: something else has port 8883 (another local hub?)."
  exit
fi
say "The published models, and which devices run them. Their files are small enough for git."
run edgeops model list
say "Promotion is one line in git, edited here and reviewed like any other change."
run edgeops model promote street-24h@1.1.0 --to half
git -c user.name=demo -c user.email=demo@example.invalid commit --quiet -am "half: street-24h 1.1.0"
printf '%s$ edgeops sync%s\n' "$bold" "$plain"
edgeops sync | tail -n 1

say "A module that is not one of edgeops: it counts people. A route takes its counts to the forecaster."
python "$here/tests/e2e/demo_history.py" "$work/history.csv"
cat > fleet/modules/people_counter.yaml << EOF
apiVersion: edgeops/v1
kind: Module
metadata: {name: people_counter}
spec:
  image: registry.example/people-counter:1.0.0
  env: {COUNTS_CSV: $work/history.csv}
  routes:
    counts: >-
      FROM /messages/modules/people_counter/outputs/counts
      INTO BrokeredEndpoint("/modules/forecaster/inputs/observations")
EOF
sed -i 's/^      forecaster: {}/&\n      people_counter: {}/' fleet/fleet.yaml
run git --no-pager diff -U0 --no-color fleet/fleet.yaml
git add fleet
git -c user.name=demo -c user.email=demo@example.invalid commit --quiet -m "Every device counts people"
printf '%s$ edgeops sync%s\n' "$bold" "$plain"
edgeops sync | tail -n 1

say "Two devices, with Microsoft's device SDK: they fetch the model, verify it, report, and forecast."
printf '%s$ edgeops device run queen-street-210 high-street-2 --program people_counter=people_counter.py%s\n' "$bold" "$plain"
edgeops device run queen-street-210 high-street-2 --program "people_counter=$here/tests/e2e/people_counter.py" &
devices=$!
forecast=
for _ in $(seq 120); do
  forecast=$(edgeops hub events --device queen-street-210 | grep 'output forecasts' | tail -n 1) && break
  kill -0 "$devices" # they are still running
  sleep 0.5
done
run edgeops status --group canary --wait --timeout 60
say "Ctrl-C stops them."
kill -INT "$devices"
wait "$devices" || true
devices=
say "A forecast: pedestrians in 210 Queen Street, hour by hour; 0.1 to 0.9 is the 80 % interval."
printf '%s$ edgeops hub events --device queen-street-210%s\n' "$bold" "$plain"
[ -n "$forecast" ] || { echo "demo: no forecast came" >&2; exit 1; }
sed 's/{.*"firstHour"/{... "firstHour"/; s/"starts.*"quantiles"/... "quantiles"/; s/\(\[\([^,]*, \)\{4\}\)[^]]*/\1.../g' <<< "$forecast"

commit() { git add -A && git -c user.name=demo -c user.email=demo@example.invalid commit --quiet -m "$1"; }
say "Any file can be a model: here, limits of alarms. Releases are signed; this key would be a secret of CI."
run edgeops model key "$work/releases.pem" --public keys/releases.pub
echo '{"peoplePerHour": 900}' > "$work/limits.json"
run edgeops model publish alarm-limits --file "$work/limits.json" --version 1.0.0 --format json --sign --key "$work/releases.pem"
run edgeops model sign street-24h@1.1.0 --key "$work/releases.pem"
run edgeops model sign crowdedness-24h@1.1.0 --key "$work/releases.pem"
cat > fleet/modules/alarm.yaml << 'EOF'
apiVersion: edgeops/v1
kind: Module
metadata: {name: alarm}
spec:
  image: registry.example/alarm:1.0.0
  storage: [{source: /srv/edgeops/models, target: /models}]
  health: {path: /use/state, good: [ok], digest: /use/sha256, slot: limits}
  routes: {alarms: "FROM /messages/modules/alarm/outputs/* INTO $upstream"}
EOF
sed -i 's/^  modules:/&\n    alarm: {}/' fleet/devices/queen-street-210.yaml
echo '  models: {limits: alarm-limits@1.0.0}' >> fleet/devices/queen-street-210.yaml
sed -i 's/^  hubs:/  trust: {releases: [keys\/releases.pub]}\n&/' fleet/fleet.yaml
run edgeops validate
commit "queen-street-210 has limits; releases are signed"
printf '%s$ edgeops sync%s\n' "$bold" "$plain"
edgeops sync | tail -n 1

say "A device that is given the public key verifies; a module of yours reads the file and has a say in health."
printf '%s$ edgeops device run queen-street-210 --trust keys/releases.pub --program alarm=alarm.py%s\n' "$bold" "$plain"
edgeops device run queen-street-210 --trust keys/releases.pub --program "alarm=$here/tests/e2e/alarm.py" \
  --program "people_counter=$here/tests/e2e/people_counter.py" &
devices=$!
run edgeops status --target queen-street-210 --wait --timeout 60
said=
for _ in $(seq 60); do
  said=$(edgeops hub events --device queen-street-210 | grep 'output alarms' | tail -n 1) && break
  sleep 0.5
done
echo "$said"

say "Somebody changes the file, and takes the check out of git. The device refuses it and keeps what it has."
sed -i 's/version: 1.0.0/version: 1.0.1/' models/alarm-limits/releases/1.0.0.yaml
mv models/alarm-limits/releases/1.0.0.yaml models/alarm-limits/releases/1.0.1.yaml
mv models/alarm-limits/releases/1.0.0 models/alarm-limits/releases/1.0.1
sed -i 's/alarm-limits@1.0.0/alarm-limits@1.0.1/' fleet/devices/queen-street-210.yaml
expect 3 edgeops validate
sed -i '/^  trust:/d' fleet/fleet.yaml
commit "another file"
printf '%s$ edgeops sync%s\n' "$bold" "$plain"
edgeops sync | tail -n 1
for _ in $(seq 60); do
  edgeops status --target queen-street-210 | grep -q Degraded && break
  sleep 0.5
done
run edgeops status --target queen-street-210
edgeops status --target queen-street-210 | grep -q WrongSignature
say "Going back is a plain git revert. Ctrl-C stops the device."
kill -INT "$devices"
wait "$devices" || true
devices=
