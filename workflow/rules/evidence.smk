# In: dev scores of base models and baselines. Out: whether the study's regime lets the claims come out either way.
# In: the scores of one seed. Out: one file of them, to keep; `make evidence` joins those of several.


rule check_regime:
    """The criteria of config/regime.yaml that the study asks for; no model that a paper proposes is read."""
    input:
        STUDY.scores_of(regime_evaluations(STUDY.config, STUDY.criteria)),
    output:
        reported("<results>/tables/regime.csv", "Claims", "regime", "The criteria of the regime"),
    log:
        "<logs>/check_regime.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        **job("check_regime"),
        # In the order of the file, which is that of the table.
        criteria=stable_json(STUDY.criteria, sort_keys=False),
        options=targets.regime_options(STUDY).to_json(),
    message:
        "check_regime: writing tables/regime.csv"
    shell:
        "python {params.script:q} {input:q} --criteria {params.criteria:q} --options {params.options:q}"
        " --out {output:q} > {log:q} 2>&1"


rule pack_evidence:
    """The scores of one seed in one file, with the hash of the code, versions and the processor."""
    input:
        lambda w: STUDY.seed_scores(STUDY.targets[DEFAULT].evaluations, [w.seed]),
    output:
        "<results>/evidence/seed-{seed}.parquet",
    log:
        "<logs>/pack_evidence/seed-{seed}.log",
    conda:
        "../envs/vernacular.yaml"
    params:
        **job("pack_evidence"),
        scores_code=lambda w: code_of(targets.evidence_scripts(STUDY)),
        options=lambda w: targets.evidence_options(STUDY).to_json(),
    message:
        "pack_evidence: writing evidence/seed-{wildcards.seed}.parquet"
    shell:
        "python {params.script:q} {input:q} --seed {wildcards.seed} --code {params.scores_code:q}"
        " --options {params.options:q} --out {output:q} > {log:q} 2>&1"
