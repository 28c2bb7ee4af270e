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
        png=report(
            "<results>/figures/languages.png",
            caption="../report/languages.rst",
            category="Results",
            labels={"figure": "Scores by language"},
        ),
        svg="<results>/figures/languages.svg",
        csv="<results>/figures/languages.csv",
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
        "python {params.script:q} --table {input:q} --options {params.options:q}"
        " --png {output.png:q} --svg {output.svg:q} --csv {output.csv:q} > {log:q} 2>&1"


# Accuracy, match rate, alignment, tokens and languages of the traces over the steps of GRPO.
rule training_curves:
    input:
        curve_models,
    output:
        png=report(
            "<results>/figures/{curves}.png",
            caption="../report/training.rst",
            category="Training",
            labels={"figure": "GRPO over its steps ({curves})"},
        ),
        svg="<results>/figures/{curves}.svg",
        csv="<results>/figures/{curves}.csv",
        mix_png=report(
            "<results>/figures/{curves}-languages.png",
            caption="../report/training_languages.rst",
            category="Training",
            labels={"figure": "Languages of the traces ({curves})"},
        ),
        mix_svg="<results>/figures/{curves}-languages.svg",
        mix_csv="<results>/figures/{curves}-languages.csv",
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
        "training_curves: drawing accuracy, match rate and languages over the steps"
    shell:
        "python {params.script:q} {input:q} --options {params.options:q}"
        " --png {output.png:q} --svg {output.svg:q} --csv {output.csv:q}"
        " --mix-png {output.mix_png:q} --mix-svg {output.mix_svg:q} --mix-csv {output.mix_csv:q} > {log:q} 2>&1"


# Accuracy against LCPR again, over the checkpoints of each GRPO training.
rule trajectories_figure:
    input:
        "<results>/tables/trajectories.csv",
    output:
        png=report(
            "<results>/figures/trajectories.png",
            caption="../report/trajectories.rst",
            category="Training",
            labels={"figure": "GRPO's way through accuracy and LCPR"},
        ),
        svg="<results>/figures/trajectories.svg",
        csv="<results>/figures/trajectories.csv",
    log:
        "<logs>/trajectories_figure.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        script=script("plot_trajectories.py"),
        options=trajectories_options,
        code=code("plot_trajectories.py"),
    message:
        "trajectories_figure: drawing the way of each GRPO training"
    shell:
        "python {params.script:q} --table {input:q} --options {params.options:q}"
        " --png {output.png:q} --svg {output.svg:q} --csv {output.csv:q} > {log:q} 2>&1"


# For each language one question and what each model wrote to it, with verdicts.
rule samples:
    input:
        scores=samples_files("scores"),
        generations=samples_files("generations"),
        questions=samples_questions,
    output:
        "<results>/tables/{samples}.csv",
    log:
        "<logs>/samples/{samples}.log",
    wildcard_constraints:
        samples="samples|schedules-samples|slam-samples|merge-samples",
    conda:
        "../envs/vernacular.yaml"
    params:
        script=script("make_samples.py"),
        code=code("make_samples.py"),
    message:
        "samples: taking a question of each language and what the models wrote (tables/{wildcards.samples}.csv)"
    shell:
        "python {params.script:q} {input.scores:q} --questions {input.questions:q} --out {output:q} > {log:q} 2>&1"


# A part of the study on one page that asks for nothing outside: claims first, then figures, tables that sort, samples.
rule page:
    input:
        claims=page_input("claims"),
        timed=page_input("timed"),
        scores=page_input("scores"),
        samples=page_input("samples"),
        leaks=page_input("leaks"),
        figures=page_input("figures"),
        tables=page_input("tables"),
    output:
        "<results>/{page}.html",
    log:
        "<logs>/page/{page}.log",
    wildcard_constraints:
        page="index|schedules|trajectories|slam|merge",
    conda:
        "../envs/vernacular.yaml"
    params:
        script=script("make_page.py"),
        options=page_options,
        looks=page_looks(),
        code=code("make_page.py"),
    message:
        "page: writing {wildcards.page}.html"
    shell:
        "python {params.script:q} --scores {input.scores:q} --claims {input.claims:q} --timed {input.timed:q}"
        " --samples {input.samples:q} --leaks {input.leaks:q} --figures {input.figures:q} --tables {input.tables:q}"
        " --options {params.options:q} --out {output:q} > {log:q} 2>&1"
