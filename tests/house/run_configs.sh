#!/bin/sh
# run_configs.sh PROCGRAPH NODES CONFIG…: every example does what its first line says, or it is no example.
# The first line may say "(fails with N)": the run must end with that code; "(runs until stopped)": it is only checked.
set -u
procgraph=$1 nodes=$2
shift 2
failed=0
for config in "$@"; do
  IFS= read -r first <"$config"
  verb=run expected=0
  case $first in
    *"(runs until stopped)"*) verb=check ;;
    *"(fails with "*) expected=${first##*(fails with } expected=${expected%%)*} ;;
  esac
  output=$("$procgraph" "$verb" --nodes "$nodes" "$config" 2>&1 </dev/null)
  code=$?
  [ "$code" = "$expected" ] && continue
  failed=$((failed + 1))
  printf '%s: %s gave %s, not %s\n%s\n' "$config" "$verb" "$code" "$expected" "$output"
done
exit "$((failed > 0))"
