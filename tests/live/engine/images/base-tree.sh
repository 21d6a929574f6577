#!/usr/bin/env bash
# Makes a minimal Debian file system that builds inside containers can use as the host can: with the host's
# certificates, its apt mirror, proxy and date settings, and its package index for pip and uv.
# Takes: an empty directory, the mirror. Gives: the file system in that directory, no package lists, no caches.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
tree=$1
mirror=$2

# The suite is newer than the host's debootstrap, whose script for sid fits it.
debootstrap --variant=minbase --include=ca-certificates "$LIVE_SUITE" "$tree" "$mirror" \
  /usr/share/debootstrap/scripts/sid

printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' \
  "$mirror" "$LIVE_SUITE" >"$tree/etc/apt/sources.list"
rm -f "$tree"/etc/apt/sources.list.d/*
{
  apt-config dump | grep -E '^Acquire::(http|https)::' || true
  cat <<'CONF'
Acquire::Check-Valid-Until "false";
Acquire::Check-Date "false";
Acquire::Languages "none";
APT::Install-Suggests "false";
CONF
} >"$tree/etc/apt/apt.conf.d/90live"
# The name under which Dockerfiles look for it when they want to keep what apt has fetched.
cat >"$tree/etc/apt/apt.conf.d/docker-clean" <<'CONF'
APT::Keep-Downloaded-Packages "false";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
CONF
# A container keeps nothing through a power cut, so dpkg need not wait for the disk.
cat >"$tree/etc/dpkg/dpkg.cfg.d/live" <<'CONF'
force-unsafe-io
path-exclude=/usr/share/doc/*
path-exclude=/usr/share/info/*
path-exclude=/usr/share/man/*
path-exclude=/usr/share/locale/*
CONF
# Packages must not start services while they are installed.
printf '#!/bin/sh\nexit 101\n' >"$tree/usr/sbin/policy-rc.d"
chmod 0755 "$tree/usr/sbin/policy-rc.d"

"$LIVE_HERE/images/host-certificates.sh" "$tree/usr/local/share/ca-certificates"
chroot "$tree" update-ca-certificates
"$LIVE_HERE/images/host-index.sh" "$tree/etc"

rm -rf "$tree"/usr/share/{doc,man,info,locale}/* "$tree"/var/lib/apt/lists/* "$tree"/var/cache/apt/*.bin \
  "$tree"/var/cache/apt/archives/*.deb "$tree"/var/log/{dpkg,bootstrap,alternatives}.log "$tree"/var/cache/debconf/*-old
