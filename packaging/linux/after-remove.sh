#!/bin/sh
# Runs after the files are gone: dpkg's postrm, rpm's postun. fpm hands this to rpm as it is: no percent signs in here.
set -e

root="${DPKG_ROOT:-}"

# An upgrade has the new files already: rpm says 1 then, dpkg the word.
case "$1" in
  1 | upgrade | failed-upgrade | abort-install | abort-upgrade) exit 0 ;;
esac

profile="$root/etc/apparmor.d/culvert"
if [ -f "$profile" ]; then
  if [ -z "$root" ] && apparmor_status --enabled >/dev/null 2>&1 && ! ischroot 2>/dev/null; then
    apparmor_parser --remove "$profile" || true
  fi
  rm -f "$profile"
fi

if [ -z "$root" ] && command -v update-mime-database >/dev/null 2>&1; then
  update-mime-database /usr/share/mime || true
fi
if [ -z "$root" ] && command -v update-desktop-database >/dev/null 2>&1; then
  update-desktop-database -q /usr/share/applications || true
fi
