#!/bin/sh
# Asks shop what a load balancer would ask. Fails if an answer is not 200.
set -eu

base=${1:-http://localhost:8080}

for path in /health /ready; do
    curl --fail --silent --max-time 5 --output /dev/null "$base$path"
done
