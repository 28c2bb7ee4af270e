# AdaMame (arXiv 2606.15080) and its baselines: SFT on native traces, then GRPO whose reward grows for traces in the query's
# language. Which models there are, and from which parents, stands in the config.


# Stage 1: SFT on the filtered native traces.
rule train_sft:
    input:
        parent=parent,
        data="<results>/corpus/traces/kept.parquet",
    output:
        model=directory("<results>/seed-{seed}/models/{model}"),
        costs="<results>/costs/seed-{seed}/{model}.csv",
    log:
        "<logs>/seed-{seed}/train_sft/{model}.log",
    wildcard_constraints:
        model=models_of("sft"),
    priority: 10
    conda:
        "../envs/vernacular.yaml"
    threads: recipe_threads
    resources:
        **job_resources(of_recipe),
    params:
        script=script("train_sft.py"),
        recipe=recipe,
        code=code("train_sft.py"),
        checkpoints=checkpoints,
    message:
        "train_sft: training {wildcards.model} (seed {wildcards.seed})"
    shell:
        "python {params.script:q} --recipe {params.recipe:q} --code {params.code} --seed {wildcards.seed}"
        " --input parent={input.parent:q} --input data={input.data:q} --checkpoints {params.checkpoints:q}"
        " --out {output.model:q} --costs {output.costs:q} --progress 3 3>&2 > {log:q} 2>&1"


# RL prompts that the parent solves sometimes, not always: 1 <= correct < k of its k samples.
rule rl_prompts:
    input:
        parent="<results>/seed-{seed}/models/{model}",
        questions="<results>/corpus/questions/train.parquet",
    output:
        "<results>/seed-{seed}/corpus/rl/{model}.parquet",
    log:
        "<logs>/seed-{seed}/rl_prompts/{model}.log",
    priority: 10
    conda:
        "../envs/vernacular.yaml"
    threads: 1
    resources:
        **job_resources(of_section("rl")),
    params:
        script=script("make_rl_prompts.py"),
        options=rl_options,
        code=code("make_rl_prompts.py"),
    message:
        "rl_prompts: finding the questions that {wildcards.model} solves sometimes (seed {wildcards.seed})"
    shell:
        "python {params.script:q} --model {input.parent:q} --questions {input.questions:q} --options {params.options:q}"
        " --seed {wildcards.seed} --out {output:q} > {log:q} 2>&1"


# Stage 2: GRPO; `alignment` in the recipe is what makes it plain GRPO, AdaMame or another baseline.
rule train_grpo:
    input:
        parent=parent,
        data=rl_prompts_of_parent,
    output:
        model=directory("<results>/seed-{seed}/models/{model}"),
        costs="<results>/costs/seed-{seed}/{model}.csv",
    log:
        "<logs>/seed-{seed}/train_grpo/{model}.log",
    wildcard_constraints:
        model=models_of("grpo"),
    priority: 10
    conda:
        "../envs/vernacular.yaml"
    threads: recipe_threads
    resources:
        **job_resources(of_recipe),
    params:
        script=script("train_grpo.py"),
        recipe=recipe,
        identifier=IDENTIFIER,
        code=code("train_grpo.py"),
        checkpoints=checkpoints,
    message:
        "train_grpo: training {wildcards.model} (seed {wildcards.seed})"
    shell:
        "python {params.script:q} --recipe {params.recipe:q} --code {params.code} --seed {wildcards.seed}"
        " --identifier {params.identifier:q} --input parent={input.parent:q} --input data={input.data:q}"
        " --checkpoints {params.checkpoints:q} --out {output.model:q} --costs {output.costs:q} --progress 3 3>&2 > {log:q} 2>&1"
