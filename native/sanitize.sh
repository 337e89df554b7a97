#!/usr/bin/env bash
# Runs the native tests under sanitizers: `sanitize.sh address` (memory and undefined behaviour) or `sanitize.sh thread`.
# The extension is built into build/<kind>, together with a copy of the Python files, which the tests then import.
set -euo pipefail
cd "$(dirname "$0")/.."
kind=$1
python=$PWD/${VENV:-.venv}/bin/python
folder=$PWD/build/$kind
compiler=${CXX:-c++}

case $kind in
  address) sanitizers=address,undefined runtimes=(libasan.so libubsan.so) ;;
  thread) sanitizers=thread runtimes=(libtsan.so) ;;
  *) echo "usage: $0 address|thread" >&2 && exit 2 ;;
esac

cmake -S native -B "$folder" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DPython_EXECUTABLE="$python" \
  -DCHAINRULE_SANITIZE=$sanitizers -DCHAINRULE_OUTPUT="$folder/src/chainrule" --log-level=WARNING
mkdir -p "$folder/src"
tar -C src --exclude='_native*.so' --exclude=__pycache__ -c . | tar -C "$folder/src" -x
cmake --build "$folder"

mapfile -t tests < <(find tests \( -name 'test_native*.py' -o -path '*/native/test_*.py' \) | sort)
if [[ $kind == thread ]]; then # whole models, and what speaks of threads; single kernels have none
  mapfile -t tests < <(grep -lE 'thread|Thread|fit\(|train\(' "${tests[@]}" || true)
fi
if [[ ${#tests[@]} == 0 ]]; then
  echo "There are no native tests to run under $sanitizers." >&2
  exit 1
fi

# The runtime must come before Python's own libraries, and with it the C++ library, whose exceptions it watches.
preload=
for name in "${runtimes[@]}" libstdc++.so; do
  preload+=$("$compiler" -print-file-name="$name"):
done
export ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=1:strict_init_order=1 # Python frees little at its end
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:ignore_noninstrumented_modules=1
export PYTHONPATH="$folder/src" PYTHONMALLOC=malloc CHAINRULE_SANITIZER=$kind

# Without a random layout of memory: the thread sanitizer's own map does not agree with every one. A sanitizer ends the
# process, so what it writes must not be held back by pytest.
exec setarch -R env LD_PRELOAD="${preload%:}" "$python" -X faulthandler=0 -m pytest -p no:faulthandler \
  -p no:cacheprovider --capture=sys "${@:2}" "${tests[@]}"
