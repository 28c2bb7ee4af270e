"""Is there a SLURM to submit to? Asked before Snakemake's plugin finds out with a traceback."""

import contextlib
import io
import shutil
import sys

# Ways to call Snakemake that submit nothing.
HARMLESS = ["dryrun", "touch", "lint", "dag", "rulegraph", "filegraph", "d3dag", "unlock", "report", "summary"]
HARMLESS += ["detailed_summary", "list_rules", "list_target_rules", "list_input_changes", "list_params_changes"]
HARMLESS += ["delete_all_output", "delete_temp_output", "cleanup_metadata", "archive", "export_cwl"]


def require_slurm(words: list[str]) -> None:
    """End with one line where these words after `snakemake` would submit jobs and the machine has no sbatch."""
    # A dry run is known by its words: Snakemake's parser of all of them takes a tenth of a second.
    if {"-n", "--dry-run", "--dryrun"} & set(words) or shutil.which("sbatch") is not None:
        return
    from snakemake.cli import parse_args

    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        try:
            args = vars(parse_args(words)[1])
        except (SystemExit, Exception):  # called by other words than Snakemake's own command line
            return
    if args.get("executor") == "slurm" and not any(args.get(key) for key in HARMLESS):
        sys.exit(
            "vernacular: no SLURM here (sbatch is not on PATH), so nothing can be submitted: log in to your cluster, "
            "load its SLURM module if it has one, and type the same; or run on this machine with --profile local"
        )
