# In: dev scores of base models and baselines. Out: whether the study's regime lets the claims come out either way.


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
