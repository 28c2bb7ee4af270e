# Claims: the papers' sentences in, with the study's scores; differences, intervals and verdicts out.


# Each claim against the scores; the ones about time stand apart, since two runs measure them differently.
rule claims_table:
    input:
        scores=claims_scores,
        probes=claims_probes,
        costs=claims_costs,
    output:
        table=report(
            "<results>/tables/{claims}.csv",
            caption="../report/claims.rst",
            category="Claims",
            labels={"figure": "The papers' claims ({claims})"},
        ),
        timed="<results>/costs/{claims}.csv",
    log:
        "<logs>/claims_table/{claims}.log",
    wildcard_constraints:
        claims="claims|schedules-claims|slam-claims|merge-claims|all-claims",
    conda:
        "../envs/vernacular.yaml"
    params:
        script=script("make_claims.py"),
        claims=claims_text,
        options=claims_options,
        code=code("make_claims.py"),
    message:
        "claims_table: writing tables/{wildcards.claims}.csv"
    shell:
        "python {params.script:q} {input.scores:q} --probes {input.probes:q} --costs {input.costs:q}"
        " --claims {params.claims:q} --options {params.options:q} --table {output.table:q} --timed {output.timed:q}"
        " > {log:q} 2>&1"
