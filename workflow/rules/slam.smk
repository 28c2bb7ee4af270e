# In: a model and parallel questions. Out: how its layers handle language, which of them SLAM tunes (arXiv 2501.03681),
# and tables that compare SLAM with its baselines. The training itself is in train.smk.
#
# No code of the probe was published: src/vernacular/slam/probe.py says what is measured, and where that is our choice.


rule slam_probe:
    """How active each layer's neurons are in each language, over parallel questions."""
    input:
        model="<results>/seed-{seed}/models/{model}",
        questions="<results>/corpus/questions/dev.parquet",
    output:
        "<results>/seed-{seed}/slam/{model}/probe.parquet",
    log:
        "<logs>/seed-{seed}/slam_probe/{model}.log",
    priority: 10
    conda:
        "../envs/vernacular.yaml"
    resources:
        **job_resources(LIMITS, lambda w: STUDY.config["slam"]["resources"]),
    params:
        **job("slam_probe"),
        options=lambda w: stages.probe_options(STUDY).to_json(),
    message:
        "slam_probe: reading the activations of {wildcards.model} (seed {wildcards.seed})"
    shell:
        "python {params.script:q} --model {input.model:q} --questions {input.questions:q} --options {params.options:q}"
        " --out {output:q} > {log:q} 2>&1"


rule slam_select:
    """Which layers a SLAM model tunes, or a layer swap takes, with the reason for each."""
    input:
        lambda w: STUDY.paths.probe(STUDY.models[w.model].options["from"], w.seed),
    output:
        "<results>/seed-{seed}/slam/{model}/layers.json",
    log:
        "<logs>/seed-{seed}/slam_select/{model}.log",
    wildcard_constraints:
        model=one_of(stages.chosen_models(STUDY)),
    priority: 10
    conda:
        "../envs/vernacular.yaml"
    params:
        **job("slam_select"),
        options=lambda w: stages.selection_options(STUDY, w.model).to_json(),
    message:
        "slam_select: choosing the layers of {wildcards.model} (seed {wildcards.seed})"
    shell:
        "python {params.script:q} --probe {input:q} --options {params.options:q} --seed {wildcards.seed}"
        " --out {output:q} > {log:q} 2>&1"


rule make_slam_table:
    """What is tuned, what it gains, what it forgets."""
    input:
        scores=lambda w: STUDY.scores_of(STUDY.section_evaluations("slam")),
        costs=lambda w: targets.slam_table_costs(STUDY),
    output:
        reported("<results>/tables/slam.csv", "SLAM", "slam_table", "SLAM and its baselines"),
    log:
        "<logs>/make_slam_table.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        **job("make_slam_table"),
        options=lambda w: targets.slam_options(STUDY).to_json(),
    message:
        "make_slam_table: writing tables/slam.csv"
    shell:
        "python {params.script:q} {input.scores:q} --costs {input.costs:q} --options {params.options:q}"
        " --out {output:q} > {log:q} 2>&1"


rule make_slam_costs:
    """Seconds, tokens and memory of all trainings that a model takes; measured, so runs differ."""
    input:
        lambda w: targets.stage_costs(STUDY, STUDY.training_chains()),
    output:
        reported("<results>/costs/slam.csv", "SLAM", "slam_costs", "What SLAM and its baselines cost"),
    log:
        "<logs>/make_slam_costs.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        **job("make_slam_costs"),
        options=lambda w: targets.slam_options(STUDY, chains=True).to_json(),
    message:
        "make_slam_costs: writing costs/slam.csv"
    shell:
        "python {params.script:q} {input:q} --options {params.options:q} --out {output:q} > {log:q} 2>&1"


rule plot_slam_probe:
    """Layers x languages, the MSD of the layers, and those that were chosen (first seed)."""
    input:
        probe=lambda w: STUDY.paths.probe(w.model, STUDY.seeds[0]),
        layers=lambda w: [STUDY.paths.layers(m, STUDY.seeds[0]) for m in targets.slam_models(STUDY, "target", w.model)],
    output:
        **figure("slam-probe-{model}", "SLAM", "slam_figure", "Where {model} handles language"),
    log:
        "<logs>/plot_slam_probe/{model}.log",
    wildcard_constraints:
        model=one_of(STUDY.models),
    conda:
        "../envs/vernacular.yaml"
    params:
        **job("plot_slam_probe"),
        options=lambda w: targets.slam_figure_options(STUDY).to_json(),
    message:
        "plot_slam_probe: drawing where {wildcards.model} handles language"
    shell:
        "python {params.script:q} --probe {input.probe:q} --layers {input.layers:q} --options {params.options:q}"
        " --png {output.png:q} --svg {output.svg:q} --pdf {output.pdf:q} --csv {output.csv:q} > {log:q} 2>&1"


rule plot_probes:
    """Where several decoders handle language, side by side (first seed)."""
    input:
        lambda w: targets.compared_probes(STUDY),
    output:
        **figure("probes", "SLAM", "probes", "Where several models handle language"),
        table="<results>/tables/probes.csv",
    log:
        "<logs>/plot_probes.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        **job("plot_probes"),
        options=lambda w: targets.slam_figure_options(STUDY).to_json(),
    message:
        "plot_probes: drawing where several models handle language"
    shell:
        "python {params.script:q} {input:q} --options {params.options:q} --table {output.table:q}"
        " --png {output.png:q} --svg {output.svg:q} --pdf {output.pdf:q} --csv {output.csv:q} > {log:q} 2>&1"


rule make_slam_sweep:
    """Does MSD pick the right layers? The gain of every layer, tuned alone, with its MSD."""
    input:
        scores=lambda w: STUDY.scores_of(STUDY.section_evaluations("slam", "sweep")),
        probes=lambda w: [STUDY.paths.probe(STUDY.config["slam"]["reference"], seed) for seed in STUDY.seeds],
        layers=lambda w: [
            STUDY.paths.layers(m, seed) for seed in STUDY.seeds for m in targets.slam_models(STUDY, "sweep")
        ],
    output:
        reported("<results>/tables/slam-sweep.csv", "SLAM", "slam_sweep", "Gain of each layer, tuned alone"),
    log:
        "<logs>/make_slam_sweep.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        **job("make_slam_sweep"),
        options=lambda w: targets.slam_options(STUDY, "sweep").to_json(),
    message:
        "make_slam_sweep: writing tables/slam-sweep.csv"
    shell:
        "python {params.script:q} {input.scores:q} --probes {input.probes:q} --layers {input.layers:q}"
        " --options {params.options:q} --out {output:q} > {log:q} 2>&1"


rule plot_slam_sweep:
    """The gain of each layer, tuned alone, against its MSD."""
    input:
        "<results>/tables/slam-sweep.csv",
    output:
        **figure("slam-sweep", "SLAM", "slam_sweep", "Gain of each layer against its MSD"),
    log:
        "<logs>/plot_slam_sweep.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        **job("plot_slam_sweep"),
        options=lambda w: targets.slam_figure_options(STUDY).to_json(),
    message:
        "plot_slam_sweep: drawing the gain of each layer against its MSD"
    shell:
        "python {params.script:q} --table {input:q} --options {params.options:q}"
        " --png {output.png:q} --svg {output.svg:q} --pdf {output.pdf:q} --csv {output.csv:q} > {log:q} 2>&1"
