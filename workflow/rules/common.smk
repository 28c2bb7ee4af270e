# What the rules share: the compiled study, the environment of the jobs, paths and wildcards.
#
# Every rule has the parameters of job(NAME): the path of its script, workflow/scripts/NAME.py, and a hash of its code.
import gc
import os
import shlex
import sys
from pathlib import Path

ROOT = Path(str(workflow.current_basedir)).parents[1]
sys.path.insert(0, str(ROOT / "src"))
# Jobs, and all that they start, look for modules in no working directory: a random.py there would be run.
os.environ.update(PYTHONSAFEPATH="1")
gc.freeze()  # Snakemake itself stays until the end: looking for garbage in it takes 0.2 s of a dry run

from vernacular.language.phrasebook import PhrasebookError, has_phrasebook, load_phrasebook
from vernacular.run.asked_targets import asked_targets, check_asked_targets
from vernacular.run.cluster import job_resources, preflight_nodes, preflight_resources, require_slurm
from vernacular.run.code import code_of, job
from vernacular.run.config_files import config_files
from vernacular.run.own_functions import own_functions, shown_folder
from vernacular.run.failures import summary as failure_summary
from vernacular.run.places import check_checkout, check_submitted, check_temporary
from vernacular.run.profiles import check_profiles
from vernacular.run.reported import figure, reported
from vernacular.storage.files import remove_partial
from vernacular.storage.options import stable_json
from vernacular.storage.yaml_file import YamlError
from vernacular.study.check import chat_template, check_owner
from vernacular.study.compile import DEFAULT, compile_study
from vernacular.study import claim_inputs, corpus, functions, leaks, pages, stages, targets
from vernacular.study.prompts import asked_in_english
from vernacular.study.regime import regime_evaluations
from vernacular.study.schema import StudyError, in_file
from vernacular.study.sources import check_folders
from vernacular.study.stages import one_of

check_checkout(ROOT)
if workflow.is_main_process:
    check_temporary()
    require_slurm(sys.argv[1:])
    check_submitted(sys.argv[1:], [ROOT, workflow.sourcecache.runtime_cache_path])
    for lack in check_profiles(sys.argv[1:], ROOT):
        print(f"vernacular: warning: {lack}", file=sys.stderr)
try:
    files, file, whole = config_files(workflow, config, ROOT / "config")
    STUDY = compile_study(whole, file, ROOT / "config" / "claims.yaml")
    for language in filter(has_phrasebook, STUDY.config["languages"]):
        load_phrasebook(language)
    with in_file(file):
        check_folders(STUDY.config)
        check_owner(STUDY.config, files, ROOT / "config")
        FUNCTIONS = own_functions(STUDY, files)
except (StudyError, PhrasebookError, YamlError) as error:
    sys.exit(f"vernacular: {error}")

if workflow.is_main_process and (named := asked_in_english(STUDY.config)):
    told = f"no instruction in {', '.join(named)}: questions are asked with an English one (key `instructions`)"
    print(f"vernacular: warning: {told}", file=sys.stderr)

LIMITS = STUDY.config["limits"]
IDENTIFIER = STUDY.identifier.to_json()


pathvars:
    results=STUDY.paths.results,
    logs=f"{STUDY.paths.results}/logs",


# A shell that is told to end waits for its script: a training answers SIGTERM with a checkpoint, which takes a moment.
shell.prefix("set -euo pipefail; trap : TERM; ")

# Jobs find the library without an installation, find what torch.compile compiled before, and never ask a hub. An empty
# part of PYTHONPATH, as `export PYTHONPATH=$PYTHONPATH:/more` makes one, is the working directory.
parts = [str(ROOT / "src"), *os.getenv("PYTHONPATH", "").split(os.pathsep)]
os.environ.update(PYTHONPATH=os.pathsep.join(filter(None, parts)))
# A checkout may be read-only, or someone else's: then compiled code goes to the working directory.
compiled = next((folder for folder in (ROOT / ".cache", ROOT) if folder.exists()), ROOT)
compiled = (ROOT if os.access(compiled, os.W_OK) else Path.cwd()) / ".cache" / "inductor"
os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(compiled))
# Big tensors come and go with every step: let glibc keep their memory (this takes a third off a step of GRPO on a CPU).
os.environ.setdefault("MALLOC_MMAP_THRESHOLD_", str(2**33))
os.environ.setdefault("MALLOC_TRIM_THRESHOLD_", str(2**34))
os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", TOKENIZERS_PARALLELISM="false")


wildcard_constraints:
    seed=r"\d+",
    split="train|dev|test",
    data=one_of(STUDY.config["data"]),
    benchmark=one_of(STUDY.config["benchmarks"]),
    label=one_of(answer.label for answer in STUDY.answers.values()),
    fetched=one_of(STUDY.downloads),
    part=one_of(STUDY.targets),
    page=one_of(target.page for target in pages.page_targets(STUDY)),
