#!/bin/sh
# Train, segment or test on several machines: run this on each, with the same settings, within a quarter of an hour.
#
#   MASTER=10.0.0.1:8090 NNODES=2 tools/launch_nodes.sh -c configs/segmentation/manet.yaml --amp --resume auto
#   MASTER=10.0.0.1:8090 NNODES=2 NPROC=4 tools/launch_nodes.sh --infer -c CFG -w WEIGHTS \
#       --input videos/ --scribbles strokes/ --output output/all
#
# All arguments go to main.py. Settings, as environment variables:
#   MASTER   host:port of one of the machines (a free port); the first to come there keeps the list of the others
#   NNODES   how many machines
#   RANK     this machine's number from 0; the machines agree by themselves without it. Rank 0 writes the checkpoints
#   GPUS     cards of this machine, as in GPUS=0,1 (all of them); without a card, give NPROC instead
#   NPROC    processes of this machine, for processors
#   LOG_DIR  logs of this machine's processes, workerlog.0, workerlog.1, ... (output/log)
#   PYTHON   the interpreter (python)
#
# The inputs and the output folder have to be where all machines see them. When a machine fails, start all again once
# the others have ended: --infer and --test skip what is done, and a training with --resume auto goes on from the newest
# checkpoint, or starts where there is none. A training step takes DATASET.batch_size clips of every process.
# docs/en/scale.md has examples for Slurm and for ssh.
set -eu

usage() {
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
    exit 2
}

[ $# -gt 0 ] && [ "$1" != --help ] || usage
if [ -z "${MASTER:-}" ] || [ -z "${NNODES:-}" ]; then
    echo "error: set MASTER=host:port and NNODES=machines" >&2
    exit 2
fi

# Paddle compares the address with the machine's own and does not look names up.
host=${MASTER%:*}
address=$(getent ahostsv4 "$host" 2>/dev/null | awk '{ print $1; exit }') || address=
MASTER=${address:-$host}:${MASTER##*:}

cd "$(dirname "$0")/.."
exec "${PYTHON:-python}" -B -m paddle.distributed.launch \
    --master "$MASTER" --nnodes "$NNODES" ${RANK:+--rank "$RANK"} \
    ${GPUS:+--gpus "$GPUS"} ${NPROC:+--nproc_per_node "$NPROC"} \
    --log_dir "${LOG_DIR:-output/log}" main.py "$@"
