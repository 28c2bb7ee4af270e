# ST-Merge (arXiv 2606.19002), MindMerger (arXiv 2405.17386) and LangBridge: an encoder and an LLM, merged.
#
# Neither parent is trained: what a merge's folder holds is a small connector, and where its parents stand.


# The mapping alone: the encoder's features become an English sentence. MindMerger, ST-Merge and ablations start from it.
rule train_mapping:
    input:
        llm=merged("llm"),
        encoder=merged("encoder"),
        data=training_data,
    output:
        model=directory("<results>/seed-{seed}/models/{model}"),
        costs="<results>/costs/seed-{seed}/{model}.csv",
    log:
        "<logs>/seed-{seed}/train_mapping/{model}.log",
    wildcard_constraints:
        model=models_of("merge-mapping"),
    priority: 10
    conda:
        "../envs/vernacular.yaml"
    threads: recipe_threads
    resources:
        **job_resources(of_recipe),
    params:
        script=script("train_mapping.py"),
        recipe=recipe,
        code=code("train_mapping.py"),
        checkpoints=checkpoints,
    message:
        "train_mapping: training {wildcards.model} (seed {wildcards.seed})"
    shell:
        "python {params.script:q} --recipe {params.recipe:q} --code {params.code} --seed {wildcards.seed}"
        " --input llm={input.llm:q} --input encoder={input.encoder:q} --input data={input.data:q}"
        " --checkpoints {params.checkpoints:q} --out {output.model:q} --costs {output.costs:q}"
        " --progress 3 3>&2 > {log:q} 2>&1"


# The whole connector: mapping, boundary and gate, on questions in all languages with English answers.
rule train_merge:
    input:
        parent=parent,
        llm=merged("llm"),
        encoder=merged("encoder"),
        data=training_data,
    output:
        model=directory("<results>/seed-{seed}/models/{model}"),
        costs="<results>/costs/seed-{seed}/{model}.csv",
    log:
        "<logs>/seed-{seed}/train_merge/{model}.log",
    wildcard_constraints:
        model=models_of("merge"),
    priority: 10
    conda:
        "../envs/vernacular.yaml"
    threads: recipe_threads
    resources:
        **job_resources(of_recipe),
    params:
        script=script("train_merge.py"),
        recipe=recipe,
        code=code("train_merge.py"),
        checkpoints=checkpoints,
    message:
        "train_merge: training {wildcards.model} (seed {wildcards.seed})"
    shell:
        "python {params.script:q} --recipe {params.recipe:q} --code {params.code} --seed {wildcards.seed}"
        " --input parent={input.parent:q} --input llm={input.llm:q} --input encoder={input.encoder:q}"
        " --input data={input.data:q} --checkpoints {params.checkpoints:q} --out {output.model:q}"
        " --costs {output.costs:q} --progress 3 3>&2 > {log:q} 2>&1"


# The averages of every merge on the four benchmarks, against the baseline and against the LLM alone.
rule merge_table:
    input:
        merge_scores,
    output:
        report(
            "<results>/tables/merge.csv",
            caption="../report/merge_table.rst",
            category="ST-Merge",
            labels={"figure": "Merges on the four benchmarks"},
        ),
    log:
        "<logs>/merge_table.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        script=script("make_merge_table.py"),
        options=merge_options,
        code=code("make_merge_table.py"),
    message:
        "merge_table: writing tables/merge.csv"
    shell:
        "python {params.script:q} {input:q} --options {params.options:q} --out {output:q} > {log:q} 2>&1"


# Accuracy by language in the papers' layout: a row for each model, low-resource languages first, English, the average.
rule merge_languages:
    input:
        merge_scores,
    output:
        report(
            "<results>/tables/merge-{benchmark}.csv",
            caption="../report/merge_languages.rst",
            category="ST-Merge",
            labels={"figure": "{benchmark} by language"},
        ),
    log:
        "<logs>/merge_languages/{benchmark}.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        script=script("make_merge_languages.py"),
        options=merge_options,
        code=code("make_merge_languages.py"),
    message:
        "merge_languages: writing tables/merge-{wildcards.benchmark}.csv"
    shell:
        "python {params.script:q} {input:q} --benchmark {wildcards.benchmark} --options {params.options:q}"
        " --out {output:q} > {log:q} 2>&1"


# Both weights of the gate by language, next to the gain in accuracy.
rule merge_gates:
    input:
        generations=merge_generations,
        scores=merge_scores,
    output:
        png=report(
            "<results>/figures/merge-gates.png",
            caption="../report/merge_gates.rst",
            category="ST-Merge",
            labels={"figure": "Gates and gains by language"},
        ),
        svg="<results>/figures/merge-gates.svg",
        csv="<results>/figures/merge-gates.csv",
    log:
        "<logs>/merge_gates.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        script=script("plot_merge_gates.py"),
        options=merge_options,
        code=code("plot_merge_gates.py"),
    message:
        "merge_gates: drawing the gates by language"
    shell:
        "python {params.script:q} {input.scores:q} --generations {input.generations:q} --options {params.options:q}"
        " --png {output.png:q} --svg {output.svg:q} --csv {output.csv:q} > {log:q} 2>&1"
