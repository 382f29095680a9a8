#!/usr/bin/env bash
# Trains on a Cloud TPU: creates the TPU, installs the package from this clone,
# trains, fetches the logs and deletes the TPU, also after a failure. If the logs
# cannot be fetched, the TPU stays. Without --yes, only prints the commands.
#
#   tools/tpu.sh [--yes] NAME ZONE TYPE [flags of rethink_keras.main]
#   tools/tpu.sh rethink us-central2-b v4-8 \
#     --flagfile=flags/table1/inception.txt --batch_size=128
#
# TYPE must have one host (v4-8, v5litepod-8, ...). gcloud must be logged in and
# have a project. The default BACKEND is jax. BACKEND=tensorflow trains with
# TPUStrategy and installs tensorflow-tpu instead of tensorflow, since both
# packages write the same files (see docs/devices.md).
set -euo pipefail

sure=no
if [[ ${1:-} == --yes ]]; then
  sure=yes
  shift
fi
if (($# < 3)); then
  echo "error: pass NAME ZONE TYPE, such as rethink us-central2-b v4-8" >&2
  exit 2
fi
readonly name=$1 zone=$2 type=$3
shift 3
if [[ " $* " == *" --workdir"* || " $* " == *" -workdir"* ]]; then
  echo "error: --workdir: only the default directory is fetched; leave it out" >&2
  exit 2
fi
readonly pip="~/.local/bin/uv pip install -q"  # expanded on the TPU
case ${BACKEND:-jax} in
  jax)
    install="$pip -e . 'jax[tpu]'"
    strategy=tpu
    ;;
  tensorflow)
    install="$pip -r requirements-without-tensorflow.txt \
'tensorflow-tpu>=2.20' && $pip --no-deps -e ."
    strategy="tpu --tpu=local"
    ;;
  *)
    echo "error: BACKEND=$BACKEND: must be jax or tensorflow" >&2
    exit 2
    ;;
esac
readonly tpu=(gcloud compute tpus tpu-vm) where=("--zone=$zone")

do_it() {
  printf '%q ' "$@"
  echo
  if [[ $sure == yes ]]; then "$@"; fi
}

on_tpu() {
  do_it "${tpu[@]}" ssh "$name" "${where[@]}" --worker=all --command="$1"
}

delete() {
  do_it "${tpu[@]}" delete "$name" "${where[@]}" --quiet
}

cd "$(dirname "$0")/.."
do_it "${tpu[@]}" create "$name" "${where[@]}" \
  --accelerator-type="$type" --version=tpu-ubuntu2204-base
trap delete EXIT
do_it git archive --format=tar.gz --output=/tmp/rethink_keras.tar.gz HEAD
do_it "${tpu[@]}" scp /tmp/rethink_keras.tar.gz "$name:" "${where[@]}" \
  --worker=all
on_tpu "mkdir -p rethink_keras && tar xzf rethink_keras.tar.gz -C rethink_keras \
&& cd rethink_keras && pip install -q --user uv \
&& ~/.local/bin/uv venv -q --python=3.11 \
&& $install"
flags=""
if (($#)); then
  flags=$(printf '%q ' "$@")
fi
code=0
on_tpu "cd rethink_keras && KERAS_BACKEND=${BACKEND:-jax} .venv/bin/python \
-m rethink_keras.main --strategy=$strategy $flags" || code=$?
if ! do_it "${tpu[@]}" scp --recurse \
  "$name:rethink_keras/tensorboard_logs/runs" tensorboard_logs \
  "${where[@]}" --worker=0; then
  trap - EXIT
  echo "error: the logs cannot be fetched; they are on $name, which still costs" \
    "money: fetch rethink_keras/tensorboard_logs/runs, and delete $name" >&2
  exit 1
fi
exit "$code"
