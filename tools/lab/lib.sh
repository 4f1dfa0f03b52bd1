# shellcheck shell=bash
# Sourced by the lab's scripts: where things are, and how a built thing gets into the cache.

LAB=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
REPOSITORY=$(dirname "$(dirname "$LAB")")

# Everything that takes time to make is kept here, under a name with a hash of what it was made from.
LAB_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/breaktrace/lab

# Where prebuilt kernels are looked for, separated by colons: by default in a directory of
# prebuilt kernels beside the checkout.
# shellcheck disable=SC2034 # used by those that source this
LAB_KERNELS=${BREAKTRACE_LAB_KERNELS:-$REPOSITORY/../shared/lab}

# The lab's own trouble (as opposed to the command's) ends with status 125.
die() {
  echo "lab: $*" >&2
  exit 125
}

# The status of the last `attempt`.
attempted=0

say() {
  [ -n "${LAB_QUIET:-}" ] || echo "lab: $*" >&2
}

# Runs a function of which no command may fail, and leaves its status in "attempted". The status is
# asked for afterwards because on the left side of "||" a shell ignores failures inside.
attempt() { # attempt FUNCTION ARGUMENT...
  set +e
  (
    set -e -o pipefail
    "$@"
  )
  # shellcheck disable=SC2034 # used by the caller
  attempted=$?
  set -e
}

need() { # need PROGRAM...
  local program
  for program; do
    command -v "$program" >/dev/null || die "no $program here; run tools/lab/setup"
  done
}

# A short name for the contents of files (not for their names or times).
hash_of() { # hash_of FILE...
  cat -- "$@" | sha256sum | cut -c1-12
}

# A new empty directory in the cache, on the same file system as what it will become.
cache_scratch() {
  mkdir -p "$LAB_CACHE"
  mktemp -d "$LAB_CACHE/.new.XXXXXX"
}

# Gives a finished scratch directory its name. Two that made the same thing at once agree on
# the first.
cache_publish() { # cache_publish SCRATCH NAME
  mkdir -p "$(dirname "$LAB_CACHE/$2")"
  chmod 755 "$1"
  mv -T "$1" "$LAB_CACHE/$2" 2>/dev/null || rm -rf "$1"
  [ -e "$LAB_CACHE/$2" ] || die "cannot write $LAB_CACHE/$2"
}
