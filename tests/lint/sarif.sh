#!/usr/bin/env bash
# What `audit --format sarif` writes, against the schema of SARIF 2.1.0: with findings and without, with what is
# allowed, and with what could not be read.
#
#   tests/lint/sarif.sh CHECK-JSONSCHEMA DOCKWRIGHT
set -euo pipefail
cd "$(dirname "$0")/../.."
check=$1 dockwright=$2

manifest=tests/lint/sarif/Cargo.toml
cargo fetch --quiet --locked --manifest-path "$manifest"
schema=$(cargo metadata --format-version 1 --locked --offline --manifest-path "$manifest" | python3 -c '
import json, pathlib, sys
packages = json.load(sys.stdin)["packages"]
[own] = [own["manifest_path"] for own in packages if own["name"] == "serde-sarif"]
print(pathlib.Path(own).parent / "src/schema.json")')

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r tests/seeds/broker-evicts "$work/allowed"
sed -i 's/^    command: .redis-server/    # dockwright: ignore CO117 the snippet shows it\n&/' "$work/allowed/compose.yaml"
printf '\xff\xfe' >"$work/allowed/Dockerfile"

report() {
    "$dockwright" audit --format sarif --level style --fail-on never "${@:2}" >"$work/$1.sarif" 2>"$work/$1.err" || true
}
report findings tests/seeds/* tests/rules/*/fails
report none examples/*
report allowed "$work/allowed"
report missing "$work/nothing-there" tests/seeds/version
# One pattern of the schema has a bracket that is no regular expression of JavaScript's unicode mode.
validate() { "$check" --regex-variant nonunicode --schemafile "$schema" "$@"; }
validate "$work"/*.sarif >"$work/verdict" || { cat "$work/verdict" >&2 && exit 1; }

# What the reports are for is in them, and a fault is found.
python3 - "$work" <<'EOF'
import json, pathlib, sys

work = pathlib.Path(sys.argv[1])
runs = {path.stem: json.loads(path.read_text())["runs"][0] for path in work.glob("*.sarif")}
results = {name: run["results"] for name, run in runs.items()}
assert len(results["findings"]) > 100 and not results["none"], "findings, and none"
assert any("relatedLocations" in own for own in results["findings"]), "other places"
fixes = [fix for own in results["findings"] for fix in own.get("fixes", [])]
assert fixes and all(fix["artifactChanges"] for fix in fixes), "what would mend it"
assert any("suppressions" in own for own in results["allowed"]), "what is allowed"
assert runs["missing"]["invocations"][0]["toolExecutionNotifications"], "what failed"
fault = json.loads((work / "allowed.sarif").read_text())
del fault["runs"][0]["results"][0]["message"]
(work / "fault.sarif").write_text(json.dumps(fault))
EOF
if validate "$work/fault.sarif" >"$work/verdict"; then
    echo "lint: a result without a message is valid SARIF" >&2
    exit 1
fi
