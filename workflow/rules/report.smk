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
        mix=report(
            "<results>/figures/{curves}-languages.png",
            caption="../report/training_languages.rst",
            category="Training",
            labels={"figure": "Languages of the traces ({curves})"},
        ),
        csv="<results>/figures/{curves}.csv",
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
        "python {params.script:q} {input:q} --options {params.options:q} --out {output.png:q} --mix {output.mix:q}"
        " --csv {output.csv:q} > {log:q} 2>&1"


# For each language one question and what each model wrote to it, with verdicts.
rule samples:
    input:
        scores=samples_files("scores"),
        generations=samples_files("generations"),
        questions=samples_questions,
    output:
        "<results>/tables/samples.csv",
    log:
        "<logs>/samples.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        script=script("make_samples.py"),
        code=code("make_samples.py"),
    message:
        "samples: taking a question of each language and what the models wrote"
    shell:
        "python {params.script:q} {input.scores:q} --questions {input.questions:q} --out {output:q} > {log:q} 2>&1"


# All of it on one page that asks for nothing outside: claims first, then figures, scores that sort, samples.
rule page:
    input:
        claims="<results>/tables/claims.csv",
        timed="<results>/costs/claims.csv",
        scores="<results>/tables/scores.csv",
        samples="<results>/tables/samples.csv",
        leaks=leaks_file("leaks"),
        figures=page_figures(),
    output:
        "<results>/index.html",
    log:
        "<logs>/page.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        script=script("make_page.py"),
        options=page_options,
        looks=page_looks(),
        code=code("make_page.py"),
    message:
        "page: writing index.html"
    shell:
        "python {params.script:q} --claims {input.claims:q} --timed {input.timed:q} --scores {input.scores:q}"
        " --samples {input.samples:q} --leaks {input.leaks:q} --figures {input.figures:q} --options {params.options:q}"
        " --out {output:q} > {log:q} 2>&1"
