#!/usr/bin/env bash
# What `dockwright schema NAME` prints is JSON Schema of the draft that it names, what commands report is what
# their schemas say, and editors that read `#:schema` find a fault in the files that are written.
#
#   tests/lint/schemas.sh CHECK-JSONSCHEMA TAPLO DOCKWRIGHT
set -euo pipefail
cd "$(dirname "$0")/../.."
project=$PWD check=$1 taplo=$2 dockwright=$(realpath "$3")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir schemas reports
export NO_COLOR=1 DOCKWRIGHT_NO_DOCKER=1

mapfile -t names < <("$dockwright" schema | awk 'NR > 1 && /^[a-z]/ { print $1 }')
for name in "${names[@]}"; do
    "$dockwright" schema "$name" >"schemas/$name.json"
done
((${#names[@]} > 15)) || { echo "lint: dockwright schema lists ${#names[@]} names" >&2 && exit 1; }
quietly() { "$@" >verdict 2>&1 || { cat verdict >&2 && exit 1; }; }
quietly "$check" --check-metaschema schemas/*.json

# report NAME CODE ARGUMENT...: one more report of a kind, of a command that ends like this.
number=0
report() {
    local name=$1 wanted=$2 code=0
    number=$((number + 1))
    "$dockwright" "${@:3}" --format json >"reports/$name.$number.json" 2>error || code=$?
    [[ $code == "$wanted" ]] && return
    echo "lint: dockwright ${*:3} ends with $code, and not with $wanted" >&2
    cat error >&2
    exit 1
}

report version 0 --version
report preset-list 0 preset list
for preset in fastapi-uvicorn fastapi-gunicorn django-nginx ml-server celery-postgres-redis; do
    report preset-show 0 preset show "$preset"
    report plan 0 plan --preset "$preset"
    report new 0 new "$preset" --preset "$preset" --yes
    report new 0 new "of-$preset" --preset "$preset" --yes --dry-run
    report detect 0 detect "$preset"
done
report plan-explain 0 plan django-nginx --explain web.workers
report plan-explain 0 plan django-nginx --explain web.memory

# What init makes of code, of container files that stay, and of those that others take the place of.
for case in "$project"/tests/cases/*/; do
    name=$(basename "$case")
    for way in "" --adopt --rewrite; do
        rm -rf copy && cp -r "$case" copy
        "$dockwright" init copy --yes ${way:+"$way"} --no-docker --format json >init.json 2>/dev/null || true
        [[ -s init.json ]] && cp init.json "reports/init.$name$way.json"
    done
    "$dockwright" detect "$case" --format json >"reports/detect.$name.json"
done
made=(reports/init.*)
((${#made[@]} > 8)) || { echo "lint: init reports too little" >&2 && exit 1; }
rm -rf code && mkdir code
printf 'from fastapi import FastAPI\n\napp = FastAPI()\n' >code/main.py
printf 'fastapi==0.115.0\nuvicorn==0.32.0\n' >code/requirements.txt
report init 0 init code --yes --dry-run --apply-safe

# A team's preset in two versions: what is carried on, what conflicts, what fails.
"$dockwright" preset new team --name team --extends django-nginx >/dev/null
report preset-list 0 preset list
report preset-show 0 preset show ./team
report preset-test 0 preset test team
"$dockwright" new shop --preset ./team --yes >/dev/null
"$dockwright" new store --preset ./team --yes >/dev/null
report update 0 update shop
report update 0 update shop --set deploy.memory=8GiB --dry-run
report check 0 check shop
report check 0 check shop --fetch
sed -i 's/^version = .*/version = "9.0.0"/; s/^deploy.memory = .*/deploy.memory = "8GiB"/' team/preset.toml
echo '# edited' >>team/cases/web/files/Dockerfile
report preset-test 1 preset test team
sed -i 's/memory: [0-9]*M/memory: 77M/' store/compose.yaml
report preset-impact 1 preset impact ./team shop store
report update 1 update shop store --dry-run
report update 2 update shop store nothing
report check 2 check shop store nothing
rm -rf broken && cp -r team broken && echo 'x = [' >>broken/preset.toml
report preset-test 2 preset test broken
"$dockwright" update shop >/dev/null
sed -i '/^FROM/a USER root' shop/Dockerfile
report check 0 check shop --fail-on none

# An audit that finds, that mends, that finds nothing, and of what is not there.
for way in "" "--fix --dry-run"; do
    # shellcheck disable=SC2086  # flags, or none
    "$dockwright" audit $way --format json --level style --fail-on never "$project"/tests/seeds/broker-evicts \
        "$project"/tests/rules/{CO101,DF101,NG101,XF109}/fails >"reports/audit${way:+-fix}.findings.json"
    # shellcheck disable=SC2086
    "$dockwright" audit $way --format json nothing "$work/shop" >"reports/audit${way:+-fix}.missing.json" 2>/dev/null || true
done

for name in "${names[@]}"; do
    files=(reports/"$name".*.json)
    # Those of verify need an engine: a test in src/cli/verify/shape.rs holds them.
    if [[ ! -e ${files[0]} ]]; then
        [[ $name =~ ^(config|preset|verify|verify-arm)$ ]] && continue
        echo "lint: no report of $name was made" >&2
        exit 1
    fi
    quietly "$check" --schemafile "schemas/$name.json" "${files[@]}"
    # A key that the schema does not have is found.
    python3 - "${files[0]}" >fault.json <<'EOF'
import json, sys
report = json.load(open(sys.argv[1]))
report["unheard-of"] = 1
json.dump(report, sys.stdout)
EOF
    if "$check" --schemafile "schemas/$name.json" fault.json >/dev/null 2>&1; then
        echo "lint: the schema of $name lets anything through" >&2
        exit 1
    fi
done

# taplo, as editors with it do, reads the schema by the file's first line.
for file in shop/dockwright.toml team/preset.toml; do
    quietly "$taplo" lint "$file"
    printf '\n[deploi]\nmemory = "1GiB"\n' >>"$file"
    if "$taplo" lint "$file" >/dev/null 2>&1; then
        echo "lint: taplo does not read the schema of $file" >&2
        exit 1
    fi
done
