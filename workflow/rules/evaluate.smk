# Evaluation: generate once (a GPU's work), score as often as a metric changes (a CPU's), then one table.


# Every question of a benchmark in every language, k samples each, for one model.
rule generate:
    input:
        model=evaluated_model,
        questions=evaluated_questions,
    output:
        "<results>/seed-{seed}/generations/{evaluated}/{benchmark}.parquet",
    log:
        "<logs>/seed-{seed}/generate/{evaluated}/{benchmark}.log",
    wildcard_constraints:
        evaluated=evaluated_as("alone"),
    group:
        "evaluate"
    conda:
        "../envs/vernacular.yaml"
    threads: study["threads"]
    resources:
        **job_resources(of_evaluation),
    params:
        script=script("generate.py"),
        options=generation_options,
        threads=generation_threads,
        code=code("generate.py"),
    message:
        "generate: {wildcards.evaluated} answers {wildcards.benchmark} (seed {wildcards.seed})"
    shell:
        "python {params.script:q} --model {input.model:q} --questions {input.questions:q}"
        " --benchmark {wildcards.benchmark} --options {params.options:q} --seed {wildcards.seed}"
        " --threads {params.threads} --out {output:q} > {log:q} 2>&1"


# The same for a merge; the language that its gate is told comes from the identifier.
rule generate_merged:
    input:
        model=evaluated_model,
        encoder=evaluated_part("encoder"),
        llm=evaluated_part("llm"),
        questions=evaluated_questions,
    output:
        "<results>/seed-{seed}/generations/{evaluated}/{benchmark}.parquet",
    log:
        "<logs>/seed-{seed}/generate/{evaluated}/{benchmark}.log",
    wildcard_constraints:
        evaluated=evaluated_as("merged"),
    group:
        "evaluate"
    conda:
        "../envs/vernacular.yaml"
    threads: study["threads"]
    resources:
        **job_resources(of_evaluation),
    params:
        script=script("generate_merged.py"),
        options=generation_options,
        threads=generation_threads,
        identifier=IDENTIFIER,
        code=code("generate_merged.py"),
    message:
        "generate: {wildcards.evaluated} answers {wildcards.benchmark} (seed {wildcards.seed})"
    shell:
        "python {params.script:q} --model {input.model:q} --questions {input.questions:q}"
        " --benchmark {wildcards.benchmark} --options {params.options:q} --seed {wildcards.seed}"
        " --threads {params.threads} --identifier {params.identifier:q} --out {output:q} > {log:q} 2>&1"


# The same for an LLM behind a translator (translate-en).
rule generate_translated:
    input:
        model=evaluated_model,
        translator=translator,
        questions=evaluated_questions,
    output:
        "<results>/seed-{seed}/generations/{evaluated}/{benchmark}.parquet",
    log:
        "<logs>/seed-{seed}/generate/{evaluated}/{benchmark}.log",
    wildcard_constraints:
        evaluated=evaluated_as("translated"),
    group:
        "evaluate"
    conda:
        "../envs/vernacular.yaml"
    threads: study["threads"]
    resources:
        **job_resources(of_evaluation),
    params:
        script=script("generate_translated.py"),
        options=generation_options,
        threads=generation_threads,
        code=code("generate_translated.py"),
    message:
        "generate: {wildcards.evaluated} answers {wildcards.benchmark} (seed {wildcards.seed})"
    shell:
        "python {params.script:q} --model {input.model:q} --translator {input.translator:q}"
        " --questions {input.questions:q} --benchmark {wildcards.benchmark} --options {params.options:q}"
        " --seed {wildcards.seed} --threads {params.threads} --out {output:q} > {log:q} 2>&1"


# A verdict for each completion: right answer, language of the trace, of its lines, of its words.
rule score:
    input:
        generations="<results>/seed-{seed}/generations/{evaluated}/{benchmark}.parquet",
        questions=evaluated_questions,
    output:
        "<results>/seed-{seed}/scores/{evaluated}/{benchmark}.parquet",
    log:
        "<logs>/seed-{seed}/score/{evaluated}/{benchmark}.log",
    group:
        "evaluate"
    conda:
        "../envs/vernacular.yaml"
    params:
        script=script("score.py"),
        identifier=IDENTIFIER,
        code=code("score.py"),
    message:
        "score: {wildcards.evaluated} on {wildcards.benchmark} (seed {wildcards.seed})"
    shell:
        "python {params.script:q} --generations {input.generations:q} --questions {input.questions:q}"
        " --benchmark {wildcards.benchmark} --identifier {params.identifier:q} --out {output:q} > {log:q} 2>&1"


# Rates with intervals, by language and in groups of languages.
rule table:
    input:
        table_scores,
    output:
        report(
            "<results>/tables/{table}.csv",
            caption="../report/table.rst",
            category="Results",
            labels={"figure": "Table ({table})"},
        ),
    log:
        "<logs>/table/{table}.log",
    wildcard_constraints:
        table="scores|adamame|schedules|trajectories|mgsm|slam-scores|merge-scores|merge-steering|merge-adamame",
    conda:
        "../envs/vernacular.yaml"
    params:
        script=script("make_table.py"),
        options=table_options,
        code=code("make_table.py"),
    message:
        "table: writing tables/{wildcards.table}.csv"
    shell:
        "python {params.script:q} {input:q} --options {params.options:q} --out {output:q} > {log:q} 2>&1"
