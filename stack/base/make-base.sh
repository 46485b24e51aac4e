#!/usr/bin/env bash
# Make the Debian base image from Debian's packages, where no image registry answers.
# It gets the name that the Dockerfiles ask for, and a label that says how it came about.
set -euo pipefail
image=$(sed -n 's/^BASE_IMAGE=//p' "$(dirname "$0")/../versions.env")
suite=${image#debian:} && suite=${suite%%-*}

if docker image inspect "$image" >/dev/null 2>&1; then
  echo "$image is here already."
  exit
fi
if [ "${1:-}" != --no-pull ] && docker pull "$image" 2>/dev/null; then
  exit
fi
command -v debootstrap >/dev/null || { echo "Install debootstrap first, for example: apt install debootstrap" >&2; exit 1; }
[ "$(id -u)" = 0 ] || { echo "debootstrap needs root. Try: sudo $0" >&2; exit 1; }

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
echo "No registry gives $image; making it from Debian's packages ..."
debootstrap --variant=minbase "$suite" "$root" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"} >"$root.log" 2>&1 ||
  { tail -5 "$root.log" >&2; echo "The whole log: $root.log" >&2; exit 1; }
rm -f "$root.log"

mirror=$(awk '$1 == "deb" { print $2; exit }' "$root/etc/apt/sources.list")
cat >"$root/etc/apt/sources.list" <<END
deb $mirror $suite main
deb $mirror $suite-updates main
deb ${mirror%/debian}/debian-security $suite-security main
END
# As in Debian's own slim image: no manuals, no translations, and none to come.
cat >"$root/etc/dpkg/dpkg.cfg.d/slim" <<'END'
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/info/*
END
# As there, too: apt keeps neither archives nor translations, and its lists packed.
cat >"$root/etc/apt/apt.conf.d/slim" <<'END'
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true"; };
APT::Update::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true"; };
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Acquire::Languages "none";
Acquire::GzipIndexes "true";
END
cd "$root"
find usr/share/doc -type f ! -name copyright -delete
rm -rf usr/share/{man,info,locale}/* var/lib/apt/lists/* var/cache/apt/* var/cache/ldconfig/* var/log/*.log var/log/apt/*
find usr/share/doc -depth -type d -empty -delete
tar -c --numeric-owner --exclude='./dev/*' . |
  docker import --change 'CMD ["bash"]' --change 'LABEL lab-kit.made-by="debootstrap"' - "$image" >/dev/null
docker image inspect --format "$image: {{.Size}} bytes" "$image"
