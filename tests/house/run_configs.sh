#!/bin/sh
# run_configs.sh PROCGRAPH FOLDER: every example in FOLDER does what its first line says, or it is no example.
# The first line may say "Exit code N": the run must end with that; or "Runs until stopped": then it is only checked.
set -u
procgraph=$1
folder=$(mktemp -d) || exit 1 # some write beside themselves
trap 'rm -rf "$folder"' EXIT
cp "$2"/* "$folder" || exit 1
total=0 failed=0
for config in "$folder"/*.yaml; do
  IFS= read -r first <"$config"
  verb=run expected=0
  case $first in
    *"uns until stopped"*) verb=check ;;
    *"xit code "*) expected=${first##*xit code } expected=${expected%%[!0-9]*} ;;
  esac
  total=$((total + 1))
  output=$("$procgraph" "$verb" "$config" 2>&1 </dev/null)
  code=$?
  [ "$code" = "$expected" ] && continue
  failed=$((failed + 1))
  printf '%s: %s ended with %s, not %s; it said:\n%s\n' "$config" "$verb" "$code" "$expected" "$output"
done
echo "$total examples, $failed failed"
[ "$total" -gt 0 ] && [ "$failed" -eq 0 ]
