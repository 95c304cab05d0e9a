#!/bin/sh
# Makes the environment, with pip and uv in it, from a Python 3.11 or 3.12 that the machine has.
#
#   requirements/bootstrap.sh ENVIRONMENT LOCK [PYTHON]
#
# An environment that works and is of the wanted version is kept. Debian parts Python from what
# makes an environment (python3-venv); where that is absent, any pip or uv at hand does the work.
set -eu

environment=$1
lock=$2
wanted=${3-}
python=$environment/bin/python
stamp=$environment/bootstrap.stamp
found=

fail() {
    printf 'error: %s.\n' "$1" >&2
    printf '%s.\n' "$2" >&2
    exit 1
}

version_of() {
    "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null
}

supported() {
    case $(version_of "$1") in
        3.11 | 3.12) return 0 ;;
        *) return 1 ;;
    esac
}

how_to_get_python() {
    printf 'Debian 12: sudo apt-get install python3 python3-venv; macOS: brew install python@3.11; '
    printf 'elsewhere: any CPython 3.11 or 3.12, named as in: make PYTHON=/path/to/python3.11 pipeline'
}

choose_python() {
    if [ -n "$wanted" ]; then
        set -- "$wanted"
    else
        set -- python3.11 python3.12 python3 python
    fi
    for candidate; do
        if supported "$candidate"; then
            chosen=$(command -v "$candidate")
            return
        fi
        if version=$(version_of "$candidate"); then
            found="${found:+$found, }$candidate is $version"
        elif [ -n "$wanted" ]; then
            found="$candidate does not run"
        fi
    done
    fail "Movie Roulette needs Python 3.11 or 3.12, and ${found:-found none}" \
        "$(how_to_get_python)"
}

keep_environment() {
    supported "$python" && "$python" -m pip --version >/dev/null 2>&1 || return 1
    [ -z "$wanted" ] || [ "$(version_of "$wanted")" = "$(version_of "$python")" ]
}

make_environment() {
    choose_python
    echo "Making $environment/ with $chosen ($(version_of "$chosen"))"
    if "$chosen" -c 'from ensurepip import bootstrap' 2>/dev/null; then
        "$chosen" -m venv --clear "$environment"
    else
        "$chosen" -m venv --clear --without-pip "$environment"
    fi
}

fetch_debian_pip() {
    mkdir -p "$environment/debian"
    (
        cd "$environment/debian"
        apt-get download python3-pip-whl && dpkg-deb --extract python3-pip-whl_*.deb .
    ) >/dev/null 2>&1
}

# Sets `wheel` to a pip that Debian has on disk, or that its archive gives without being root.
find_debian_pip() {
    for wheel in /usr/share/python-wheels/pip-*.whl \
        "$environment"/debian/usr/share/python-wheels/pip-*.whl; do
        [ ! -f "$wheel" ] || return 0
    done
    return 1
}

install() {
    if "$python" -m pip --version >/dev/null 2>&1; then
        "$python" -m pip install --quiet --require-hashes --requirement "$lock"
    elif command -v uv >/dev/null 2>&1; then
        uv pip install --quiet --python "$python" --require-hashes --requirement "$lock"
    elif "$chosen" -m pip --python "$python" --version >/dev/null 2>&1; then
        "$chosen" -m pip --python "$python" install --quiet --require-hashes --requirement "$lock"
    elif find_debian_pip || { fetch_debian_pip && find_debian_pip; }; then
        PYTHONPATH=$wheel "$python" -m pip install --quiet --require-hashes --requirement "$lock"
    else
        fail "$chosen can make no environment with pip in it, and no pip or uv is at hand" \
            "On Debian: sudo apt-get install python$(version_of "$chosen")-venv, and run make again"
    fi
}

if keep_environment; then
    [ ! -e "$stamp" ] || [ -n "$(find "$lock" -newer "$stamp")" ] || exit 0
else
    make_environment
fi
install
rm -rf "$environment/debian"
touch "$stamp"
