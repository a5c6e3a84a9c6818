#!/bin/sh
# Installs Fauxtune from this folder, without a network: ./install.sh [FOLDER]
# FOLDER (default: fauxtune-env) becomes a virtual environment. Every file is compared with its hash.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-fauxtune-env}

# The newest Python that this bundle has packages for; PYTHON=... names another.
python=${PYTHON:-}
for version in @PYTHONS@; do
  if [ -z "$python" ] && command -v "python$version" >/dev/null 2>&1; then
    python=python$version
  fi
done
python=${python:-python3}
if ! "$python" -c 'import sys; sys.exit("%d.%d" % sys.version_info[:2] not in "@PYTHONS@".split())' 2>/dev/null; then
  echo "This bundle is for Python @PYTHONS@, which $python is not. Name one: PYTHON=/path/to/python ./install.sh" >&2
  exit 1
fi
case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) platform=linux-x86_64 ;;
  Linux-aarch64 | Linux-arm64) platform=linux-aarch64 ;;
  Darwin-arm64) platform=macos-arm64 ;;
  Darwin-x86_64) platform=macos-x86_64 ;;
  *) platform=$(uname -s)-$(uname -m) ;;
esac
case " @PLATFORMS@ " in
  *" $platform "*) ;;
  *)
    echo "This bundle is for @PLATFORMS@, and this machine is $platform." >&2
    exit 1
    ;;
esac
if [ -e "$folder" ]; then
  echo "$folder is there already. Delete it, or name another folder: ./install.sh FOLDER" >&2
  exit 1
fi

echo "Installing Fauxtune @VERSION@ in $folder with $("$python" --version) ..."
# pip comes along in the bundle: Debian's Python alone makes no environment that has it.
"$python" -m venv --without-pip "$folder"
"$folder/bin/python" "$here/@PIP@/pip" --isolated --disable-pip-version-check install --quiet --no-index --no-cache-dir \
  --find-links "$here/wheels" --require-hashes -r "$here/requirements.txt"
"$folder/bin/fauxtune" --version
echo "Start it:  $folder/bin/fauxtune serve --open"
echo "Try it:    $folder/bin/fauxtune demo --once"
