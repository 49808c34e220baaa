#!/bin/bash
# Succeeds where the guarded port is as it should be from here: "reachable" or "blocked". The open port of the same listener
# must answer in the same breath: a port is not blocked because nobody listens, or because its name does not resolve.
expected=$1 listener=$2 guarded=$3 open=$4
ask() { curl --silent --output /dev/null --max-time 1 "http://$listener:$1/"; }

ask "$open" || { echo "$listener:$open, open to everybody, does not answer (curl: $?)"; exit 1; }
ask "$guarded"
case $expected/$? in
  reachable/0) ;;
  blocked/7 | blocked/28) ;; # refused, or lost without a word
  reachable/*) echo "$listener:$guarded does not answer, though a NetworkPolicy allows it"; exit 1 ;;
  *) echo "$listener:$guarded is not blocked, though no NetworkPolicy allows it"; exit 1 ;;
esac
