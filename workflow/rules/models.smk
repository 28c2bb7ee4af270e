# Models that the recipes start from: from scratch, from a folder, or fine-tuned. One rule for each recipe.
#
# Trainings go before evaluations (priority): they are what everything else waits for.
# Checkpoints live outside the outputs, which Snakemake deletes before every attempt; a killed training goes on from them.


# A tokenizer and a base model from scratch.
rule pretrain:
    input:
        data=training_data,
    output:
        model=directory("<results>/seed-{seed}/models/{model}"),
        costs="<results>/costs/seed-{seed}/{model}.csv",
    log:
        "<logs>/seed-{seed}/pretrain/{model}.log",
    wildcard_constraints:
        model=models_of("pretrain"),
    priority: 10
    conda:
        "../envs/vernacular.yaml"
    threads: recipe_threads
    resources:
        **job_resources(of_recipe),
    params:
        script=script("pretrain.py"),
        recipe=recipe,
        code=code("pretrain.py"),
        checkpoints=checkpoints,
    message:
        "pretrain: training {wildcards.model} from scratch (seed {wildcards.seed})"
    shell:
        "python {params.script:q} --recipe {params.recipe:q} --code {params.code} --seed {wildcards.seed}"
        " --input data={input.data:q} --checkpoints {params.checkpoints:q}"
        " --out {output.model:q} --costs {output.costs:q} --progress 3 3>&2 > {log:q} 2>&1"


# A model that exists already: in a folder of its own, or fetched from the hub.
rule fetch_folder:
    input:
        folder=folder_source,
        record=download_record,
        template=chat_template,
    output:
        directory("<results>/seed-{seed}/models/{model}"),
    log:
        "<logs>/seed-{seed}/fetch_folder/{model}.log",
    wildcard_constraints:
        model=models_of("folder", "hub"),
    conda:
        "../envs/vernacular.yaml"
    params:
        script=script("fetch_folder.py"),
        code=code("fetch_folder.py"),
    message:
        "fetch_folder: taking {wildcards.model} from {input.folder}"
    shell:
        "python {params.script:q} --source {input.folder:q} --record {input.record:q}"
        " --chat-template {input.template:q} --out {output:q} > {log:q} 2>&1"


# All weights of a model, or LoRA adapters, on a set of the section `data`.
rule train_finetune:
    input:
        parent=parent,
        data=training_data,
    output:
        model=directory("<results>/seed-{seed}/models/{model}"),
        costs="<results>/costs/seed-{seed}/{model}.csv",
    log:
        "<logs>/seed-{seed}/train_finetune/{model}.log",
    wildcard_constraints:
        model=models_of("finetune"),
    priority: 10
    conda:
        "../envs/vernacular.yaml"
    threads: recipe_threads
    resources:
        **job_resources(of_recipe),
    params:
        script=script("train_finetune.py"),
        recipe=recipe,
        code=code("train_finetune.py"),
        checkpoints=checkpoints,
    message:
        "train_finetune: training {wildcards.model} (seed {wildcards.seed})"
    shell:
        "python {params.script:q} --recipe {params.recipe:q} --code {params.code} --seed {wildcards.seed}"
        " --input parent={input.parent:q} --input data={input.data:q} --checkpoints {params.checkpoints:q}"
        " --out {output.model:q} --costs {output.costs:q} --progress 3 3>&2 > {log:q} 2>&1"


# A tokenizer and an encoder-decoder from scratch: the encoder of the merges.
rule pretrain_translator:
    input:
        data=training_data,
    output:
        model=directory("<results>/seed-{seed}/models/{model}"),
        costs="<results>/costs/seed-{seed}/{model}.csv",
    log:
        "<logs>/seed-{seed}/pretrain_translator/{model}.log",
    wildcard_constraints:
        model=models_of("translator"),
    priority: 10
    conda:
        "../envs/vernacular.yaml"
    threads: recipe_threads
    resources:
        **job_resources(of_recipe),
    params:
        script=script("pretrain_translator.py"),
        recipe=recipe,
        code=code("pretrain_translator.py"),
        checkpoints=checkpoints,
    message:
        "pretrain_translator: training {wildcards.model} from scratch (seed {wildcards.seed})"
    shell:
        "python {params.script:q} --recipe {params.recipe:q} --code {params.code} --seed {wildcards.seed}"
        " --input data={input.data:q} --checkpoints {params.checkpoints:q}"
        " --out {output.model:q} --costs {output.costs:q} --progress 3 3>&2 > {log:q} 2>&1"


# A trained model as it was after an earlier step, while its trajectory is evaluated.
rule take_checkpoint:
    input:
        model=parent,
        parent=checkpoint_parent,
    output:
        temp(directory("<results>/seed-{seed}/models/{model}")),
    log:
        "<logs>/seed-{seed}/take_checkpoint/{model}.log",
    wildcard_constraints:
        model=models_of("checkpoint"),
    group:
        "evaluate"
    conda:
        "../envs/vernacular.yaml"
    resources:
        **job_resources(of_recipe),
    params:
        script=script("take_checkpoint.py"),
        step=checkpoint_step,
        code=code("take_checkpoint.py"),
    message:
        "take_checkpoint: taking {wildcards.model} (seed {wildcards.seed})"
    shell:
        "python {params.script:q} --model {input.model:q} --parent {input.parent:q} --step {params.step:q}"
        " --out {output:q} > {log:q} 2>&1"
