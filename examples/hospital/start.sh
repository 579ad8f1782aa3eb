#!/usr/bin/env bash
# start.sh FOLDER: an archive (Orthanc) and a node beside it, over TLS, for this machine alone.
# Needs the Debian packages orthanc, orthanc-dicomweb and openssl, and breast-us-seg[node]; the
# variable NODE names another command than `breast-us-seg node`. Ctrl+C ends both.
set -euo pipefail
umask 077
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=${1:?expected a folder for images and settings, as in start.sh hospital}
read -r -a node <<<"${NODE:-breast-us-seg node}"
mkdir -p "$folder/orthanc.d" "$folder/orthanc"
cd "$folder"
for name in node.toml route.lua; do
  [ -e "$name" ] || cp "$here/$name" "$name"
done
[ -e orthanc.d/orthanc.json ] || cp "$here/orthanc.json" orthanc.d/
if [ ! -e certificate.pem ]; then
  openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=hospital \
    -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out certificate.pem 2>/dev/null
fi
if [ ! -e password ]; then
  openssl rand -hex 16 >password
  printf '{"RegisteredUsers": {"hospital": "%s"}}\n' "$(cat password)" >orthanc.d/users.json
fi

stop() {
  trap - EXIT INT TERM
  kill "${pids[@]}" 2>/dev/null || true
  wait "${pids[@]}" 2>/dev/null || true
}
pids=()
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Each is started again when it ends, as systemd does.
keep_running() {
  trap 'kill "$child" 2>/dev/null; wait "$child"; exit' TERM
  while :; do
    "$@" &
    child=$!
    wait "$child" || true
    sleep 1
  done
}
keep_running Orthanc orthanc.d >>orthanc.log 2>&1 &
pids+=($!)
keep_running "${node[@]}" node.toml >>node.log 2>&1 &
pids+=($!)
echo "archive at http://127.0.0.1:8042 (user hospital, password in $folder/password)"
echo "node at 127.0.0.1, port 11112; its log is $folder/node.log"
wait
