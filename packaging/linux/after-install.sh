#!/bin/sh
# Runs after the files are there: dpkg's postinst, rpm's post. The package itself holds the link /usr/bin/culvert, the manual page
# and the completions, so that they come and go with it. fpm hands this to rpm as it is: no percent signs in here.
set -e

root="${DPKG_ROOT:-}"
app="$root/opt/Culvert"

# Chromium's sandbox takes user namespaces, or a helper that is root's where users may not have them. That root may says nothing
# of others: kernel.unprivileged_userns_clone=0 is how Debian is often hardened.
if [ -L /proc/self/ns/user ] &&
  setpriv --reuid=65534 --regid=65534 --clear-groups unshare --user true 2>/dev/null; then
  chmod 0755 "$app/chrome-sandbox"
else
  chmod 4755 "$app/chrome-sandbox"
fi

# Where AppArmor forbids user namespaces to programs that it does not know (Ubuntu from 24.04 on), it has to know the app. Older
# versions do not understand the profile and need none.
profile="$app/resources/apparmor-profile"
if [ -z "$root" ] && apparmor_status --enabled >/dev/null 2>&1 &&
  apparmor_parser --skip-kernel-load --debug "$profile" >/dev/null 2>&1; then
  cp -f "$profile" /etc/apparmor.d/culvert
  # The kernel's profiles are the host's, not those of an image that is being built.
  if ! ischroot 2>/dev/null; then
    apparmor_parser --replace --write-cache --skip-read-cache /etc/apparmor.d/culvert || true
  fi
fi

# Most distributions do this by themselves when files change; the others have to be told.
if [ -z "$root" ] && command -v update-mime-database >/dev/null 2>&1; then
  update-mime-database /usr/share/mime || true
fi
if [ -z "$root" ] && command -v update-desktop-database >/dev/null 2>&1; then
  update-desktop-database -q /usr/share/applications || true
fi
