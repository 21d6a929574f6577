#!/bin/sh
# Asks shop what a load balancer would ask. Fails if an answer is not 200.
set -eu

base=${1:-http://localhost:8080}

curl --fail --silent --output /dev/null "$base/health"
curl --fail --silent --output /dev/null "$base/ready"
