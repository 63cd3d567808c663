#!/bin/sh
# Makes in the folder $1 what the example needs: a CA and Pomerium's certificate, a host key and a user key for SSH.
# What is there and good for another week is kept. The CA's own key is never written there, so that nobody can sign with it.
set -eu
cd "$1"
umask 077

owner=$(stat -c %u:%g .)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if ! openssl x509 -in pomerium.pem -noout -checkend 604800 >/dev/null 2>&1; then
  openssl ecparam -name prime256v1 -genkey -noout -out "$work/ca-key.pem"
  openssl req -x509 -new -key "$work/ca-key.pem" -days 365 -subj "/CN=Culvert example CA" \
    -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign" -out "$work/ca.pem"
  openssl ecparam -name prime256v1 -genkey -noout -out "$work/pomerium-key.pem"
  openssl req -new -key "$work/pomerium-key.pem" -subj "/CN=Culvert example" -out "$work/pomerium.csr"
  cat >"$work/extensions" <<EOF
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth
subjectAltName=DNS:*.localhost.pomerium.io,DNS:*.corp.example.com
EOF
  openssl x509 -req -in "$work/pomerium.csr" -CA "$work/ca.pem" -CAkey "$work/ca-key.pem" -CAcreateserial -days 90 \
    -extfile "$work/extensions" -out "$work/pomerium.pem" 2>/dev/null
  mv "$work/ca.pem" "$work/pomerium-key.pem" "$work/pomerium.pem" .
fi

for name in ssh_host_ed25519_key id_ed25519; do
  [ -f "$name" ] || ssh-keygen -q -t ed25519 -N "" -C culvert-example -f "$name"
done
printf 'ssh.corp.example.com %s\n' "$(cut -d ' ' -f 1,2 ssh_host_ed25519_key.pub)" >known_hosts

# Pomerium is no root in its container. SSH wants its keys to itself.
chmod 644 ca.pem pomerium.pem pomerium-key.pem known_hosts ./*.pub
chmod 600 ssh_host_ed25519_key id_ed25519
chown "$owner" ca.pem pomerium.pem pomerium-key.pem known_hosts ssh_host_ed25519_key* id_ed25519*
