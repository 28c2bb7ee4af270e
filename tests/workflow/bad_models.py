"""Bad edits of the default study's models: recipes, trainers' options, processes, SLAM's layers, merges of weights.

With what the one line of the error then says.
"""

from edits import FORGET, Edit, put

MODELS: dict[str, tuple[Edit, list[str]]] = {
    "unknown schedule": (
        put("models.adamame.alignment.schedule", "cosin"),
        ["alignment.schedule: 'cosin'", "'cosine'"],
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
    "prompts missing": (put("rl", FORGET), ["the recipe 'grpo' needs the section 'rl'"]),
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
    "traces missing": (put("traces", FORGET), ["models.sft: the recipe 'sft' needs the section 'traces'"]),
    "unknown set": (put("models.reasoner.data", "reasonin"), ["models.reasoner.data: set 'reasonin'", "'reasoning'"]),
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
    "model as an option": (lambda c: c["models"].update({"--out": c["models"]["lrm"]}), ["models: '--out' must"]),
}
