# In: parents and what they are trained on. Out: models, as Transformers folders, and what each training cost.
#
# One rule for each recipe; which models there are, and from which parents, is in the configuration. A recipe is a row of
# src/vernacular/study/recipes.py, its keys in workflow/schemas/config.schema.yaml, a script, and a rule here.
# Checkpoints are outside the outputs, which Snakemake deletes before every attempt; a killed training resumes from them.


rule train:
    """What every training has in common; it makes no model itself."""
    input:
        parent=lambda w: STUDY.paths.model(STUDY.models[w.model].options["from"], w.seed),
        data=lambda w: stages.training_file(STUDY, w.model, w.seed),
    output:
        model=directory("<results>/seed-{seed}/models/{model}"),
        costs="<results>/costs/seed-{seed}/{model}.csv",
    log:
        "<logs>/seed-{seed}/train/{model}.log",
    wildcard_constraints:
        model=one_of([]),
    priority: 10  # everything else waits for them
    conda:
        "../envs/vernacular.yaml"
    threads: lambda w: stages.training_threads(STUDY, w.model)
    resources:
        **job_resources(LIMITS, lambda w: STUDY.models[w.model].options["resources"]),
    params:
        **job("train_sft"),
        recipe=lambda w: stages.recipe_json(STUDY, w.model),
        inputs=lambda w, input: [f"{name}={path}" for name, path in input.items() if path],
        checkpoints=lambda w: f"{STUDY.paths.results}/seed-{w.seed}/checkpoints",
        # It changes no model; as it depends on threads, the rerun trigger `params` leaves it out.
        track=lambda w, threads: stages.tracking(STUDY, w.model, w.seed),
    message:
        "{rule}: training {wildcards.model} (seed {wildcards.seed})"
    shell:
        "python {params.script:q} --recipe {params.recipe:q} --code {params.code} --seed {wildcards.seed}"
        " --input {params.inputs:q} --checkpoints {params.checkpoints:q} --out {output.model:q} --costs {output.costs:q}"
        " {params.track:q} --progress 3 3>&2 > {log:q} 2>&1"


use rule train as pretrain with:
    """A tokenizer and a decoder from scratch."""
    input:
        data=lambda w: stages.training_file(STUDY, w.model, w.seed),
    wildcard_constraints:
        model=one_of(stages.models_of(STUDY, "pretrain")),
    params:
        **job("pretrain"),


use rule train as pretrain_translator with:
    """A tokenizer and an encoder-decoder from scratch: the encoder of the merges."""
    input:
        data=lambda w: stages.training_file(STUDY, w.model, w.seed),
    wildcard_constraints:
        model=one_of(stages.models_of(STUDY, "pretrain_translator")),
    params:
        **job("pretrain_translator"),


use rule train as train_finetune with:
    """All weights of a model, or LoRA adapters, on a training set."""
    wildcard_constraints:
        model=one_of(stages.models_of(STUDY, "train_finetune")),
    params:
        **job("train_finetune"),


use rule train as train_sft with:
    """AdaMame's first stage (arXiv 2606.15080): SFT on the filtered native traces."""
    wildcard_constraints:
        model=one_of(stages.models_of(STUDY, "train_sft")),
    params:
        **job("train_sft"),


use rule train as train_grpo with:
    """AdaMame's second stage and its baselines: GRPO with the recipe's alignment."""
    input:
        parent=lambda w: STUDY.paths.model(STUDY.models[w.model].options["from"], w.seed),
        data=lambda w: stages.training_file(STUDY, w.model, w.seed),
        functions=lambda w: functions.functions_folder(STUDY, w.model),
    wildcard_constraints:
        model=one_of(stages.models_of(STUDY, "train_grpo")),
    params:
        **job("train_grpo"),


rule try_functions:
    """The study's own schedule and rewards of a model: tried before it trains, and copied with the files they import."""
    output:
        directory("<results>/functions/{model}"),
    log:
        "<logs>/try_functions/{model}.log",
    wildcard_constraints:
        model=one_of(FUNCTIONS),
    priority: 20
    conda:
        "../envs/vernacular.yaml"
    params:
        **job("try_functions"),
        options=lambda w: functions.functions_options(STUDY, w.model, FUNCTIONS[w.model].code).to_json(),
        # Where they are changes nothing; as it depends on threads, the rerun trigger `params` leaves it out.
        folder=lambda w, threads: str(shown_folder(FUNCTIONS[w.model].folder)),
        files=lambda w, threads: FUNCTIONS[w.model].files,
    message:
        "try_functions: trying the schedule and rewards of {wildcards.model}"
    shell:
        "python {params.script:q} --folder {params.folder:q} --files {params.files:q} --options {params.options:q}"
        " --out {output:q} > {log:q} 2>&1"


use rule train as train_slam with:
    """SLAM's one stage (arXiv 2501.03681): the feed-forward matrices of the layers that handle language."""
    input:
        parent=lambda w: STUDY.paths.model(STUDY.models[w.model].options["from"], w.seed),
        data=lambda w: stages.training_file(STUDY, w.model, w.seed),
        layers="<results>/seed-{seed}/slam/{model}/layers.json",
    wildcard_constraints:
        model=one_of(stages.models_of(STUDY, "train_slam")),
    params:
        **job("train_slam"),


use rule train as train_mapping with:
    """A merge's first stage: the encoder's features become an English sentence. Neither parent is trained."""
    input:
        llm=lambda w: STUDY.paths.model(STUDY.models[w.model].parts["llm"], w.seed),
        encoder=lambda w: STUDY.paths.model(STUDY.models[w.model].parts["encoder"], w.seed),
        data=lambda w: stages.training_file(STUDY, w.model, w.seed),
    wildcard_constraints:
        model=one_of(stages.models_of(STUDY, "train_mapping")),
    params:
        **job("train_mapping"),


use rule train as train_merge with:
    """A merge's second stage: mapping, boundary and gate, on questions in all languages with English answers."""
    input:
        parent=lambda w: STUDY.paths.model(STUDY.models[w.model].options["from"], w.seed),
        llm=lambda w: STUDY.paths.model(STUDY.models[w.model].parts["llm"], w.seed),
        encoder=lambda w: STUDY.paths.model(STUDY.models[w.model].parts["encoder"], w.seed),
        data=lambda w: stages.training_file(STUDY, w.model, w.seed),
    wildcard_constraints:
        model=one_of(stages.models_of(STUDY, "train_merge")),
    params:
        **job("train_merge"),


rule fetch_folder:
    """A model that exists already: in a folder or a GGUF file of the user's, or fetched from the hub."""
    input:
        folder=lambda w: stages.model_place(STUDY, w.model),
        record=lambda w: [
            f"{STUDY.paths.download(name)}.json" for name in [f"models/{w.model}"] if name in STUDY.downloads
        ],
        template=lambda w: chat_template(STUDY.models[w.model].options),
    output:
        directory("<results>/seed-{seed}/models/{model}"),
    log:
        "<logs>/seed-{seed}/fetch_folder/{model}.log",
    wildcard_constraints:
        model=one_of(stages.models_of(STUDY, "fetch_folder")),
    conda:
        "../envs/vernacular.yaml"
    params:
        **job("fetch_folder"),
        flags=lambda w: stages.fetch_flags(STUDY, w.model),
    message:
        "fetch_folder: taking {wildcards.model} from {input.folder}"
    shell:
        "python {params.script:q} --source {input.folder:q} --record {input.record:q}"
        " --chat-template {input.template:q} {params.flags:q} --out {output:q} > {log:q} 2>&1"


rule merge_weights:
    """Models of one architecture, merged weight by weight (src/vernacular/merge/weights.py)."""
    input:
        parent=lambda w: STUDY.paths.model(STUDY.models[w.model].options["from"], w.seed),
        models=lambda w: [STUDY.paths.model(name, w.seed) for name in STUDY.models[w.model].options["models"]],
        chosen=lambda w: stages.chosen_layers(STUDY, w.model, w.seed),
    output:
        directory("<results>/seed-{seed}/models/{model}"),
    log:
        "<logs>/seed-{seed}/merge_weights/{model}.log",
    wildcard_constraints:
        model=one_of(stages.models_of(STUDY, "merge_weights")),
    conda:
        "../envs/vernacular.yaml"
    resources:
        **job_resources(LIMITS, lambda w: STUDY.models[w.model].options["resources"]),
    params:
        **job("merge_weights"),
        options=lambda w: stages.weights_options(STUDY, w.model).to_json(),
    message:
        "merge_weights: merging {wildcards.model} (seed {wildcards.seed})"
    shell:
        "python {params.script:q} --parent {input.parent:q} --models {input.models:q} --options {params.options:q}"
        " --chosen {input.chosen:q} --seed {wildcards.seed} --out {output:q} > {log:q} 2>&1"


rule take_checkpoint:
    """A model as it was after an earlier step of its training."""
    input:
        model=lambda w: STUDY.paths.model(STUDY.models[w.model].options["from"], w.seed),
        parent=lambda w: stages.checkpoint_parent(STUDY, w.model, w.seed),
    output:
        temp(directory("<results>/seed-{seed}/models/{model}")),
    log:
        "<logs>/seed-{seed}/take_checkpoint/{model}.log",
    wildcard_constraints:
        model=one_of(stages.models_of(STUDY, "take_checkpoint")),
    group:
        "evaluate"
    conda:
        "../envs/vernacular.yaml"
    resources:
        **job_resources(LIMITS, lambda w: STUDY.models[w.model].options["resources"]),
    params:
        **job("take_checkpoint"),
        step=lambda w: STUDY.models[w.model].options["step"],
    message:
        "take_checkpoint: taking {wildcards.model} (seed {wildcards.seed})"
    shell:
        "python {params.script:q} --model {input.model:q} --parent {input.parent:q} --step {params.step:q}"
        " --out {output:q} > {log:q} 2>&1"
