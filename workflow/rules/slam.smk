# SLAM (arXiv 2501.03681): find the layers of a model that handle language, and tune only those, in one stage.
#
# Nobody published the probe: what is measured, and where that is our choice, stands in src/vernacular/slam/probe.py.


# How active each layer's neurons are in each language, over parallel questions.
rule slam_probe:
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
        **job_resources(of_section("slam")),
    params:
        script=script("slam_probe.py"),
        options=probe_options,
        code=code("slam_probe.py"),
    message:
        "slam_probe: reading the activations of {wildcards.model} (seed {wildcards.seed})"
    shell:
        "python {params.script:q} --model {input.model:q} --questions {input.questions:q} --options {params.options:q}"
        " --out {output:q} > {log:q} 2>&1"


# Which layers a SLAM model tunes, with the reason for each.
rule slam_select:
    input:
        probe_of_parent,
    output:
        "<results>/seed-{seed}/slam/{model}/layers.json",
    log:
        "<logs>/seed-{seed}/slam_select/{model}.log",
    wildcard_constraints:
        model=models_of("slam"),
    priority: 10
    conda:
        "../envs/vernacular.yaml"
    params:
        script=script("slam_select.py"),
        options=selection_rule,
        code=code("slam_select.py"),
    message:
        "slam_select: choosing the layers of {wildcards.model} (seed {wildcards.seed})"
    shell:
        "python {params.script:q} --probe {input:q} --options {params.options:q} --seed {wildcards.seed}"
        " --out {output:q} > {log:q} 2>&1"


# The one stage: the feed-forward matrices of those layers.
rule train_slam:
    input:
        parent=parent,
        data=training_data,
        layers="<results>/seed-{seed}/slam/{model}/layers.json",
    output:
        model=directory("<results>/seed-{seed}/models/{model}"),
        costs="<results>/costs/seed-{seed}/{model}.csv",
    log:
        "<logs>/seed-{seed}/train_slam/{model}.log",
    wildcard_constraints:
        model=models_of("slam"),
    priority: 10
    conda:
        "../envs/vernacular.yaml"
    threads: recipe_threads
    resources:
        **job_resources(of_recipe),
    params:
        script=script("train_slam.py"),
        recipe=recipe,
        code=code("train_slam.py"),
        checkpoints=checkpoints,
    message:
        "train_slam: training {wildcards.model} (seed {wildcards.seed})"
    shell:
        "python {params.script:q} --recipe {params.recipe:q} --code {params.code} --seed {wildcards.seed}"
        " --input parent={input.parent:q} --input data={input.data:q} --input layers={input.layers:q}"
        " --checkpoints {params.checkpoints:q} --out {output.model:q} --costs {output.costs:q}"
        " --progress 3 3>&2 > {log:q} 2>&1"


# What is tuned, what it gains, what it forgets.
rule slam_table:
    input:
        scores=slam_table_scores,
        costs=slam_table_costs,
    output:
        report(
            "<results>/tables/slam.csv",
            caption="../report/slam_table.rst",
            category="SLAM",
            labels={"figure": "SLAM and its baselines"},
        ),
    log:
        "<logs>/slam_table.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        script=script("make_slam_table.py"),
        options=slam_options,
        code=code("make_slam_table.py"),
    message:
        "slam_table: writing tables/slam.csv"
    shell:
        "python {params.script:q} {input.scores:q} --costs {input.costs:q} --options {params.options:q}"
        " --out {output:q} > {log:q} 2>&1"


# Seconds, tokens and memory, of all stages that a model takes; measured, so two runs differ.
rule slam_costs:
    input:
        slam_cost_files,
    output:
        report(
            "<results>/costs/slam.csv",
            caption="../report/slam_costs.rst",
            category="SLAM",
            labels={"figure": "What SLAM and its baselines cost"},
        ),
    log:
        "<logs>/slam_costs.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        script=script("make_slam_costs.py"),
        options=slam_cost_options,
        code=code("make_slam_costs.py"),
    message:
        "slam_costs: writing costs/slam.csv"
    shell:
        "python {params.script:q} {input:q} --options {params.options:q} --out {output:q} > {log:q} 2>&1"


# Layers x languages, the MSD of the layers, and those that were chosen (the first seed).
rule slam_figure:
    input:
        probe=lambda wildcards: f"{RESULTS}/seed-{study['seeds'][0]}/slam/{wildcards.model}/probe.parquet",
        layers=first_seed_layers,
    output:
        png=report(
            "<results>/figures/slam-probe-{model}.png",
            caption="../report/slam_figure.rst",
            category="SLAM",
            labels={"figure": "Where {model} handles language"},
        ),
        svg="<results>/figures/slam-probe-{model}.svg",
        csv="<results>/figures/slam-probe-{model}.csv",
    log:
        "<logs>/slam_figure/{model}.log",
    wildcard_constraints:
        model="|".join(map(re.escape, MODELS)),
    conda:
        "../envs/vernacular.yaml"
    params:
        script=script("plot_slam_probe.py"),
        options=slam_options,
        code=code("plot_slam_probe.py"),
    message:
        "slam_figure: drawing where {wildcards.model} handles language"
    shell:
        "python {params.script:q} --probe {input.probe:q} --layers {input.layers:q} --options {params.options:q}"
        " --png {output.png:q} --svg {output.svg:q} --csv {output.csv:q} > {log:q} 2>&1"


# Does MSD pick the right layers? The gain of every single layer, tuned alone, against its MSD.
rule slam_sweep_table:
    input:
        scores=sweep_scores,
        probes=sweep_probes,
        layers=sweep_layers,
    output:
        report(
            "<results>/tables/slam-sweep.csv",
            caption="../report/slam_sweep.rst",
            category="SLAM",
            labels={"figure": "Gain of each layer, tuned alone"},
        ),
    log:
        "<logs>/slam_sweep_table.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        script=script("make_slam_sweep.py"),
        options=sweep_options,
        code=code("make_slam_sweep.py"),
    message:
        "slam_sweep_table: writing tables/slam-sweep.csv"
    shell:
        "python {params.script:q} {input.scores:q} --probes {input.probes:q} --layers {input.layers:q}"
        " --options {params.options:q} --out {output:q} > {log:q} 2>&1"


rule slam_sweep_figure:
    input:
        "<results>/tables/slam-sweep.csv",
    output:
        png=report(
            "<results>/figures/slam-sweep.png",
            caption="../report/slam_sweep.rst",
            category="SLAM",
            labels={"figure": "Gain of each layer against its MSD"},
        ),
        svg="<results>/figures/slam-sweep.svg",
        csv="<results>/figures/slam-sweep.csv",
    log:
        "<logs>/slam_sweep_figure.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        script=script("plot_slam_sweep.py"),
        options=slam_options,
        code=code("plot_slam_sweep.py"),
    message:
        "slam_sweep_figure: drawing the gain of each layer against its MSD"
    shell:
        "python {params.script:q} --table {input:q} --options {params.options:q}"
        " --png {output.png:q} --svg {output.svg:q} --csv {output.csv:q} > {log:q} 2>&1"
