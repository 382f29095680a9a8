#!/usr/bin/env bash
# Uses an installed wheel in an empty directory, far from any clone: a row of a
# table, the report, the randomization test and the theory.
#
#   tools/try_wheel.sh VENV
set -euo pipefail

if (($# != 1)); then
  echo "error: pass the virtual environment that holds the wheel" >&2
  exit 2
fi
venv=$(cd "$1" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
unset PYTHONPATH
export PATH=$venv/bin:$PATH
set -x

python -c 'import rethink_keras, sys
assert rethink_keras.__file__.startswith(sys.prefix), rethink_keras.__file__'
rethink-keras --help | grep table1

# The command that a dry run prints trains when it is pasted.
rethink-keras table1 --rows='mlp_1x512' --dry_run | tee plan
eval "$(grep '^python ' plan) --train_examples=100 --epochs=2"
rethink-keras report
test -s report/index.html

cat > tiny.py <<'END'
import keras


def build(input_shape, num_classes):
    return keras.Sequential(
        [
            keras.Input(input_shape),
            keras.layers.Flatten(),
            keras.layers.Dense(num_classes),
        ]
    )
END
rethink-keras randomization-test --model=tiny:build --kinds=none,labels \
  --train_examples=100 --epochs=2
test -s tensorboard_logs/randomization_test/randomization_test.png

# Without the extra [theory], a command that needs it names it.
rethink-keras theorem1 --train_examples=20 --rows=depth_2
if ! python -c 'import skimage, sklearn' 2> /dev/null; then
  if rethink-keras min-norm 2> message; then exit 1; fi
  grep '^error: .*rethink_keras\[theory\]' message
fi
set +x
echo "the wheel works in $venv"
