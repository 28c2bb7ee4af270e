# In: scores and gates of merges (ST-Merge, arXiv 2606.19002; MindMerger, arXiv 2405.17386; LangBridge, 2401.10695).
# Out: tables and a figure that compare them. The trainings are in train.smk.


rule make_merge_table:
    """The averages of every merge on each benchmark, against the baseline and against the LLM alone."""
    input:
        lambda w: STUDY.scores_of(STUDY.section_evaluations("merge")),
    output:
        reported("<results>/tables/merge.csv", "ST-Merge", "merge_table", "Merges on the four benchmarks"),
    log:
        "<logs>/make_merge_table.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        **job("make_merge_table"),
        options=lambda w: targets.merge_options(STUDY).to_json(),
    message:
        "make_merge_table: writing tables/merge.csv"
    shell:
        "python {params.script:q} {input:q} --options {params.options:q} --out {output:q} > {log:q} 2>&1"


rule make_merge_languages:
    """Accuracy by language in the papers' layout: a row per model, low-resource languages first, then English, average."""
    input:
        lambda w: STUDY.scores_of(STUDY.section_evaluations("merge")),
    output:
        reported("<results>/tables/merge-{benchmark}.csv", "ST-Merge", "merge_languages", "{benchmark} by language"),
    log:
        "<logs>/make_merge_languages/{benchmark}.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        **job("make_merge_languages"),
        options=lambda w: targets.merge_options(STUDY).to_json(),
    message:
        "make_merge_languages: writing tables/merge-{wildcards.benchmark}.csv"
    shell:
        "python {params.script:q} {input:q} --benchmark {wildcards.benchmark} --options {params.options:q}"
        " --out {output:q} > {log:q} 2>&1"


rule plot_merge_gates:
    """Both weights of the gate by language, next to the gain in accuracy."""
    input:
        generations=lambda w: targets.gate_generations(STUDY),
        scores=lambda w: STUDY.scores_of(STUDY.section_evaluations("merge")),
    output:
        **figure("merge-gates", "ST-Merge", "merge_gates", "Gates and gains by language"),
    log:
        "<logs>/plot_merge_gates.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        **job("plot_merge_gates"),
        options=lambda w: targets.merge_figure_options(STUDY).to_json(),
    message:
        "plot_merge_gates: drawing the gates by language"
    shell:
        "python {params.script:q} {input.scores:q} --generations {input.generations:q} --options {params.options:q}"
        " --png {output.png:q} --svg {output.svg:q} --pdf {output.pdf:q} --csv {output.csv:q} > {log:q} 2>&1"
