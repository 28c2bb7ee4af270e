#!/usr/bin/env bash
# Debian's SLURM, where it is missing and we are root; without it the tests of this folder say so and are skipped.
set -euo pipefail
if command -v slurmctld slurmd sbatch munged > /dev/null; then exit 0; fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get > /dev/null; then exit 0; fi
packages=(slurmctld slurmd slurm-client munge)
echo "installing ${packages[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
if ! apt-get install --yes --no-install-recommends "${packages[@]}" > "$log" 2>&1; then
    { apt-get update && apt-get install --yes --no-install-recommends "${packages[@]}"; } > "$log" 2>&1 || tail -n 5 "$log"
fi
rm -f "$log"
