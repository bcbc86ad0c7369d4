#!/bin/sh
# Train on several machines: run this on each of them, with the same settings, within a quarter of an hour.
#
#   MASTER=10.0.0.1:8090 NNODES=2 tools/launch_nodes.sh -c configs/segmentation/manet.yaml --amp --resume auto
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
# A step takes DATASET.batch_size clips of every process of every machine. output_dir has to be a folder that all
# machines see: rank 0 writes it, and --resume reads it on each. A machine that fails ends the others; start all again:
# --resume auto goes on from the newest checkpoint, and starts the training where there is none.
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

cd "$(dirname "$0")/.."
exec "${PYTHON:-python}" -B -m paddle.distributed.launch \
    --master "$MASTER" --nnodes "$NNODES" ${RANK:+--rank "$RANK"} \
    ${GPUS:+--gpus "$GPUS"} ${NPROC:+--nproc_per_node "$NPROC"} \
    --log_dir "${LOG_DIR:-output/log}" main.py "$@"
