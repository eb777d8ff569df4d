#!/usr/bin/env bash
# What the backends need from the system: a container engine, busybox, Maven, Java, PostgreSQL.
set -euo pipefail
packages=(busybox-static ca-certificates docker.io iptables maven openjdk-17-jre-headless postgresql)
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${db:Status-Abbrev}\n' "$package" 2>/dev/null | grep -q '^ii' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0
export DEBIAN_FRONTEND=noninteractive
# Each test starts a server of its own; the package's default one would only take memory.
mkdir -p /etc/postgresql-common/createcluster.d
echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.d/none.conf
apt-get update -q
apt-get install -qy --no-install-recommends "${missing[@]}"
