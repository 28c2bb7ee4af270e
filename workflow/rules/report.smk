# In: scores, histories, costs. Out: tables, claims, figures, pages, model cards; those of each target begin with its name.


rule make_table:
    """Rates with intervals, by language and in groups of languages."""
    input:
        lambda w: STUDY.scores_of(STUDY.targets[w.part].evaluations),
    output:
        reported("<results>/tables/{part}scores.csv", "Results", "table", "Table ({part}scores)"),
    log:
        "<logs>/make_table/{part}scores.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        **job("make_table"),
        options=lambda w: targets.summary_options(STUDY, STUDY.targets[w.part]).to_json(),
    message:
        "make_table: writing tables/{wildcards.part}scores.csv"
    shell:
        "python {params.script:q} {input:q} --options {params.options:q} --out {output:q} > {log:q} 2>&1"


rule make_claims:
    """Each claim of the papers against the scores; those about time are separate, since runs measure them differently."""
    input:
        scores=lambda w: STUDY.scores_of(claim_inputs.claimed(STUDY, STUDY.targets[w.part])),
        probes=lambda w: claim_inputs.claims_probes(STUDY, STUDY.targets[w.part]),
        costs=lambda w: targets.stage_costs(STUDY, claim_inputs.claims_chains(STUDY, STUDY.targets[w.part])),
    output:
        table=reported("<results>/tables/{part}claims.csv", "Claims", "claims", "The papers' claims ({part}claims)"),
        timed="<results>/costs/{part}claims.csv",
    log:
        "<logs>/make_claims/{part}claims.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        **job("make_claims"),
        # In the order of the file, which is that of the table.
        claims=lambda w: stable_json(claim_inputs.claims_of(STUDY, STUDY.targets[w.part]), sort_keys=False),
        options=lambda w: claim_inputs.claims_options(STUDY, STUDY.targets[w.part]).to_json(),
    message:
        "make_claims: writing tables/{wildcards.part}claims.csv"
    shell:
        "python {params.script:q} {input.scores:q} --probes {input.probes:q} --costs {input.costs:q}"
        " --claims {params.claims:q} --options {params.options:q} --table {output.table:q} --timed {output.timed:q}"
        " > {log:q} 2>&1"


rule make_samples:
    """For each language a question on which models differ, what each wrote, and its verdicts (first seed)."""
    input:
        scores=lambda w: pages.sample_files(STUDY, STUDY.targets[w.part], "scores"),
        generations=lambda w: pages.sample_files(STUDY, STUDY.targets[w.part], "generations"),
        questions=lambda w: STUDY.paths.questions(STUDY.targets[w.part].splits[0]),
    output:
        "<results>/tables/{part}samples.csv",
    log:
        "<logs>/make_samples/{part}samples.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        **job("make_samples"),
        identifier=IDENTIFIER,
    message:
        "make_samples: taking a question of each language and what the models wrote (tables/{wildcards.part}samples.csv)"
    shell:
        "python {params.script:q} {input.scores:q} --questions {input.questions:q} --identifier {params.identifier:q}"
        " --out {output:q} > {log:q} 2>&1"


rule plot_pareto:
    """Accuracy against LCPR, token use as marker size, intervals, the front."""
    input:
        lambda w: STUDY.scores_of(STUDY.targets[w.part].evaluations),
    output:
        **figure("{part}pareto", "Results", "pareto", "Pareto plot ({part}pareto)"),
    log:
        "<logs>/plot_pareto/{part}pareto.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        **job("plot_pareto"),
        options=lambda w: targets.figure_options(STUDY, STUDY.targets[w.part]).to_json(),
    message:
        "plot_pareto: drawing accuracy against language consistency (figures/{wildcards.part}pareto.png)"
    shell:
        "python {params.script:q} {input:q} --options {params.options:q}"
        " --png {output.png:q} --svg {output.svg:q} --pdf {output.pdf:q} --csv {output.csv:q} > {log:q} 2>&1"


rule plot_languages:
    """Accuracy and LCPR of every model in every language."""
    input:
        "<results>/tables/{part}scores.csv",
    output:
        **figure("{part}languages", "Results", "languages", "Scores by language ({part}languages)"),
    log:
        "<logs>/plot_languages/{part}languages.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        **job("plot_languages"),
        options=lambda w: targets.figure_options(STUDY, STUDY.targets[w.part]).to_json(),
    message:
        "plot_languages: drawing the scores by language (figures/{wildcards.part}languages.png)"
    shell:
        "python {params.script:q} --table {input:q} --options {params.options:q}"
        " --png {output.png:q} --svg {output.svg:q} --pdf {output.pdf:q} --csv {output.csv:q} > {log:q} 2>&1"


rule plot_training:
    """Accuracy, match rate, alignment, tokens and languages of the traces over the steps of GRPO."""
    input:
        lambda w: targets.grpo_folders(STUDY, STUDY.targets[w.part]),
    output:
        **figure("{part}training", "Training", "training", "GRPO over its steps ({part}training)"),
        **figure(
            "{part}training-languages",
            "Training",
            "training_languages",
            "Languages of the traces ({part}training)",
            prefix="mix_",
        ),
    log:
        "<logs>/plot_training/{part}training.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        **job("plot_training"),
        options=lambda w: targets.figure_options(STUDY, STUDY.targets[w.part]).to_json(),
    message:
        "plot_training: drawing accuracy, match rate and languages over the steps (figures/{wildcards.part}training.png)"
    shell:
        "python {params.script:q} {input:q} --options {params.options:q}"
        " --png {output.png:q} --svg {output.svg:q} --pdf {output.pdf:q} --csv {output.csv:q}"
        " --mix-png {output.mix_png:q} --mix-svg {output.mix_svg:q} --mix-pdf {output.mix_pdf:q}"
        " --mix-csv {output.mix_csv:q} > {log:q} 2>&1"


rule plot_trajectories:
    """Accuracy against LCPR at each checkpoint of each GRPO training."""
    input:
        "<results>/tables/{part}scores.csv",
    output:
        **figure("{part}steps", "Training", "trajectories", "Accuracy and LCPR at each checkpoint"),
    log:
        "<logs>/plot_trajectories/{part}steps.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        **job("plot_trajectories"),
        options=lambda w: targets.steps_options(STUDY, STUDY.targets[w.part]).to_json(),
    message:
        "plot_trajectories: drawing accuracy and LCPR at each checkpoint (figures/{wildcards.part}steps.png)"
    shell:
        "python {params.script:q} --table {input:q} --options {params.options:q}"
        " --png {output.png:q} --svg {output.svg:q} --pdf {output.pdf:q} --csv {output.csv:q} > {log:q} 2>&1"


rule make_page:
    """A target on one page that loads nothing from outside: the finding, figures, claims, regime, scores, samples."""
    input:
        unpack(lambda w: pages.page_inputs(STUDY, w.page)),
    output:
        reported("<results>/{page}.html", "Page", "page", "The page: start here ({page})"),
    log:
        "<logs>/make_page/{page}.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        **job("make_page"),
        options=lambda w: pages.page_options(STUDY, w.page).to_json(),
        template=pages.template_hash("page"),
    message:
        "make_page: writing {wildcards.page}.html"
    shell:
        "python {params.script:q} --scores {input.scores:q} --claims {input.claims:q} --timed {input.timed:q}"
        " --regime {input.regime:q} --samples {input.samples:q} --leaks {input.leaks:q} --pareto {input.pareto:q}"
        " --trajectories {input.trajectories:q} --figures {input.figures:q} --tables {input.tables:q}"
        " --options {params.options:q} --out {output:q} > {log:q} 2>&1"


rule make_card:
    """The card of a model: recipe, parents, data, scores and licence. Not in its folder: a changed score retrains nothing."""
    input:
        model="<results>/seed-{seed}/models/{model}",
        tables=lambda w: pages.card_tables(STUDY, w.model),
    output:
        "<results>/cards/seed-{seed}/{model}.md",
    log:
        "<logs>/seed-{seed}/make_card/{model}.log",
    wildcard_constraints:
        model=one_of(name for name, model in STUDY.models.items() if model.trained),
    conda:
        "../envs/vernacular.yaml"
    params:
        **job("make_card"),
        options=lambda w: pages.card_options(STUDY, w.model).to_json(),
        template=pages.template_hash("card"),
    message:
        "make_card: writing the card of {wildcards.model} (seed {wildcards.seed})"
    shell:
        "python {params.script:q} {input.tables:q} --model {input.model:q} --options {params.options:q}"
        " --out {output:q} > {log:q} 2>&1"
