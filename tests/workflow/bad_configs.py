"""Edits of the default study that make it one that cannot be run, and what the one line of the error then says."""

from typing import Any

from edits import FORGET, Edit, put


def bomb(levels: int) -> Any:
    """Ten to the power of `levels` words, as a few lines of YAML give them."""
    data: Any = "lol"
    for _ in range(levels):
        data = [data] * 10
    return data


def endless() -> list[Any]:
    data: list[Any] = []
    data.append(data)
    return data


# These go through Snakemake itself, on a finished study.
PROMISED: dict[str, tuple[Edit, list[str]]] = {
    "unknown key": (put("bootstrapp", 3), ["bootstrapp: unknown key", "did you mean 'bootstrap'"]),
    "unknown key in a model": (put("models.sft.trainin", {}), ["models.sft.trainin: unknown key", "'training'"]),
    "unknown key in alignment": (
        put("models.adamame.alignment.bonsu", 1),
        ["models.adamame.alignment.bonsu", "'bonus'"],
    ),
    "unknown model evaluated": (
        put("evaluations.0.models", ["adamme"]),
        ["evaluations.0.models", "'adamme'", "'adamame'"],
    ),
    "unknown parent": (put("models.adamame.from", "sfft"), ["models.adamame.from: unknown model 'sfft'", "'sft'"]),
    "cycle": (put("models.sft.from", "adamame"), ["models.sft.from: a cycle", "sft -> adamame -> sft"]),
    "no phrasebook": (
        lambda c: (c["languages"].append("fi"), c["evaluations"][0].update(languages=["en", "fi"], in_domain=[])),
        ["evaluations.0.benchmarks: 'mini-mgsm' is made from phrasebooks, and 'fi' has none", "leave it out there"],
    ),
    "bonus below 0": (
        put("models.adamame.alignment.bonus", -1),
        ["models.adamame.alignment.bonus: -1 is too small", "minimum is 0"],
    ),
    "k of 0": (put("evaluations.0.samples", 0), ["evaluations.0.samples: 0 is too small", "minimum is 1"]),
    "group over processes": (
        put("models.adamame.training.per_device_train_batch_size", 63),
        ["models.adamame.training.per_device_train_batch_size: 63", "num_generations (8)", "nearest is 64"],
    ),
    "checkpoint between rollouts": (
        lambda c: c["models"]["adamame"]["training"].update(steps_per_generation=4, save_steps=10),
        ["models.adamame.training.save_steps: 10", "multiple of 4", "nearest is 8"],
    ),
}

# The rest is checked by the same function in this process.
OTHERS: dict[str, tuple[Edit, list[str]]] = {
    "missing key": (put("languages", FORGET), ["the file: the key 'languages' is missing"]),
    "misspelt required key": (lambda c: c.update(modles=c.pop("models")), ["modles: unknown key", "'models'"]),
    "nothing written": (put("benchmarks", None), ["benchmarks: expected a mapping, got nothing"]),
    "models as a list": (put("models", ["lrm"]), ["models: expected a mapping, got ['lrm']"]),
    "no models": (put("models", {}), ["models: needs at least 1"]),
    "model as a word": (put("models.sft", "lrm"), ["models.sft: the key 'recipe' is missing", "pretrain"]),
    "no recipe": (put("models.sft.recipe", FORGET), ["models.sft: the key 'recipe' is missing"]),
    "unknown recipe": (put("models.sft.recipe", "stf"), ["models.sft.recipe: unknown recipe 'stf'", "'sft'"]),
    "recipe as a list": (put("models.sft.recipe", ["sft"]), ["models.sft.recipe: unknown recipe '['sft']'"]),
    "own parent": (put("models.sft.from", "sft"), ["models.sft.from: a cycle: sft -> sft"]),
    "unknown match": (
        put("models.adamame.alignment.match", "boths"),
        ["models.adamame.alignment.match: 'boths' is not a valid choice; did you mean 'both'?"],
    ),
    "unknown schedule": (
        put("models.adamame.alignment.schedule", "cosin"),
        ["alignment.schedule: 'cosin'", "'cosine'"],
    ),
    "no loss": (
        put("models.adamame.training.loss_type", FORGET),
        ["models.adamame.training", "'loss_type' is missing"],
    ),
    "unknown trainer option": (
        put("models.sft.training.learning_rat", 1),
        ["models.sft.training.learning_rat", "'learning_rate'"],
    ),
    "trainer option of ours": (
        put("models.sft.training.output_dir", "x"),
        ["models.sft.training.output_dir: the workflow sets"],
    ),
    "unknown LoRA option": (put("models.sft.lora.lora_alfa", 1), ["models.sft.lora.lora_alfa", "'lora_alpha'"]),
    "GPUs for some of the processes": (
        lambda c: c["models"]["adamame"].update(launch={"processes": 4}, resources={"gpu": 1}),
        ["models.adamame.resources.gpu: 1 for 4 processes", "set it to 4"],
    ),
    "GPUs for one process": (
        put("models.adamame.resources", {"gpu": 4}),
        ["models.adamame.resources.gpu: 4 for one process", "launch: {processes: 4}"],
    ),
    "shards without GPUs": (
        put("models.adamame.launch", {"processes": 2, "strategy": "fsdp2"}),
        ["models.adamame.launch.strategy: 'fsdp2' needs GPUs", "resources.gpu to 2"],
    ),
    "shards of one process": (
        put("models.adamame.launch", {"processes": 1, "strategy": "zero3"}),
        ["models.adamame.launch.strategy: one process has nothing to share"],
    ),
    "shards of a merge": (
        lambda c: c["models"]["st-merge"].update(launch={"processes": 4, "strategy": "zero2"}, resources={"gpu": 4}),
        ["models.st-merge.launch.strategy", "use ddp"],
    ),
    "compiled shards": (
        lambda c: c["models"]["reasoner"].update(
            launch={"processes": 4, "strategy": "fsdp2"}, resources={"gpu": 4}, compile=True
        ),
        ["models.reasoner.compile", "set false"],
    ),
    "four bits without adapters": (
        lambda c: (c["models"]["sft"].pop("lora"), c["models"]["sft"].update(load_in_4bit=True)),
        ["models.sft.load_in_4bit: four-bit weights cannot be trained", "set lora"],
    ),
    "four bits in shards": (
        lambda c: c["models"]["sft"].update(
            load_in_4bit=True, launch={"processes": 2, "strategy": "zero3"}, resources={"gpu": 2}
        ),
        ["models.sft.load_in_4bit: four-bit weights cannot be sharded", "use ddp or zero2"],
    ),
    "vLLM as a server": (
        lambda c: c["models"]["adamame"]["training"].update(use_vllm=True, vllm_mode="server"),
        ["models.adamame.training.vllm_mode", "set colocate"],
    ),
    "unknown engine": (put("evaluations.0.engine", "vlm"), ["evaluations.0.engine: 'vlm'", "did you mean 'vllm'"]),
    "checkpoints in a merge": (
        put("models.st-merge.training.gradient_checkpointing", True),
        ["models.st-merge.training.gradient_checkpointing: a merge's frozen parents", "leave it out"],
    ),
    "several processes from scratch": (put("models.lrm.launch", {"processes": 2}), ["models.lrm.launch: unknown key"]),
    "strategy behind the workflow's back": (
        put("models.sft.training.deepspeed", "zero.json"),
        ["models.sft.training.deepspeed: the workflow sets"],
    ),
    "checkpoint between the rollouts of all processes": (
        lambda c: (
            c["models"]["adamame"].update(launch={"processes": 2}),
            c["models"]["adamame"]["training"].update(generation_batch_size=512, save_steps=10),
        ),
        ["models.adamame.training.save_steps: 10", "multiple of 4", "nearest is 8"],
    ),
    "group of one": (
        put("models.adamame.training.num_generations", 1),
        ["num_generations: 1 is too small; it must be at least 2"],
    ),
    "group of none": (
        put("models.adamame.training.num_generations", 0),
        ["num_generations: 0 is too small; it must be at least 2"],
    ),
    "steps as a word": (
        put("models.adamame.training.save_steps", "often"),
        ["save_steps: expected a number, got 'often'"],
    ),
    "unknown language": (put("evaluations.0.languages", ["en", "sv"]), ["evaluations.0.languages: language 'sv'"]),
    "in-domain, not evaluated": (
        put("evaluations.0.in_domain", ["pt"]),
        ["evaluations.0.in_domain: evaluated language 'pt'"],
    ),
    "language code as a truth value": (put("languages", ["en", False]), ["languages.1: expected a text, got False"]),
    "language twice": (put("languages", ["en", "en"]), ["languages: names something twice"]),
    "unknown benchmark": (
        put("traces.benchmark", "mini-mgms"),
        ["traces.benchmark: benchmark 'mini-mgms'", "'mini-mgsm'"],
    ),
    "unknown benchmark to pretrain on": (
        put("data.native-and-english.0.benchmarks", {"mini-mgms": [0, 1]}),
        ["data.native-and-english.0.benchmarks: benchmark 'mini-mgms'", "'mini-mgsm'"],
    ),
    "target of no evaluation": (
        put("slam.target", "slan"),
        ["slam.target: no evaluation has the target 'slan'", "'slam'"],
    ),
    "sweep of no evaluation": (
        put("slam.sweep", "x"),
        ["slam.sweep: no evaluation has the target 'x'", "choose from: "],
    ),
    "target called like a rule": (put("evaluations.0.target", "score"), ["evaluations.0.target: 'score' is taken"]),
    "target called like a command": (
        put("evaluations.0.target", "claims"),
        ["evaluations.0.target: 'claims' is taken"],
    ),
    "target called like a page": (put("evaluations.0.target", "index"), ["evaluations.0.target: 'index' is taken"]),
    "target whose figures another one has": (
        put("evaluations.0.target", "slam-training"),
        ["evaluations.0.target: 'slam-training' is taken; choose another name"],
    ),
    "target with a path": (put("evaluations.0.target", "../x"), ["evaluations.0.target: '../x' must have the form"]),
    "target as an option": (put("evaluations.0.target", "-n"), ["evaluations.0.target: '-n' must have the form"]),
    "target in capitals": (put("evaluations.0.target", "Mine"), ["evaluations.0.target: 'Mine' must have the form"]),
    "checkpoints on test": (put("evaluations.23.split", "test"), ["evaluations.23.checkpoints: ", "set split: dev"]),
    "checkpoints of SFT": (put("evaluations.23.models", ["sft"]), ["evaluations.23.models: 'sft'", "not grpo"]),
    "batches of so many sequences": (
        put("rl.batch_size", 64),
        ["rl.batch_size: unknown key; it is now called 'batch_tokens', and counts tokens, not sequences; leave it out"],
    ),
    "former name of limits": (put("most", {"runtime": 7}), ["most: unknown key; it is now called 'limits'"]),
    "former name of hash_range": (
        put("rl.share", [0.7, 1.0]),
        ["rl.share: unknown key; it is now called 'hash_range'"],
    ),
    "former name of translated": (
        put("data.translation.0.of", ["questions"]),
        ["data.translation.0.of: unknown key; it is now called 'translated'"],
    ),
    "a former name where the key never was": (put("slam.most", 1), ["slam.most: unknown key; choose from"]),
    "share for all above 1": (put("data.plain-text.0.shares", 1.5), ["data.plain-text.0.shares: 1.5 is too large"]),
    "share for all as a word": (
        put("data.plain-text.0.shares", "half"),
        ["data.plain-text.0.shares: expected a mapping or a number, got 'half'"],
    ),
    "unknown flaw": (put("traces.flaws.nobox", 0.1), ["traces.flaws.nobox: unknown key", "'no-box'"]),
    "flaw above 1": (put("traces.flaws.no-box", 3), ["traces.flaws.no-box: 3 is too large", "maximum is 1"]),
    "study with a path": (put("study", "../x"), ["study: '../x' must have the form"]),
    "greedy samples": (put("evaluations.0.temperature", 0), ["evaluations.0.samples: greedy decoding", "samples: 1"]),
    "two ways of one generation": (
        lambda c: c["evaluations"].append({**c["evaluations"][0], "samples": 2}),
        ["evaluations.24.samples: lrm on mini-mgsm is generated", "make them equal"],
    ),
    "no default": (
        lambda c: [e.update(default=False) for e in c["evaluations"]],
        ["evaluations: none has `default: true`"],
    ),
    "prompts that SFT has seen": (
        put("rl.hash_range", [0.65, 1.0]),
        ["rl.hash_range: [0.65, 1.0] overlaps traces.hash_range"],
    ),
    "range downwards": (
        put("traces.hash_range", [0.7, 0.6]),
        ["traces.hash_range: [0.7, 0.6] is empty or reversed", "write [low, high]"],
    ),
    "numbers downwards": (
        put("benchmarks.mini-mgsm.numbers.term", [9, 2]),
        ["benchmarks.mini-mgsm.numbers.term: [9, 2]"],
    ),
    "split without questions": (
        put("benchmarks.mini-mgsm.questions.test", 0),
        ["evaluations.0.benchmarks: 'mini-mgsm' has no questions there", "questions.test"],
    ),
    "traces missing": (put("traces", FORGET), ["models.sft: the recipe 'sft' needs the section 'traces'"]),
    "prompts missing": (put("rl", FORGET), ["the recipe 'grpo' needs the section 'rl'"]),
    "traces of choices": (
        put("traces.benchmark", "mini-xcsqa"),
        ["traces.benchmark: 'mini-xcsqa' has no word problems"],
    ),
    "prompts of entailments": (put("rl.benchmark", "mini-xnli"), ["rl.benchmark: 'mini-xnli' has no word problems"]),
    "unknown setting": (
        put("benchmarks.mini-xcsqa.setting", "fact"),
        ["benchmarks.mini-xcsqa.setting: 'fact'", "'facts'"],
    ),
    "no questions at all": (
        put("evaluations.0.questions", 0),
        ["evaluations.0.questions: 0 is too small", "minimum is 1"],
    ),
    "answers of a phrasebook": (
        put("benchmarks.mini-mgsm.answers", "number"),
        ["benchmarks.mini-mgsm.answers: is for sources of mathematical questions"],
    ),
    "unknown answers": (put("benchmarks.mini-mgsm.answers", "numbers"), ["benchmarks.mini-mgsm.answers", "'number'"]),
    "unknown source": (put("benchmarks.mgsm", {"source": "mgms"}), ["benchmarks.mgsm.source: unknown source 'mgms'"]),
    "MGSM to train on": (
        lambda c: c.update(
            sources={"mgsm": {"format": "mgsm", "folder": "x"}},
            rl={**c["rl"], "benchmark": "m"},
            benchmarks={**c["benchmarks"], "m": {"source": "mgsm"}},
        ),
        ["rl.benchmark: the source of 'm' has only the splits test, not 'train'"],
    ),
    "unknown set": (put("models.reasoner.data", "reasonin"), ["models.reasoner.data: set 'reasonin'", "'reasoning'"]),
    "unknown task": (put("data.translation.0.task", "translate"), ["data.translation.0.task", "'translation'"]),
    "set without parts": (put("data.translation", []), ["data.translation: needs at least 1 of them"]),
    "set that is no list": (
        lambda c: c["data"].update(translation=c["data"]["translation"][0]),
        ["data.translation: expected a list"],
    ),
    "share of a language that is not there": (
        put("data.plain-text.0.shares", {"ko": 0.5}),
        ["data.plain-text.0.shares: language of this set 'ko'", "choose from: en, fr"],
    ),
    "translation of English alone": (
        put("data.translation.0.languages", ["en"]),
        ["data.translation.0.languages", "needs another language"],
    ),
    "sums of a benchmark without any": (
        put("data.plain-text.0", {"task": "sums", "benchmarks": {"mini-xcsqa": [0.0, 1.0]}, "languages": ["en"]}),
        ["data.plain-text.0.benchmarks: 'mini-xcsqa' has no sums"],
    ),
    "probe of unknown questions": (put("slam.benchmark", "mgsm"), ["slam.benchmark: benchmark 'mgsm'", "mini-mgsm"]),
    "probe without questions": (
        lambda c: c["benchmarks"]["mini-mgsm"]["questions"].pop("dev"),
        ["slam.benchmark: 'mini-mgsm' has no questions there", "questions.dev"],
    ),
    "probe of one language": (put("slam.languages", ["en"]), ["slam.languages", "at least 2"]),
    "unknown reference": (put("slam.reference", "reasonr"), ["slam.reference: model 'reasonr'", "'reasoner'"]),
    "slam missing": (put("slam", FORGET), ["models.slam: the recipe 'slam' needs the section 'slam'"]),
    "no layers": (put("models.slam.layers", []), ["models.slam.layers: [] must name at least one layer"]),
    "layer twice": (put("models.slam.layers", [1, 1]), ["models.slam.layers: [1, 1] must name", "each once"]),
    "layer below 0": (put("models.slam.layers", [-1]), ["models.slam.layers: [-1] must name", "from 0"]),
    **{
        f"merge of weights: {name}": (
            put(
                "models.mean",
                {"recipe": "merge-weights", "from": "lrm", "models": ["sft"], "method": "linear"} | changed,
            ),
            said,
        )
        for name, (changed, said) in {
            "no such method": ({"method": "tis"}, ["models.mean.method: 'tis'", "'ties'"]),
            "no such model": ({"models": ["sfft"]}, ["models.mean.models.0: unknown model 'sfft'", "'sft'"]),
            "its own parent": ({"models": ["lrm"]}, ["models.mean.models.0: 'lrm' is `from` too"]),
            "an encoder": ({"models": ["translator"]}, ["models.mean.models.0: 'translator' is not an LLM of its own"]),
            "weights": ({"weights": [0.5, 0.5]}, ["models.mean.weights: 2 for 1 `models`"]),
            "density": ({"density": 0.5}, ["models.mean.density: the method 'linear' has none"]),
            "layers": ({"method": "layer-swap"}, ["models.mean.layers: is missing"]),
            "two swaps": (
                {"method": "layer-swap", "models": ["sft", "grpo"], "layers": [0]},
                ["models.mean.models: layer-swap takes layers of one other model, not of 2"],
            ),
            "layers as a word": ({"method": "layer-swap", "layers": "low"}, ["models.mean.layers: 'low'", "auto"]),
        }.items()
    },
    "layers as a word": (put("models.slam.layers", "all"), ["models.slam.layers: 'all' is not a valid choice", "auto"]),
    "unknown way to choose": (
        put("models.slam.layers", {"choose": "randm"}),
        ["models.slam.layers.choose: 'randm'", "'random'"],
    ),
    "highest of how many": (
        put("models.slam.layers", {"choose": "highest", "count": None}),
        ["models.slam.layers.count: `highest`", "how many layers"],
    ),
    "a number of layers for a threshold": (
        put("models.slam.layers", {"choose": "leading"}),
        ["models.slam.layers.count: `leading`", "set count: null"],
    ),
    "as many layers as what": (
        put("slam.select", {"choose": "threshold", "threshold": 0.5}),
        ["models.slam-random.layers.count: `choose: random`", "set count"],
    ),
    "reference not evaluated": (
        lambda c: c["evaluations"][3]["models"].remove("reasoner"),
        ["evaluations.3.models: 'reasoner' (slam.reference) is missing"],
    ),
    "baseline not evaluated": (
        lambda c: c["evaluations"][3]["models"].remove("two-stage"),
        ["evaluations.3.models: 'two-stage' (slam.baseline) is missing"],
    ),
    "baseline that is the reference": (
        put("slam.baseline", "reasoner"),
        ["slam.baseline: 'reasoner' is the reference"],
    ),
    "reference of another model": (
        lambda c: (put("slam.reference", "base")(c), c["evaluations"][3]["models"].append("base")),
        ["evaluations.3.models: no model of the recipe 'slam' starts from slam.reference 'base'"],
    ),
    "SLAM without English": (
        lambda c: [e["languages"].remove("en") for e in c["evaluations"][3:5]],
        ["evaluations.3.languages: SLAM's tables need 'en'"],
    ),
    "SLAM by decoding": (
        put("evaluations.3.decoding", "forced-prefix"),
        ["evaluations.3.decoding: SLAM's tables compare models"],
    ),
    "sweep of several layers": (
        lambda c: c["evaluations"][4]["models"].append("slam"),
        ["evaluations.4.models: 'slam' does not tune a single listed layer"],
    ),
    "threshold above 1": (put("slam.select.threshold", 2), ["slam.select.threshold: 2 is too large"]),
    "frame of two steps": (
        put("benchmarks.mini-msvamp.steps", 2),
        ["benchmarks.mini-msvamp.steps: a frame has one step"],
    ),
    # Names stand in paths and commands.
    "study of 300 letters": (put("study", "a" * 300), ["study: 'aaaaaaaaaa", "must have the form"]),
    "study outside": (put("study", "../mine"), ["study: '../mine' must have the form"]),
    "study with a line end": (put("study", "mine\n"), ["study: 'mine\\n' must have the form"]),
    "benchmark as a command": (
        lambda c: c["benchmarks"].update({"x; touch /tmp/x": c["benchmarks"]["mini-mgsm"]}),
        ["benchmarks: 'x; touch /tmp/x' must have the form"],
    ),
    "benchmark outside": (
        lambda c: c["benchmarks"].update({"../x": c["benchmarks"]["mini-mgsm"]}),
        ["benchmarks: '../x' must have the form"],
    ),
    "benchmark called like a table": (
        lambda c: c["benchmarks"].update(scores=c["benchmarks"]["mini-mgsm"]),
        ["benchmarks.scores: tables/merge-scores.csv is another table"],
    ),
    "model as an option": (lambda c: c["models"].update({"--out": c["models"]["lrm"]}), ["models: '--out' must"]),
    "two files of one name": (
        put("sources", {"x": {"format": "mgsm", "urls": [{"url": f"https://h/{n}/mgsm_fr.tsv"} for n in (1, 2)]}}),
        ["sources.x.urls.1.url: a second file 'mgsm_fr.tsv'"],
    ),
    "file without a name": (
        put("sources", {"x": {"format": "mgsm", "urls": [{"url": "https://h/.."}]}}),
        ["sources.x.urls.0.url: its path does not end in a file name, but in '..'"],
    ),
    "a login in a URL": (
        put("sources", {"x": {"format": "mgsm", "urls": [{"url": "https://me:secret@h/mgsm_fr.tsv"}]}}),
        ["sources.x.urls.0.url: holds a login"],
    ),
    "a token in a URL": (
        put("sources", {"x": {"format": "mgsm", "urls": [{"url": "https://h/mgsm_fr.tsv?download=1&token=3f9c1"}]}}),
        ["sources.x.urls.0.url: 'token' may be a secret", "write ${NAME} instead of its value"],
    ),
    "a signature in a URL": (
        put(
            "sources", {"x": {"format": "mgsm", "urls": [{"url": "https://h/mgsm_fr.tsv?sv=1&hash=0123456789abcdef"}]}}
        ),
        ["sources.x.urls.0.url: 'hash' may be a secret"],
    ),
    "a login in a URL of a wrong scheme": (
        put("sources", {"x": {"format": "mgsm", "urls": [{"url": "ftp://me:3f9c1@h/mgsm_fr.tsv"}]}}),
        ["sources.x.urls.0.url: 'ftp://***@h/mgsm_fr.tsv' must have the form"],
    ),
    "unknown prompts": (put("prompts", "adamme"), ["prompts: unknown set 'adamme'", "did you mean 'adamame'"]),
    "prompts for another kind of question": (
        put("prompts", "adamame"),
        ["questions of the kind 'choice'", "the prompts 'adamame' are only for math"],
    ),
    "prompts of raw text for a chat model": (
        put(
            "prompts", {"source": "me", "form": "text", **dict.fromkeys(("math", "choice", "entailment"), "{question}")}
        ),
        ["prompts.choice: the options are missing"],
    ),
    "prompts without a placeholder": (
        put("prompts", {"source": "me", "math": "Go!"}),
        ["prompts.math: the question is missing"],
    ),
    "bomb of aliases": (put("scale", bomb(9)), ["has more than 100,000 values"]),
    "a list in itself": (put("scale", endless()), ["has more than 100,000 values"]),
    "escapes for a terminal": (put("languages", ["en", "\x1b[2J"]), ["languages.1: '\\x1b[2J' must have the form"]),
}
