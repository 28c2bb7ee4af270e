# The corpus: phrasebooks and real question files in; questions, native traces (raw, then filtered) and training sets out.
#
# Each problem's split follows from its operations and operands, so nothing that is tested was ever trained on.


# Questions of one split: every benchmark, every language, parallel.
rule questions:
    input:
        phrasebooks=phrasebooks,
        sources=question_sources,
    output:
        "<results>/corpus/questions/{split}.parquet",
    log:
        "<logs>/questions/{split}.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        script=script("make_questions.py"),
        options=questions_options,
        code=code("make_questions.py"),
    message:
        "questions: writing the {wildcards.split} split"
    shell:
        "python {params.script:q} --split {wildcards.split} --options {params.options:q} --out {output:q} > {log:q} 2>&1"


# A named training set: plain text, problems with traces, or translation into English.
rule training_data:
    input:
        phrasebooks=phrasebooks,
        sources=training_sources,
    output:
        "<results>/corpus/training/{data}.parquet",
    log:
        "<logs>/training_data/{data}.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        script=script("make_training_data.py"),
        options=training_data_options,
        code=code("make_training_data.py"),
    message:
        "training_data: writing the set '{wildcards.data}'"
    shell:
        "python {params.script:q} --options {params.options:q} --out {output:q} > {log:q} 2>&1"


# Native-language traces: the miniature's have flaws at known rates, so that the filter has real work.
rule raw_traces:
    input:
        trace_sources,
    output:
        "<results>/corpus/traces/raw.parquet",
    log:
        "<logs>/raw_traces.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        script=script("make_traces.py"),
        options=traces_options,
        place=traces_place,
        seed=study["seeds"][0],
        code=code("make_traces.py"),
    message:
        "raw_traces: writing native traces"
    shell:
        "python {params.script:q} --input {params.place:q} --options {params.options:q} --seed {params.seed}"
        " --out {output:q} > {log:q} 2>&1"


# The filter before SFT: structure, box, answer, language, lines, length, duplicates.
rule filter_traces:
    input:
        "<results>/corpus/traces/raw.parquet",
    output:
        kept="<results>/corpus/traces/kept.parquet",
        counts=report(
            "<results>/corpus/filter.csv",
            caption="../report/filter.rst",
            category="Corpus",
            labels={"figure": "What the filter kept, step by step"},
        ),
        quality=report(
            "<results>/corpus/filter_quality.csv",
            caption="../report/filter_quality.rst",
            category="Corpus",
            labels={"figure": "Precision and recall of the filter"},
        ),
    log:
        "<logs>/filter_traces.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        script=script("filter_traces.py"),
        options=filter_options,
        identifier=IDENTIFIER,
        code=code("filter_traces.py"),
    message:
        "filter_traces: keeping the traces that reason in their own language"
    shell:
        "python {params.script:q} --raw {input:q} --options {params.options:q} --identifier {params.identifier:q}"
        " --kept {output.kept:q} --counts {output.counts:q} --quality {output.quality:q} > {log:q} 2>&1"


# No evaluation question, nor its translation, in what the models are trained on; fails the study and names the rows.
rule leaks:
    input:
        corpora=leaks_corpora,
        questions=leaks_questions,
    output:
        report(
            "<results>/corpus/{leaks}.csv",
            caption="../report/leaks.rst",
            category="Corpus",
            labels={"figure": "Evaluation questions in training ({leaks})"},
        ),
    log:
        "<logs>/leaks/{leaks}.log",
    wildcard_constraints:
        leaks="leaks|(adamame|schedules|trajectories|mgsm|slam|slam-sweep|merge|merge-steering|merge-adamame|all)-leaks",
    priority: 20
    conda:
        "../envs/vernacular.yaml"
    params:
        script=script("check_leaks.py"),
        options=leaks_options,
        code=code("check_leaks.py"),
    message:
        "leaks: looking for evaluation questions in what is trained on"
    shell:
        "python {params.script:q} {input.corpora:q} --questions {input.questions:q} --options {params.options:q}"
        " --out {output:q} > {log:q} 2>&1"
