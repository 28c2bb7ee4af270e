# In: phrasebooks, files of real questions. Out: questions, native traces (raw, then filtered), training sets, RL prompts.
#
# A problem's split follows from its operations and operands, so nothing that is tested was ever trained on.


rule make_questions:
    """The questions of one split: every benchmark in every language, parallel."""
    input:
        phrasebooks=corpus.phrasebooks(STUDY),
        sources=lambda w: corpus.source_files_of(STUDY, corpus.question_sources(STUDY, w.split)),
    output:
        "<results>/corpus/questions/{split}.parquet",
    log:
        "<logs>/make_questions/{split}.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        **job("make_questions"),
        options=lambda w: corpus.questions_options(STUDY, w.split).to_json(),
    message:
        "make_questions: writing the {wildcards.split} split"
    shell:
        "python {params.script:q} --split {wildcards.split} --options {params.options:q} --out {output:q} > {log:q} 2>&1"


rule make_training_data:
    """A named training set: plain text, problems with traces, pairs, or translation into English."""
    input:
        phrasebooks=corpus.phrasebooks(STUDY),
        sources=lambda w: corpus.source_files_of(STUDY, corpus.set_sources(STUDY, w.data)),
    output:
        "<results>/corpus/training/{data}.parquet",
    log:
        "<logs>/make_training_data/{data}.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        **job("make_training_data"),
        options=lambda w: corpus.training_data_options(STUDY, w.data).to_json(),
    message:
        "make_training_data: writing the set '{wildcards.data}'"
    shell:
        "python {params.script:q} --options {params.options:q} --out {output:q} > {log:q} 2>&1"


rule make_traces:
    """Native-language traces: real ones, or the miniature's, with flaws at known rates for the filter to find."""
    input:
        lambda w: corpus.trace_inputs(STUDY),
    output:
        "<results>/corpus/traces/raw.parquet",
    log:
        "<logs>/make_traces.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        **job("make_traces"),
        place=lambda w: corpus.trace_place(STUDY),
        options=lambda w: corpus.traces_options(STUDY).to_json(),
    message:
        "make_traces: writing native traces"
    shell:
        "python {params.script:q} --input {params.place:q} --options {params.options:q} --out {output:q} > {log:q} 2>&1"


rule filter_traces:
    """The filter before SFT: structure, box, answer, language, lines, length, duplicates."""
    input:
        "<results>/corpus/traces/raw.parquet",
    output:
        kept="<results>/corpus/traces/kept.parquet",
        counts=reported("<results>/corpus/filter.csv", "Corpus", "filter", "What the filter kept, step by step"),
        quality=reported(
            "<results>/corpus/filter_quality.csv", "Corpus", "filter_quality", "Precision and recall of the filter"
        ),
    log:
        "<logs>/filter_traces.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        **job("filter_traces"),
        options=lambda w: corpus.filter_options(STUDY).to_json(),
        identifier=IDENTIFIER,
    message:
        "filter_traces: keeping the traces that reason in their own language"
    shell:
        "python {params.script:q} --raw {input:q} --options {params.options:q} --identifier {params.identifier:q}"
        " --kept {output.kept:q} --counts {output.counts:q} --quality {output.quality:q} > {log:q} 2>&1"


rule make_rl_prompts:
    """GRPO's prompts: questions that the parent answers correctly in some of its samples, but not in all."""
    input:
        parent="<results>/seed-{seed}/models/{model}",
        questions="<results>/corpus/questions/train.parquet",
    output:
        "<results>/seed-{seed}/corpus/rl/{model}.parquet",
    log:
        "<logs>/seed-{seed}/make_rl_prompts/{model}.log",
    priority: 10
    conda:
        "../envs/vernacular.yaml"
    resources:
        **job_resources(LIMITS, lambda w: STUDY.config["rl"]["resources"]),
    params:
        **job("make_rl_prompts"),
        options=lambda w: stages.without_batches(stages.prompts_options(STUDY, w.model)),
        # It depends on the memory that is asked for; as it depends on {threads} as well, the trigger `params` ignores it.
        batch_tokens=lambda w, threads: stages.prompts_options(STUDY, w.model).batch_tokens,
        # For the log alone; the trigger ignores it too.
        wanted=lambda w, threads: stages.wanted_prompts(STUDY, w.model),
    message:
        "make_rl_prompts: finding the questions that {wildcards.model} solves sometimes (seed {wildcards.seed})"
    shell:
        "python {params.script:q} --model {input.parent:q} --questions {input.questions:q} --options {params.options:q}"
        " --batch-tokens {params.batch_tokens} --wanted {params.wanted} --seed {wildcards.seed} --code {params.code} --out {output:q}"
        " --progress 3 3>&2 > {log:q} 2>&1"


rule check_leaks:
    """No evaluation question, nor its translation, is in a training corpus; fails the study and names the rows."""
    input:
        corpora=lambda w: leaks.corpora(STUDY, STUDY.targets[w.part]),
        questions=lambda w: [STUDY.paths.questions(split) for split in STUDY.targets[w.part].splits],
    output:
        reported(
            "<results>/corpus/{part}leaks.csv", "Corpus", "leaks", "Evaluation questions in training ({part}leaks)"
        ),
    log:
        "<logs>/check_leaks/{part}leaks.log",
    priority: 20
    conda:
        "../envs/vernacular.yaml"
    params:
        **job("check_leaks"),
        options=lambda w: leaks.leaks_options(STUDY, STUDY.targets[w.part]).to_json(),
    message:
        "check_leaks: looking for evaluation questions in what is trained on"
    shell:
        "python {params.script:q} {input.corpora:q} --questions {input.questions:q} --options {params.options:q}"
        " --out {output:q} > {log:q} 2>&1"
