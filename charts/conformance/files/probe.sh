#!/bin/bash
# Succeeds where the guarded port of every listener is as it should be from here: "reachable" or "blocked". The open port of the
# same listener must answer in the same breath: a port is not blocked because nobody listens. There must be as many listeners as
# there are nodes: each node enforces what its own pods may be sent.
expected=$1 wanted=$2 name=$3 guarded=$4 open=$5
ask() { curl --silent --output /dev/null --max-time 1 "http://$1/"; }

mapfile -t listeners < <(getent ahostsv4 "$name" | awk '$2 == "STREAM" { print $1 }')
((${#listeners[@]} >= wanted)) || { echo "$name names ${#listeners[@]} listeners, $wanted are expected"; exit 1; }
for listener in "${listeners[@]}"; do
  ask "$listener:$open" || { echo "$listener:$open, open to everybody, does not answer (curl: $?)"; exit 1; }
  ask "$listener:$guarded"
  case $expected/$? in
    reachable/0) ;;
    blocked/7 | blocked/28) ;; # refused, or lost without a word
    reachable/*) echo "$listener:$guarded does not answer, though a NetworkPolicy allows it"; exit 1 ;;
    *) echo "$listener:$guarded is not blocked, though no NetworkPolicy allows it"; exit 1 ;;
  esac
done
