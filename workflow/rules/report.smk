# Figures and the report: scores and histories in; the Pareto plot, scores by language and training curves out.


# Accuracy against LCPR, token use as marker size, intervals, the front.
rule pareto:
    input:
        default_scores,
    output:
        png=report(
            "<results>/figures/pareto.png",
            caption="../report/pareto.rst",
            category="Results",
            labels={"figure": "Pareto plot"},
        ),
        svg="<results>/figures/pareto.svg",
        csv="<results>/figures/pareto.csv",
    log:
        "<logs>/pareto.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        script=script("plot_pareto.py"),
        options=default_options,
        code=code("plot_pareto.py"),
    message:
        "pareto: drawing accuracy against language consistency"
    shell:
        "python {params.script:q} {input:q} --options {params.options:q}"
        " --png {output.png:q} --svg {output.svg:q} --csv {output.csv:q} > {log:q} 2>&1"


# Accuracy and LCPR of every model in every language.
rule languages:
    input:
        "<results>/tables/scores.csv",
    output:
        report(
            "<results>/figures/languages.png",
            caption="../report/languages.rst",
            category="Results",
            labels={"figure": "Scores by language"},
        ),
    log:
        "<logs>/languages.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        script=script("plot_languages.py"),
        options=default_options,
        code=code("plot_languages.py"),
    message:
        "languages: drawing the scores by language"
    shell:
        "python {params.script:q} --table {input:q} --options {params.options:q} --out {output:q} > {log:q} 2>&1"


# Accuracy, match rate and alignment over the steps of GRPO.
rule training_curves:
    input:
        curve_models,
    output:
        report(
            "<results>/figures/{curves}.png",
            caption="../report/training.rst",
            category="Training",
            labels={"figure": "GRPO over its steps ({curves})"},
        ),
    log:
        "<logs>/training_curves/{curves}.log",
    wildcard_constraints:
        curves="training|adamame|schedules|mgsm",
    conda:
        "../envs/vernacular.yaml"
    params:
        script=script("plot_training.py"),
        options=curve_options,
        code=code("plot_training.py"),
    message:
        "training_curves: drawing accuracy and match rate over the steps"
    shell:
        "python {params.script:q} {input:q} --options {params.options:q} --out {output:q} > {log:q} 2>&1"
