# In: models and questions. Out: generations (a GPU's work), then verdicts on them, as often as a metric changes (a CPU's).
#
# A killed generation goes on after its last whole batch: those are kept in a hidden file next to the output.


rule generate:
    """Every question of a benchmark in every language, k samples each, answered by one model."""
    input:
        model=lambda w: STUDY.paths.model(STUDY.answers[w.label, w.benchmark].model, w.seed),
        questions=lambda w: STUDY.paths.questions(STUDY.answers[w.label, w.benchmark].options.split),
    output:
        "<results>/seed-{seed}/generations/{label}/{benchmark}.parquet",
    log:
        "<logs>/seed-{seed}/generate/{label}/{benchmark}.log",
    wildcard_constraints:
        label=one_of(stages.labels_of(STUDY, "alone")),
    group:
        "evaluate"
    conda:
        "../envs/vernacular.yaml"
    threads: STUDY.config["threads"]
    resources:
        **job_resources(LIMITS, lambda w: STUDY.answers[w.label, w.benchmark].resources),
    params:
        **job("generate"),
        options=lambda w: stages.without_batches(STUDY.answers[w.label, w.benchmark].options),
        # As of `threads` below: it depends on the memory that is asked for, and no change of that reruns anything.
        batch_tokens=lambda w, threads: STUDY.answers[w.label, w.benchmark].options.batch_tokens,
        # torch's threads, which {threads} would cut to --cores; as it depends on them, the trigger `params` ignores it.
        threads=lambda w, threads: STUDY.config["threads"],
        flags=lambda w, input: ["--model", input.model, "--questions", input.questions],
    message:
        "generate: {wildcards.label} answers {wildcards.benchmark} (seed {wildcards.seed})"
    shell:
        "python {params.script:q} {params.flags:q} --benchmark {wildcards.benchmark} --options {params.options:q}"
        " --batch-tokens {params.batch_tokens} --seed {wildcards.seed} --threads {params.threads} --code {params.code} --out {output:q} --progress 3 3>&2"
        " > {log:q} 2>&1"


use rule generate as generate_merged with:
    """The same for a merge; the language that its gate is told comes from the identifier."""
    input:
        model=lambda w: STUDY.paths.model(STUDY.answers[w.label, w.benchmark].model, w.seed),
        encoder=lambda w: stages.merge_part(STUDY, (w.label, w.benchmark), "encoder", w.seed),
        llm=lambda w: stages.merge_part(STUDY, (w.label, w.benchmark), "llm", w.seed),
        questions=lambda w: STUDY.paths.questions(STUDY.answers[w.label, w.benchmark].options.split),
    wildcard_constraints:
        label=one_of(stages.labels_of(STUDY, "merged")),
    params:
        **job("generate_merged"),
        flags=lambda w, input: ["--model", input.model, "--questions", input.questions, "--identifier", IDENTIFIER],


use rule generate as generate_translated with:
    """The same for an LLM that reads the questions in English, through a translator (translate-en)."""
    input:
        model=lambda w: STUDY.paths.model(STUDY.answers[w.label, w.benchmark].model, w.seed),
        translator=lambda w: STUDY.paths.model(STUDY.answers[w.label, w.benchmark].translator, w.seed),
        questions=lambda w: STUDY.paths.questions(STUDY.answers[w.label, w.benchmark].options.split),
    wildcard_constraints:
        label=one_of(stages.labels_of(STUDY, "translated")),
    params:
        **job("generate_translated"),
        flags=lambda w, input: [f"--{name}={path}" for name, path in input.items()],


rule score:
    """A verdict for each completion: right answer, language of the trace, of its lines, of its words."""
    input:
        generations="<results>/seed-{seed}/generations/{label}/{benchmark}.parquet",
        questions=lambda w: STUDY.paths.questions(STUDY.answers[w.label, w.benchmark].options.split),
    output:
        "<results>/seed-{seed}/scores/{label}/{benchmark}.parquet",
    log:
        "<logs>/seed-{seed}/score/{label}/{benchmark}.log",
    group:
        "evaluate"
    conda:
        "../envs/vernacular.yaml"
    params:
        **job("score"),
        options=lambda w: stages.without_batches(STUDY.answers[w.label, w.benchmark].options),
        identifier=IDENTIFIER,
    message:
        "score: {wildcards.label} on {wildcards.benchmark} (seed {wildcards.seed})"
    shell:
        "python {params.script:q} --generations {input.generations:q} --questions {input.questions:q}"
        " --benchmark {wildcards.benchmark} --options {params.options:q} --identifier {params.identifier:q}"
        " --out {output:q} > {log:q} 2>&1"
