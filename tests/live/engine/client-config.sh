#!/usr/bin/env bash
# Writes the configuration of the unpacked client: where its plugins are, and the host's proxy for containers.
# Takes: HTTP_PROXY, HTTPS_PROXY, NO_PROXY (or in lower case), $LIVE_ENGINE. Gives: $LIVE_CONFIG.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

mkdir -p "$LIVE_CONFIG/cli-plugins"
for plugin in docker-compose docker-buildx; do
  ln -sfn "$LIVE_ENGINE/usr/libexec/docker/cli-plugins/$plugin" "$LIVE_CONFIG/cli-plugins/$plugin"
done

# The client hands these to every build and container. A proxy on the host's loopback is out of their reach.
http=${http_proxy:-${HTTP_PROXY:-}}
https=${https_proxy:-${HTTPS_PROXY:-}}
none=${no_proxy:-${NO_PROXY:-localhost,127.0.0.1}}
if [[ -n $http$https ]]; then
  printf '{"proxies": {"default": {"httpProxy": "%s", "httpsProxy": "%s", "noProxy": "%s"}}}\n' \
    "$http" "$https" "$none" >"$LIVE_CONFIG/config.json"
else
  printf '{}\n' >"$LIVE_CONFIG/config.json"
fi
