#!/usr/bin/env bash
# Gives the engine the base images that generated files name: those that are there stay, the real ones are
# pulled where a registry answers, and where none does each is made from Debian's packages.
# Takes: a working `docker`; images/names.sh; LIVE_PYTHON=3.13 for that Python of LIVE_SUITE alone. Gives: the images
# under those names.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=images/names.sh
source "$LIVE_HERE/images/names.sh"

label=dockwright.live.recipe
kinds=(python uv postgres redis nginx node)

name_of() { # KIND
  local variable=${1^^}_IMAGE
  printf '%s\n' "${!variable}"
}

# Changes when an image made here would come out differently, but for newer packages in the suite.
recipe_of() { # KIND
  {
    printf '%s\n' "$(name_of "$1")" "$LIVE_SUITE"
    cat "$LIVE_HERE"/images/*.sh "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}"
    [[ $1 == base ]] || cat "$LIVE_HERE/images/$1"/*
  } | sha256sum | cut -c 1-16
}

# There, and either the real one or made here by the recipe that holds now.
is_current() { # KIND
  local by
  by=$(docker image inspect --format "{{ with .Config.Labels }}{{ index . \"$label\" }}{{ end }}" \
    "$(name_of "$1")" 2>/dev/null) || return 1
  [[ -z $by || $by == "$(recipe_of "$1")" ]]
}

# Asked through the engine, which may have a proxy or credentials that this shell has not.
registries_answer() {
  timeout 20 docker build --pull --check - >"$LIVE_LOG/registries.log" 2>&1 <<DOCKERFILE
FROM $UV_IMAGE AS uv
FROM $PYTHON_IMAGE
COPY --from=uv /uv /bin/
DOCKERFILE
}

make_base() {
  local work mirror environment=()
  is_current base && return
  need_root "making base images"
  "$LIVE_HERE/host-packages.sh" debootstrap ca-certificates
  mirror=$("$LIVE_HERE/mirror.sh")
  say "making a base system of $LIVE_SUITE"
  work=$(mktemp -d "$LIVE_CACHE/base.XXXXXX")
  # In memory, because dpkg waits for the disk after every file.
  mount -t tmpfs -o size=1g,mode=0755 dockwright-live "$work"
  # shellcheck disable=SC2064  # the directory of this call
  trap "umount -R '$work' && rmdir '$work'" EXIT
  "$LIVE_HERE/images/base-tree.sh" "$work" "$mirror" >"$LIVE_LOG/base.log" 2>&1 </dev/null ||
    die "making the base system failed: $(tail -n 3 "$LIVE_LOG/base.log")"
  if compgen -G "$work/usr/local/share/ca-certificates/live-*.crt" >/dev/null; then
    # Python's HTTP clients and uv bring a list of certificates of their own unless told otherwise.
    for variable in SSL_CERT_FILE REQUESTS_CA_BUNDLE; do
      environment+=(--change "ENV $variable=/etc/ssl/certs/ca-certificates.crt")
    done
  fi
  tar -C "$work" -c . | docker import --change "LABEL $label=$(recipe_of base)" --change 'CMD ["bash"]' \
    "${environment[@]}" - "$BASE_IMAGE" >/dev/null
  umount -R "$work" && rmdir "$work"
  trap - EXIT
}

make_image() { # KIND [ARGUMENT of docker build]...
  local kind=$1 name
  shift
  is_current "$kind" && return
  name=$(name_of "$kind")
  say "making $name"
  DOCKER_BUILDKIT=1 docker build --progress plain --label "$label=$(recipe_of "$kind")" \
    --build-arg "BASE=$BASE_IMAGE" "$@" --tag "$name" "$LIVE_HERE/images/$kind" \
    >"$LIVE_LOG/$kind.log" 2>&1 </dev/null || die "making $name failed: $(tail -n 20 "$LIVE_LOG/$kind.log")"
}

# A Python of another suite: what repositories that are tried name.
if [[ -n ${LIVE_PYTHON:-} ]]; then
  make_base
  make_image python --build-arg "VERSION=$LIVE_PYTHON"
  exit 0
fi

missing=()
for kind in "${kinds[@]}"; do is_current "$kind" || missing+=("$kind"); done
if ((${#missing[@]} == 0)); then
  say "all base images are there"
  exit 0
fi

if registries_answer; then
  for kind in "${missing[@]}"; do
    say "pulling $(name_of "$kind")"
    docker pull --quiet "$(name_of "$kind")" >/dev/null
  done
  exit 0
fi

say "no registry answers; making the base images"
make_base
make_image postgres &
others=($!)
{
  make_image redis
  make_image nginx
  make_image node
} &
others+=($!)
make_image python
make_image uv --build-arg "PYTHON=$PYTHON_IMAGE" --build-arg "VERSION=${UV_IMAGE##*:}"
for job in "${others[@]}"; do wait "$job"; done
